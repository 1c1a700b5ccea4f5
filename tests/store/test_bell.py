"""The bell wakes whoever waits, here and in other processes, and costs next to nothing."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from fediverse_circle.postgres import Access, Server
from fediverse_circle.store.db import Database, begin, open_database

DEADLINE = 20.0  # seconds; only a ring that never comes gets there


@pytest.fixture(scope="module")
async def bells_access(server: Server) -> Access:
    return await server.database("bells")


@pytest.fixture
async def here(bells_access: Access) -> AsyncIterator[Database]:
    async with open_database(bells_access.everyday) as db:
        await db.bell.connected()
        yield db


@pytest.fixture
async def there(bells_access: Access) -> AsyncIterator[Database]:
    """Another process, as far as the database can tell: its own pool, its own bell."""
    async with open_database(bells_access.everyday) as db:
        await db.bell.connected()
        yield db


async def test_whoever_waits_here_is_woken_at_once(here: Database) -> None:
    with here.bell.listening() as one, here.bell.listening() as other:
        waiting = asyncio.gather(one.wait(DEADLINE), other.wait(DEADLINE))
        await asyncio.sleep(0)
        here.bell.touch()
        assert await waiting == [True, True]


async def test_a_ring_between_two_waits_is_not_missed_and_many_are_one(here: Database) -> None:
    with here.bell.listening() as ear:
        here.bell.touch()
        here.bell.touch()
        assert await ear.wait(0)
        assert not await ear.wait(0)


async def test_a_wait_ends_without_a_ring(here: Database) -> None:
    with here.bell.listening() as ear:
        assert not await ear.wait(0.01)


async def test_a_commit_is_heard_in_another_process(here: Database, there: Database) -> None:
    with there.bell.listening() as ear:
        while await ear.wait(0):  # what rang when it began to listen
            pass
        async with begin(here):
            pass
        assert await ear.wait(DEADLINE)


async def test_many_commits_are_few_rings(here: Database, bells_access: Access) -> None:
    rings = 0
    heard = asyncio.Event()

    def hear(*_: object) -> None:
        nonlocal rings
        rings += 1
        heard.set()

    connection = await asyncpg.connect(bells_access.everyday)
    await connection.add_listener("bell", hear)

    async def commit() -> None:
        async with begin(here):
            pass

    await asyncio.gather(*(commit() for _ in range(100)))
    async with asyncio.timeout(DEADLINE):
        await heard.wait()
    await connection.execute("select 1")
    assert rings < 20
    await connection.close()


async def test_after_the_loss_of_its_connection_it_listens_again_and_says_so(here: Database, there: Database, bells_access: Access) -> None:
    owner = await asyncpg.connect(bells_access.owner)
    with there.bell.listening() as ear:
        while await ear.wait(0):
            pass
        ended = await owner.fetch("select pg_terminate_backend(pid, 5000) from pg_stat_activity where query like 'LISTEN%'")
        assert ended
        assert await ear.wait(DEADLINE)  # it cannot know what it missed
        await there.bell.connected()
        await here.bell.connected()
        while await ear.wait(0.05):
            pass
        here.bell.touch()
        assert await ear.wait(DEADLINE)
    await owner.close()


async def test_it_never_rings_within_a_transaction(here: Database, there: Database) -> None:
    with there.bell.listening() as ear:
        while await ear.wait(0):
            pass
        before = await here.pool.fetchval("select pg_notification_queue_usage()")  # the whole server's: other tests leave something in it
        async with begin(here) as tx:
            await tx.execute("select 1")
            assert await tx.fetchval("select pg_notification_queue_usage()") <= before
            assert not await ear.wait(0.05)
        assert await ear.wait(DEADLINE)
