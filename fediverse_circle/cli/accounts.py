"""`account …` and `token …`: who lives here, from the machine itself."""

import sys
from pathlib import Path
from typing import cast

import click

from fediverse_circle.actions import accounts
from fediverse_circle.actions.accounts import Face, new_key_pairs
from fediverse_circle.cli.running import database, run, say, settings_from, with_settings
from fediverse_circle.config import Settings
from fediverse_circle.core.clock import utc_now
from fediverse_circle.core.errors import NotFound
from fediverse_circle.core.ids import new_name, new_secret
from fediverse_circle.domain.actors import Actor, Role
from fediverse_circle.domain.credentials import DisplayName, Email, Password, Username
from fediverse_circle.oauth import scopes as oauth_scopes
from fediverse_circle.oauth.passwords import Passwords
from fediverse_circle.store import actors, logins, oauth
from fediverse_circle.store.db import Database, begin

PASSWORD_OPTION = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input instead of making one up and printing it."
)


@click.group(short_help="Make, list and manage accounts.")
def account() -> None:
    """Make, list and manage accounts, on the machine the server runs on."""


@account.command()
@with_settings
@click.argument("username")
@click.option("--email", required=True, help="What they sign in with.")
@click.option("--name", default="", help="What they are called.  Default: the username.")
@click.option("--role", type=click.Choice(["member", "moderator", "admin"]), default="member", show_default=True)
@click.option("--persona", is_flag=True, help="A further persona of the login that this e-mail address has already.")
@PASSWORD_OPTION
def create(
    config: Path | None, data_directory: str | None, username: str, email: str, name: str, role: str, persona: bool, password_stdin: bool
) -> None:
    """Make an account, or a further persona of one.

    Prints the password if it was made up here: it is shown this once.
    """
    settings = settings_from(config, data_directory)
    password = _password(asked=password_stdin)
    face = (Username(username), DisplayName(name))

    async def created() -> None:
        made = Face(*face, await new_key_pairs())
        password_hash = await Passwords().hashed(password)
        async with database(settings) as db, begin(db) as tx:
            if persona:
                login = await logins.by_email(tx, email)
                if login is None:
                    raise NotFound(f"Nobody signs in with {email}.")
                actor = await accounts.add_persona(tx, utc_now(), settings, login.id, made)
            else:
                _, actor = await accounts.open_login(tx, utc_now(), settings, Email(email), password_hash, cast(Role, role), made)
        say(f"@{actor.username}@{actor.host} is here.")
        if not persona and not password_stdin:
            click.echo(password.text)

    run(created())


@account.command("list", short_help="List everybody who lives here.")
@with_settings
def list_(config: Path | None, data_directory: str | None) -> None:
    """List everybody who lives here: handle, e-mail address, role, since when, state; separated by tabs."""
    settings = settings_from(config, data_directory)

    async def listed() -> None:
        async with database(settings) as db:
            for resident in await logins.residents(db.pool):
                state = "disabled" if resident.disabled_at else "active"
                handle = f"@{resident.username}@{settings.handle_domain}"
                click.echo("\t".join((handle, resident.email, resident.role, f"{resident.created_at:%Y-%m-%d}", state)))

    run(listed())


@account.command(short_help="Give somebody a new password.")
@with_settings
@click.argument("username")
@PASSWORD_OPTION
def password(config: Path | None, data_directory: str | None, username: str, password_stdin: bool) -> None:
    """Give somebody a new password; whoever was signed in, in browsers and apps, must sign in again."""
    settings = settings_from(config, data_directory)
    new = _password(asked=password_stdin)

    async def changed() -> None:
        password_hash = await Passwords().hashed(new)
        async with database(settings) as db:
            actor = await _resident(db, settings, username)
            async with begin(db) as tx:
                login = await logins.of_actor(tx, actor.id)
                await accounts.change_password(tx, utc_now(), login.id, password_hash, sign_out_apps=True)
        say(f"The password of @{actor.username} is changed.")
        if not password_stdin:
            click.echo(new.text)

    run(changed())


@account.command(short_help="End somebody's sign-in.")
@with_settings
@click.argument("username")
def disable(config: Path | None, data_directory: str | None, username: str) -> None:
    """End somebody's sign-in: sessions and tokens of all personas of their login stop at once.  What they said stays."""
    settings = settings_from(config, data_directory)

    async def disabled() -> None:
        async with database(settings) as db:
            actor = await _resident(db, settings, username)
            async with begin(db) as tx:
                await accounts.disable(tx, utc_now(), (await logins.of_actor(tx, actor.id)).id)
        say(f"Nobody signs in as @{actor.username} any more.")

    run(disabled())


@click.group()
def token() -> None:
    """Tokens for scripts."""


@token.command("create")
@with_settings
@click.argument("username")
@click.option("--scopes", default="read write follow push", show_default=True, help="How much it may do.")
@click.option("--app", "app_name", default="Command line", show_default=True, help="The name under which it is shown.")
def create_token(config: Path | None, data_directory: str | None, username: str, scopes: str, app_name: str) -> None:
    """Print a token that speaks for one persona.  It is shown this once; the persona's settings page can revoke it."""
    settings = settings_from(config, data_directory)
    asked = oauth_scopes.parsed(scopes)
    if asked is None:
        raise click.BadParameter("one of these scopes does not exist", param_hint="--scopes")

    async def made() -> None:
        secret = new_secret()
        async with database(settings) as db:
            actor = await _resident(db, settings, username)
            async with begin(db) as tx:
                app = await oauth.insert_app(tx, utc_now(), new_name(), new_secret(), app_name, None, ["urn:ietf:wg:oauth:2.0:oob"], asked)
                await oauth.insert_token(tx, utc_now(), secret, app.id, actor.id, asked)
        click.echo(secret)

    run(made())


def _password(*, asked: bool) -> Password:
    """The password on standard input, or a new one of 96 bits."""
    return Password(sys.stdin.readline().rstrip("\n") if asked else new_name()[:16])


async def _resident(db: Database, settings: Settings, username: str) -> Actor:
    name, _, host = username.removeprefix("@").partition("@")
    actor = await actors.by_handle(db.pool, name, settings.handle_domain)
    if actor is None or not actor.local or actor.kind == "Application" or host.lower() not in ("", settings.handle_domain):
        raise NotFound(f"Nobody here is called {username}.")
    return actor
