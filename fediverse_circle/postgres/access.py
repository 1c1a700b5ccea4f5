"""How the database is reached: as its owner, who changes the tables, and as the everyday role, who fills and reads them."""

import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg

from fediverse_circle.postgres.binaries import OLDEST_MAJOR, CannotStart

OWNER, EVERYDAY = "fediverse_circle_owner", "fediverse_circle"
DURABLE = ("fsync", "full_page_writes", "synchronous_commit")
NOT_YET = (asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError, asyncpg.InternalClientError, OSError)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")


@dataclass(frozen=True, slots=True)
class Access:
    """The addresses of one database; they may hold passwords."""

    owner: str = field(repr=False)
    everyday: str = field(repr=False)


def address(sockets: Path, role: str, database: str) -> str:
    """The address of a database of our own server."""
    return f"postgresql://{role}@/{database}?host={quote(str(sockets))}&port=5432"


async def external(url: str) -> Access:
    """The database somebody else runs, if it is fit to keep what we promise to keep."""
    try:
        connection = await asyncpg.connect(url, timeout=10)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, ValueError) as error:
        code = f" ({getattr(error, 'sqlstate', None) or type(error).__name__})"
        raise CannotStart(f"database_url: there is no connection to the database{code}. Check address, name and password.") from None
    try:
        await check_fit(connection)
    finally:
        await connection.close()
    return Access(url, url)


async def check_fit(connection: "asyncpg.Connection[Any]") -> None:
    """CannotStart unless this server is new enough, speaks UTF-8, and what it acknowledges survives a crash."""
    if connection.get_server_version().major < OLDEST_MAJOR:
        raise CannotStart(f"The database is older than PostgreSQL {OLDEST_MAJOR}. Upgrade it.")
    for name in DURABLE:
        if await connection.fetchval("select current_setting($1)", name) == "off":
            raise CannotStart(f"The database would lose what it acknowledged: {name} is off. Turn it on.")
    if await connection.fetchval("select current_setting('server_encoding')") != "UTF8":
        raise CannotStart("The database is not encoded in UTF-8. Create it anew with encoding UTF8.")


async def create(sockets: Path, database: str) -> Access:
    """The database of this name on our own server, made if it is not there."""
    if not _NAME.fullmatch(database):
        raise ValueError("not a name for a database")
    connection = await asyncpg.connect(address(sockets, OWNER, "postgres"), timeout=10)
    try:
        await check_fit(connection)
        if not await connection.fetchval("select true from pg_roles where rolname = $1", EVERYDAY):
            with suppress(asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):  # another process was first
                await connection.execute(f"create role {EVERYDAY} login")
        if not await connection.fetchval("select true from pg_database where datname = $1", database):
            with suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
                await connection.execute(f"create database {database}")
    finally:
        await connection.close()
    access = Access(address(sockets, OWNER, database), address(sockets, EVERYDAY, database))
    connection = await asyncpg.connect(access.owner, timeout=10)
    try:
        await connection.execute(
            f"""grant usage on schema public to {EVERYDAY};
                alter default privileges in schema public grant select, insert, update, delete on tables to {EVERYDAY};
                alter default privileges in schema public grant usage, select on sequences to {EVERYDAY}"""
        )
    finally:
        await connection.close()
    return access
