"""Connections come with the work, never more than allowed, and go when it is over."""

import asyncio

import asyncpg
import pytest

from fediverse_circle.postgres import Access, Server
from fediverse_circle.store import connections
from fediverse_circle.store.db import DatabaseUnreachable, begin, open_database

DEADLINE = 20.0  # seconds; only a program that hangs gets there


@pytest.fixture(scope="module")
async def counted(server: Server) -> Access:
    return await server.database("counted")


async def sessions(access: Access) -> int:
    connection = await asyncpg.connect(access.owner)
    try:
        number = await connection.fetchval(
            "select count(*) from pg_stat_activity where datname = 'counted' and application_name = 'fediverse_circle'"
        )
        assert isinstance(number, int)
        return number
    finally:
        await connection.close()


async def until_sessions(access: Access, number: int) -> None:
    async with asyncio.timeout(DEADLINE):
        while await sessions(access) != number:
            await asyncio.sleep(0.01)


async def test_many_readers_share_few_connections(counted: Access) -> None:
    async with open_database(counted.everyday, connections=3) as db:
        assert await sessions(counted) == 1
        pids = await asyncio.gather(*(db.pool.fetchval("select pg_backend_pid() from pg_sleep(0.01)") for _ in range(30)))
        assert len(set(pids)) == 3
        assert await sessions(counted) == 3
    await until_sessions(counted, 0)


async def test_one_after_the_other_use_the_same_connection(counted: Access) -> None:
    async with open_database(counted.everyday, connections=3) as db:
        assert len({await db.pool.fetchval("select pg_backend_pid()") for _ in range(5)}) == 1


async def test_idle_connections_are_closed(counted: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "IDLE_SECONDS", 0.05)
    async with open_database(counted.everyday, connections=3) as db:
        await asyncio.gather(*(db.pool.fetchval("select pg_sleep(0.01)") for _ in range(9)))
        await until_sessions(counted, 0)
        assert await db.pool.fetchval("select 1") == 1


async def test_a_connection_that_is_out_when_the_database_is_closed_is_closed_on_its_return(counted: Access) -> None:
    opened = open_database(counted.everyday, connections=3)
    db = await opened.__aenter__()
    transaction = begin(db)
    await transaction.__aenter__()
    await opened.__aexit__(None, None, None)
    assert await sessions(counted) == 1
    await transaction.__aexit__(None, None, None)
    await until_sessions(counted, 0)


async def test_a_failed_connection_takes_nobodys_turn(counted: Access) -> None:
    refused = connections.Connections(counted.everyday.replace("/counted?", "/no_such_database?"), 1)
    for _ in range(3):
        with pytest.raises(DatabaseUnreachable) as failure:
            await refused.take()
        assert "3D000" in failure.value.cause  # and not that somebody else had the turn
