"""What several commands share: settings from the command line, an event loop, a database to speak to, a signal to stop."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from fediverse_circle import postgres
from fediverse_circle.config import Settings, load
from fediverse_circle.core import quiet
from fediverse_circle.core.errors import Invalid
from fediverse_circle.store import schema
from fediverse_circle.store.db import Database, open_database

try:
    import uvloop  # the extra `speed`
except ImportError:
    new_event_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
else:
    new_event_loop = uvloop.new_event_loop

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


def say(sentence: str) -> None:
    """Tell the person at the terminal, beside whatever the command answers."""
    click.echo(sentence, err=True)


def with_settings(command: F) -> F:
    """The options by which every command that needs settings takes them."""
    command = click.option(
        "--config",
        type=click.Path(dir_okay=False, path_type=Path),
        help="The settings file.  Default: $FEDIVERSE_CIRCLE_CONFIG, else fediverse-circle.toml in the data directory.",
    )(command)
    return click.option(
        "--data-directory",
        type=click.Path(file_okay=False),
        help="Where everything is kept.  Default: /var/lib/fediverse-circle for root, ~/.local/share/fediverse-circle for others.",
    )(command)


def settings_from(config: Path | None, data_directory: str | None, **spoken: object) -> Settings:
    """The settings, checked; a wrong one ends the command with a sentence that names it."""
    try:
        settings = load(config, command_line={"data_directory": data_directory, **spoken})
    except Invalid as wrong:
        raise click.UsageError(wrong.sentence) from None
    quiet.configure(settings.log_level, settings.log_format)
    for caution in settings.cautions:
        click.secho(f"WARNING: {caution}", err=True, fg="yellow", bold=True)
    return settings


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end, on the fastest loop there is."""
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(main)


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[Database]:
    """The database of these settings, for as long as the block lasts; refused if this program cannot serve it as it is."""
    async with postgres.running(settings, say) as access:
        await schema.check(access.everyday)
        async with open_database(access.everyday) as db:
            yield db


async def until_told() -> None:
    """Return when somebody wants this process to end: Ctrl-C, SIGTERM.  A second time ends it at once."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()

    def tell() -> None:
        if told.is_set():
            os._exit(130)
        told.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, tell)
    await told.wait()
