"""`up`, `serve`, `migrate`: the server itself."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import click

from fediverse_circle import app, config, postgres
from fediverse_circle.app import ROLES, Role
from fediverse_circle.cli.running import run, say, settings_from, until_told, with_settings
from fediverse_circle.config import Settings
from fediverse_circle.core.clock import utc_now
from fediverse_circle.core.ids import new_secret
from fediverse_circle.site import Site
from fediverse_circle.store import logins, schema
from fediverse_circle.store.db import begin

FIRST_LINK_LIFETIME = timedelta(days=1)


@click.command(short_help="Start everything: database, tables, server.")
@with_settings
def up(config: Path | None, data_directory: str | None) -> None:
    """Start everything: database, tables, server, work in the background.

    Starts a PostgreSQL of its own unless database_url names one, brings the tables up to date, and listens.  While nobody lives here it
    prints a one-time link that makes the first account.  Ctrl-C or SIGTERM ends all of it cleanly.

    Without a domain in the settings the server is for trying out: it listens on this machine alone.
    """
    run(_unless_told(_up(settings_from(config, data_directory))))


async def _unless_told(work: Coroutine[Any, Any, None]) -> None:
    """Do the work until it ends or somebody wants the process to; then let it clean up."""
    task, told = asyncio.ensure_future(work), asyncio.ensure_future(until_told())
    await asyncio.wait({task, told}, return_when=asyncio.FIRST_COMPLETED)
    if not task.done():
        say("Stopping.")
    task.cancel()
    told.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _up(settings: Settings) -> None:
    async with postgres.running(settings, say) as access:
        await schema.migrate(access.owner, say)
        await _serve(settings, access.everyday, ROLES, shared=False)


@click.command(short_help="Serve as one of several processes.")
@with_settings
@click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice(sorted(ROLES)),
    help="What this process does; may be given several times.  Default: all.",
)
@click.option(
    "--listen", multiple=True, metavar="ADDRESS", help="Where it listens, instead of what the settings say.  May be given several times."
)
def serve(config: Path | None, data_directory: str | None, roles: tuple[str, ...], listen: tuple[str, ...]) -> None:
    """Serve without touching the tables: one of several processes, or under a supervisor.

    \b
    web          answers apps and browsers
    federation   answers other servers
    work         understands what came in, tells and delivers what happened, sweeps what is old

    Processes of any roles share one database (database_url); those on one machine may share an address.
    """
    settings = settings_from(config, data_directory, listen=list(listen) or None)
    chosen = frozenset(cast(Role, role) for role in roles) or ROLES
    run(_unless_told(_serve_prepared(settings, chosen)))


async def _serve_prepared(settings: Settings, roles: frozenset[Role]) -> None:
    async with postgres.running(settings, say) as access:
        await schema.check(access.everyday)
        await _serve(settings, access.everyday, roles, shared=True)


async def _serve(settings: Settings, dsn: str, roles: frozenset[Role], *, shared: bool) -> None:
    async with app.opened(settings, dsn, utc_now) as here, app.serving(here, roles, shared=shared):
        if roles & {"web", "federation"}:
            say(f"Listening on {', '.join(map(str, settings.listen))} as {settings.origin}")
        else:
            say(f"Working for {settings.origin}")
        if "web" in roles:
            await _welcome(here)
        await asyncio.Event().wait()


async def _welcome(here: Site) -> None:
    """While nobody lives here, print the link that makes the first account; an older one opens nothing any more."""
    if await logins.exists(here.db.pool):
        return
    secret = new_secret()
    async with begin(here.db) as tx:
        await logins.withdraw_invitations(tx, "admin")
        await logins.invite(tx, here.now(), secret, "admin", here.now() + FIRST_LINK_LIFETIME)
    say("Nobody lives here yet.  This link makes the first account, once, within a day:")
    click.echo(f"{here.settings.origin}/join/{secret}")


@click.command()
@with_settings
def migrate(config: Path | None, data_directory: str | None) -> None:
    """Bring the database's tables up to date, and end.  (`up` does it by itself.)"""

    async def migrated(settings: Settings) -> None:
        async with postgres.running(settings, say) as access:
            await schema.migrate(access.owner, say)
            say(f"The tables are at version {schema.read_schema().version}.")

    run(migrated(settings_from(config, data_directory)))


@click.command("settings-example")
def settings_example() -> None:
    """Print a settings file that explains every setting."""
    click.echo(config.example(), nl=False)
