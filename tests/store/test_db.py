"""Handles: all or nothing, one door to write through, and failures without anybody's words."""

import asyncio
import traceback
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import asyncpg
import pytest

from fediverse_circle.core.errors import NotFound, Unreachable
from fediverse_circle.core.transaction import transaction_open
from fediverse_circle.postgres import Access, Server
from fediverse_circle.store import connections
from fediverse_circle.store.db import Database, DatabaseUnreachable, QueryFailed, Tx, Violated, begin, one, open_database, row


@pytest.fixture(scope="module")
async def words_access(server: Server) -> Access:
    """A database with one small table."""
    access = await server.database("words_of_db")
    connection = await asyncpg.connect(access.owner)
    await connection.execute("create table word (id int generated always as identity primary key, said text unique, about jsonb)")
    await connection.close()
    return access


@pytest.fixture
async def words(words_access: Access) -> AsyncIterator[Database]:
    async with open_database(words_access.everyday, connections=2) as db:
        async with begin(db) as tx:
            await tx.execute("delete from word")
        await db.bell.connected()
        yield db


async def said(db: Database) -> list[str]:
    return [record["said"] for record in await db.pool.fetch("select said from word order by id")]


async def test_a_transaction_is_all_of_it_or_none(words: Database) -> None:
    async def fail() -> None:
        async with begin(words) as tx:
            await tx.execute("insert into word (said) values ('a')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await said(words) == []
    async with begin(words) as tx:
        await tx.execute("insert into word (said) values ('a')")
        await tx.executemany("insert into word (said) values ($1)", [("b",), ("c",)])
    assert await said(words) == ["a", "b", "c"]


async def test_a_cancelled_transaction_leaves_nothing_and_the_connection_works_on(words: Database, words_access: Access) -> None:
    watcher = await asyncpg.connect(words_access.everyday)

    async def write() -> None:
        async with begin(words) as tx:
            await tx.execute("insert into word (said) values ('a')")
            await tx.execute("select pg_sleep(60)")

    for _ in range(3):  # more often than there are connections
        task = asyncio.create_task(write())
        while not await watcher.fetchval(
            "select true from pg_stat_activity where query = 'select pg_sleep(60)' and wait_event = 'PgSleep'"
        ):
            assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await watcher.close()
    assert await said(words) == []


async def test_a_transaction_cancelled_while_it_is_rolled_back_leaves_nothing_open(words: Database, words_access: Access) -> None:
    watcher = await asyncpg.connect(words_access.owner)
    busy = "select true from pg_stat_activity where query = 'select pg_sleep(60)' and wait_event = 'PgSleep'"

    async def write() -> None:
        async with begin(words) as tx:
            await tx.execute("insert into word (said) values ('a')")
            await tx.execute("select pg_sleep(60)")

    task = asyncio.create_task(write())
    while not await watcher.fetchval(busy):
        assert not task.done()
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    for _ in range(3):
        assert await said(words) == []
    async with asyncio.timeout(20):
        while await watcher.fetchval(
            "select true from pg_stat_activity where xact_start is not null and pid <> pg_backend_pid() and datid <> 0"
        ):
            await asyncio.sleep(0.01)
    await watcher.close()


async def test_execute_tells_how_many_rows_it_touched(words: Database) -> None:
    async with begin(words) as tx:
        assert await tx.execute("insert into word (said) values ('a'), ('b')") == 2
        assert await tx.execute("update word set said = 'c' where said = 'a'") == 1
        assert await tx.execute("delete from word where said = 'z'") == 0


async def test_the_task_knows_that_it_has_a_transaction_open_and_no_other_does(words: Database) -> None:
    async def elsewhere() -> bool:
        return transaction_open.get()

    other = asyncio.create_task(elsewhere())
    async with begin(words):
        assert transaction_open.get()
        assert not await other
    assert not transaction_open.get()
    with pytest.raises(ZeroDivisionError):
        async with begin(words):
            raise ZeroDivisionError
    assert not transaction_open.get()


async def test_a_transaction_within_a_transaction_is_refused(words: Database) -> None:
    async with begin(words):
        with pytest.raises(RuntimeError, match="pass it down"):
            async with begin(words):
                pass


async def test_nothing_but_begin_makes_a_transaction(words: Database) -> None:
    with pytest.raises(TypeError):
        Tx(object(), None)  # type: ignore[arg-type]


async def test_a_transaction_that_has_ended_cannot_be_used(words: Database) -> None:
    async with begin(words) as tx:
        pass
    with pytest.raises(RuntimeError, match="ended"):
        await tx.execute("insert into word (said) values ('late')")


async def test_a_commit_rings_the_bell_and_a_rollback_does_not(words: Database) -> None:
    with words.bell.listening() as ear:
        with pytest.raises(ZeroDivisionError):
            async with begin(words):
                raise ZeroDivisionError
        assert not await ear.wait(0)
        async with begin(words):
            assert not await ear.wait(0)
        assert await ear.wait(0)


async def test_json_columns_hold_plain_values(words: Database) -> None:
    about = {"to": ["ä", 1, None], "deep": {"x": True}}
    async with begin(words) as tx:
        await tx.execute("insert into word (said, about) values ('a', $1)", about)
        assert await tx.fetchval("select about from word") == about
    assert await words.pool.fetchval("select about ->> 'deep' from word") == '{"x": true}'


@dataclass(frozen=True, slots=True)
class Word:
    said: str
    id: int


@dataclass(frozen=True, slots=True)
class Said:
    said: str


async def test_a_record_becomes_a_dataclass_by_the_names_of_its_columns(words: Database) -> None:
    async with begin(words) as tx:
        record = await tx.fetchrow("insert into word (said) values ('a') returning *")
    assert record is not None
    assert row(Word, record) == Word("a", record["id"])
    assert one(Said, record) == Said("a")
    with pytest.raises(NotFound):
        one(Word, None)
    with pytest.raises(KeyError):
        row(Word, await words.pool.fetchrow("select 'a' as said"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("statement", "arguments"),
    [
        ("insert into word (said) values ($1), ($1)", ["xyzzy"]),
        ("select $1::text::int", ["xyzzy"]),
        ("select $1::int", ["xyzzy"]),
        ("insert into word (about) values ($1)", [{"xyzzy": b"\xff"}.keys()]),
        ("select 'xyzzy'::jsonb -> 1, 'xyzzy'::int", []),
    ],
)
async def test_no_failure_repeats_what_somebody_wrote(words: Database, statement: str, arguments: list[object]) -> None:
    with pytest.raises((Violated, QueryFailed)) as failure:
        async with begin(words) as tx:
            await tx.execute(statement, *arguments)
    assert "xyzzy" not in "".join(traceback.format_exception(failure.value)).replace(statement, "")
    assert "xyzzy" not in str(failure.value) + repr(failure.value)


async def test_a_broken_rule_is_told_by_its_name(words: Database) -> None:
    with pytest.raises(Violated) as failure:
        async with begin(words) as tx:
            await tx.executemany("insert into word (said) values ($1)", [("a",), ("a",)])
    assert failure.value.constraint == "word_said_key"


async def test_a_misspelt_statement_is_named(words: Database) -> None:
    with pytest.raises(QueryFailed, match="wort"):
        await words.pool.fetch("select * from wort")


@pytest.mark.parametrize("sqlstate", ["53100", "53200", "53300", "57P01", "57P03", "40001", "40P01", "58030", "08006", "25006"])
async def test_a_full_busy_or_ending_database_can_be_asked_again(words: Database, sqlstate: str) -> None:
    with pytest.raises(DatabaseUnreachable) as failure:
        async with begin(words) as tx:
            await tx.execute(f"do $$ begin raise exception 'xyzzy' using errcode = '{sqlstate}'; end $$")
    assert isinstance(failure.value, Unreachable)
    assert sqlstate in failure.value.cause
    assert "xyzzy" not in failure.value.cause


@pytest.mark.parametrize("when", ["before a statement", "before the commit"])
async def test_a_connection_lost_within_a_transaction_is_the_database_unreachable(words: Database, words_access: Access, when: str) -> None:
    async def lose() -> None:
        async with begin(words) as tx:
            await tx.execute("insert into word (said) values ('lost')")
            await end_session(words_access, await tx.fetchval("select pg_backend_pid()"))
            if when == "before a statement":
                await tx.fetchval("select 1")

    with pytest.raises(DatabaseUnreachable):
        await lose()
    assert await said(words) == []


async def end_session(access: Access, pid: int) -> None:
    connection = await asyncpg.connect(access.owner)
    assert await connection.fetchval("select pg_terminate_backend($1, 5000)", pid)
    await connection.close()


async def test_a_database_that_takes_no_more_connections_is_unreachable(server: Server) -> None:
    access = await server.database("crowded")
    connection = await asyncpg.connect(access.owner)
    await connection.execute("alter database crowded connection limit 0")
    with pytest.raises(DatabaseUnreachable, match="database cannot be reached"):
        async with open_database(access.everyday):
            pass
    await connection.close()


def test_where_nobody_listens_the_database_is_unreachable() -> None:
    async def ask() -> None:
        async with open_database("postgresql://someone:xyzzy@/x?host=/nonexistent"):
            pass

    with pytest.raises(DatabaseUnreachable), asyncio.Runner() as runner:
        runner.run(ask())


@pytest.mark.parametrize("door", ["pool", "begin"])
async def test_who_waits_too_long_for_a_connection_is_told_to_come_again(
    words: Database, monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    monkeypatch.setattr(connections, "ACQUIRE_SECONDS", 0.05)

    async def one_more() -> None:
        async with other(begin(words)):
            pass

    async with begin(words), other(begin(words)):
        with pytest.raises(DatabaseUnreachable, match="database cannot be reached"):
            await (words.pool.fetchval("select 1") if door == "pool" else one_more())


def other(transaction: AbstractAsyncContextManager[Tx]) -> AbstractAsyncContextManager[Tx]:
    """The transaction of somebody else, as far as the check for nesting goes."""

    class Other:
        async def __aenter__(self) -> Tx:
            token = transaction_open.set(False)
            try:
                return await transaction.__aenter__()
            finally:
                transaction_open.set(True)
                self.token = token

        async def __aexit__(self, *what: object) -> bool | None:
            return await transaction.__aexit__(*what)  # type: ignore[arg-type]

    return Other()  # type: ignore[return-value]


async def test_a_statement_that_takes_too_long_is_stopped(words_access: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "COMMAND_SECONDS", 0.05)
    async with open_database(words_access.everyday, connections=1) as db:
        with pytest.raises(DatabaseUnreachable):
            await db.pool.fetchval("select pg_sleep(60)")
        assert await db.pool.fetchval("select count(*) from pg_stat_activity where query = 'select pg_sleep(60)' and state = 'active'") == 0


async def test_a_statement_planned_before_the_tables_changed_works_on(words: Database, words_access: Access) -> None:
    await words.pool.fetch("select * from word")
    owner = await asyncpg.connect(words_access.owner)
    await owner.execute("alter table word add column more int")
    assert await words.pool.fetch("select * from word") == []
    await owner.execute("alter table word drop column more")
    await owner.close()
    assert await words.pool.fetch("select * from word") == []
