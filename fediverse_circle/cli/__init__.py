"""The command line: `fediverse-circle COMMAND`.

A command prints what one asked for on stdout and everything else on stderr; what goes wrong is a sentence there, with exit code 1 (it could
not be done) or 2 (it was asked for wrongly).
"""

import sys
from collections.abc import Sequence

import click

from fediverse_circle import __version__
from fediverse_circle.cli.accounts import account, token
from fediverse_circle.cli.demo import demo
from fediverse_circle.cli.doctor import doctor
from fediverse_circle.cli.serving import migrate, serve, settings_example, up
from fediverse_circle.core.errors import Trouble


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="fediverse-circle")
def commands() -> None:
    """A federated server for small, semi-private communities.

    \b
    To try it:  fediverse-circle up      and open the link it prints.
    To see it:  fediverse-circle demo    three servers, five people, something to click on.

    Settings come from one TOML file and from variables of the same names (FEDIVERSE_CIRCLE_DOMAIN and so on);
    `fediverse-circle settings-example` prints a file that explains each.
    """


for command in (up, serve, demo, migrate, account, token, doctor, settings_example):
    commands.add_command(command)


def main() -> None:
    """Run the command that was asked for."""
    try:
        _check_text(sys.argv)
        commands(prog_name="fediverse-circle", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except Trouble as trouble:
        click.echo(trouble.sentence, err=True)
        sys.exit(1)


def _check_text(arguments: Sequence[str]) -> None:
    """Bytes that are no text would go wrong somewhere deep inside."""
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise click.UsageError(f"{argument!a} is not text in UTF-8.") from None
