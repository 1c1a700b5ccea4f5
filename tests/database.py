"""PostgreSQL for the tests, found and started by the program's own means: one server for the run, one migrated template, its copies.

`python -m tests.database` writes `schema/current.sql` anew.
"""

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from itertools import count
from pathlib import Path

import asyncpg
import pytest

from fediverse_circle import postgres
from fediverse_circle.postgres import Access, Server
from fediverse_circle.postgres.binaries import Binaries
from fediverse_circle.store import schema
from fediverse_circle.store.db import Database, Tx, begin, open_database

TEMPLATE = "template_house"
_numbers = count(1)


@contextmanager
def passable_directory() -> Iterator[Path]:
    """A fresh directory that PostgreSQL's user can pass through (pytest's own are closed), in memory where there is room."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2 << 30
    directory = Path(tempfile.mkdtemp(prefix="fc-", dir=memory if roomy else None))
    try:
        os.chmod(directory, 0o711)
        yield directory
    finally:
        shutil.rmtree(directory)


def serving_silently(directory: Path, binaries: Binaries | None = None) -> AbstractAsyncContextManager[Server]:
    """A server of our own in this directory."""
    return postgres.serving(directory, directory, lambda _: None, binaries)


@pytest.fixture(scope="session")
async def server() -> AsyncIterator[Server]:
    """A PostgreSQL server of our own, for the whole run."""
    with passable_directory() as directory:
        async with serving_silently(directory) as server:
            yield server


@pytest.fixture(scope="session")
async def template(server: Server) -> Access:
    """The database that all others are copied from: migrated, empty."""
    access = await server.database(TEMPLATE)
    await schema.migrate(access.owner, lambda _: None)
    return access


@asynccontextmanager
async def fresh_access(server: Server) -> AsyncIterator[Access]:
    """A database of one's own, copied from the template; gone afterwards."""
    name = f"test_{next(_numbers)}"
    maintenance = (await server.database("postgres")).owner
    connection = await asyncpg.connect(maintenance)
    try:
        await connection.execute(f"create database {name} template {TEMPLATE}")
        yield await server.database(name)
    finally:
        await connection.execute(f"drop database if exists {name} with (force)")
        await connection.close()


@pytest.fixture
async def access(server: Server, template: Access) -> AsyncIterator[Access]:
    """The addresses of a migrated, empty database of the test's own."""
    async with fresh_access(server) as access:
        yield access


@pytest.fixture
async def db(access: Access) -> AsyncIterator[Database]:
    """A migrated, empty database of the test's own, where commits stay."""
    async with open_database(access.everyday) as db:
        yield db


@pytest.fixture(scope="session")
async def shared_db(server: Server, template: Access) -> AsyncIterator[Database]:
    """One migrated database for all tests that leave nothing in it."""
    async with fresh_access(server) as access, open_database(access.everyday) as db:
        yield db


class _RollBack(Exception):
    pass


@pytest.fixture
async def tx(shared_db: Database) -> AsyncIterator[Tx]:
    """A transaction that is rolled back after the test.  While it is open the network refuses to be asked, as in the program."""
    with contextlib.suppress(_RollBack):
        async with begin(shared_db) as tx:
            yield tx
            raise _RollBack


async def write_current() -> None:
    """Write `schema/current.sql` anew from what the migrations and functions come to."""
    with passable_directory() as directory:
        async with serving_silently(directory) as server:
            access = await server.database(TEMPLATE)
            await schema.migrate(access.owner, print)
            (schema.schema_directory() / "current.sql").write_text(await schema.current(access.owner), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(write_current())
