"""Migrations: forward, once, whole; a database and a program that do not fit together are told apart and told what to do."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import asyncpg
import pytest

from fediverse_circle.postgres import Access, Server
from fediverse_circle.postgres.binaries import available
from fediverse_circle.store import schema
from fediverse_circle.store.failures import QueryFailed, Violated
from fediverse_circle.store.schema import CannotServe, Schema, check, migrate, read_schema, schema_directory
from tests.database import passable_directory, serving_silently

_numbers = count(1)


def silent(_: str) -> None: ...


@pytest.fixture
async def empty(server: Server) -> Access:
    """A database without tables."""
    return await server.database(f"empty_{next(_numbers)}")


@pytest.fixture
async def owner(empty: Access) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(empty.owner)
    yield connection
    await connection.close()


def written(directory: Path, **files: str) -> Schema:
    """A schema of these files: `_0001_first` is a migration, every other name a function."""
    (directory / "functions").mkdir(exist_ok=True)
    for name, text in files.items():
        path = directory / f"{name[1:]}.sql" if name.startswith("_") else directory / "functions" / f"{name}.sql"
        path.write_text(text)
    return read_schema(directory)


FIRST = "create table word (said text);"
GREETING = "create or replace function greeting() returns text language sql as $$ select 'hello' $$;"


async def test_migrations_and_functions_come_to_what_current_sql_says(server: Server, template: Access) -> None:
    assert await schema.current(template.owner) == (schema_directory() / "current.sql").read_text(), (
        "schema/current.sql is not what the migrations and functions come to; `python -m tests.database` writes it"
    )


async def test_every_version_of_postgresql_comes_to_the_same(template: Access) -> None:
    expected = await schema.current(template.owner)
    for binaries in [each async for each in available()]:
        with passable_directory() as place:
            async with serving_silently(place, binaries) as other:
                access = await other.database("fediverse_circle")
                await migrate(access.owner, silent)
                assert await schema.current(access.owner) == expected


async def test_a_migration_happens_once_and_functions_whenever_they_change(
    empty: Access, owner: "asyncpg.Connection[asyncpg.Record]", tmp_path: Path
) -> None:
    said: list[str] = []
    await migrate(empty.owner, said.append, written(tmp_path, _0001_first=FIRST, greeting=GREETING))
    await owner.execute("insert into word values ('kept')")
    changed = written(tmp_path, greeting="create function greeting(name text) returns int language sql as 'select 1'")
    await migrate(empty.owner, said.append, changed)
    await migrate(empty.owner, said.append, changed)
    assert len(said) == 1
    assert await owner.fetchval("select greeting('ana')") == 1
    assert await owner.fetchval("select said from word") == "kept"
    with pytest.raises(asyncpg.UndefinedFunctionError):
        await owner.fetchval("select greeting()")


async def test_a_function_that_a_migration_dropped_is_made_anew_though_its_text_is_the_same(
    empty: Access, owner: "asyncpg.Connection[asyncpg.Record]", tmp_path: Path
) -> None:
    words = "create function words() returns setof word language sql stable as 'select * from word';"
    await migrate(empty.owner, silent, written(tmp_path, _0001_first=FIRST, words=words))
    second = (
        "drop function words(); alter table word rename to old; create table word as select said, 1 as number from old; drop table old;"
    )
    await migrate(empty.owner, silent, written(tmp_path, _0002_second=second))
    assert await owner.fetch("select number from words()") == []


async def test_a_failing_migration_leaves_the_database_as_it_was(
    empty: Access, owner: "asyncpg.Connection[asyncpg.Record]", tmp_path: Path
) -> None:
    await migrate(empty.owner, silent, written(tmp_path, _0001_first=FIRST))
    half = "create table other (); insert into word values ('half');"
    failing = written(tmp_path, _0002_second=f"{half} select nonsense;")
    with pytest.raises(QueryFailed, match="nonsense"):
        await migrate(empty.owner, silent, failing)
    unnoted = written(tmp_path, _0002_second=f"{half} alter table schema_version add check (version < 2);")
    with pytest.raises(Violated):
        await migrate(empty.owner, silent, unnoted)
    assert await owner.fetchval("select count(*) from word") == 0
    assert await owner.fetchval("select to_regclass('other')") is None
    assert await owner.fetchval("select max(version) from schema_version") == 1


async def test_several_who_migrate_at_once_do_it_once(empty: Access, owner: "asyncpg.Connection[asyncpg.Record]", tmp_path: Path) -> None:
    said: list[str] = []
    wanted = written(tmp_path, _0001_first=f"select pg_sleep(0.1); {FIRST}", greeting=GREETING)
    await asyncio.gather(*(migrate(empty.owner, said.append, wanted) for _ in range(4)))
    assert len(said) == 1
    assert await owner.fetchval("select count(*) from schema_version") == 1


async def test_what_fits_is_served_and_the_everyday_role_can_tell(empty: Access, tmp_path: Path) -> None:
    wanted = written(tmp_path, _0001_first=FIRST, greeting=GREETING)
    await migrate(empty.owner, silent, wanted)
    await check(empty.everyday, wanted)


async def test_a_database_without_tables_is_refused_with_what_to_do(empty: Access) -> None:
    with pytest.raises(CannotServe, match=r"no tables yet.*fediverse-circle migrate"):
        await check(empty.everyday)


@pytest.mark.parametrize("change", [{"_0002_second": "create table other ();"}, {"greeting": GREETING.replace("hello", "hi")}])
async def test_an_older_database_is_refused_with_what_to_do(empty: Access, tmp_path: Path, change: dict[str, str]) -> None:
    await migrate(empty.owner, silent, written(tmp_path, _0001_first=FIRST, greeting=GREETING))
    with pytest.raises(CannotServe, match=r"backup, then run `fediverse-circle migrate`"):
        await check(empty.everyday, written(tmp_path, **change))


async def test_a_newer_database_is_refused_unless_it_says_that_old_programs_can_work_with_it(empty: Access, tmp_path: Path) -> None:
    old = written(tmp_path, _0001_first=FIRST, greeting=GREETING)
    new = written(tmp_path, _0002_second="-- compatible with 0001\ncreate table other ();", greeting=GREETING.replace("hello", "hi"))
    await migrate(empty.owner, silent, new)
    await check(empty.everyday, old)
    await migrate(empty.owner, silent, old)  # changes nothing: the newer functions stay
    await check(empty.everyday, new)
    newest = written(tmp_path, _0003_third="alter table word add column more text not null;")
    await migrate(empty.owner, silent, newest)
    for older in (old, new):
        for deed in (check(empty.everyday, older), migrate(empty.owner, silent, older)):
            with pytest.raises(CannotServe, match="newer than this program knows"):
                await deed


async def test_a_released_migration_that_was_changed_is_refused(empty: Access, tmp_path: Path) -> None:
    await migrate(empty.owner, silent, written(tmp_path, _0001_first=FIRST))
    other = written(tmp_path, _0001_first=FIRST + " -- better")
    for deed in (check(empty.everyday, other), migrate(empty.owner, silent, other)):
        with pytest.raises(CannotServe, match="0001_first is not the one"):
            await deed


@pytest.mark.parametrize("name", ["_0003_gap", "_0002second", "_2_short"])
def test_a_migration_out_of_line_is_found_before_anything_is_asked(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"expected 0002_what\.sql"):
        written(tmp_path, _0001_first=FIRST, **{name: ""})


async def test_current_sql_tells_apart_what_differs(empty: Access, owner: "asyncpg.Connection[asyncpg.Record]", tmp_path: Path) -> None:
    await migrate(empty.owner, silent, written(tmp_path, _0001_first=FIRST, greeting=GREETING))
    seen = {await schema.current(empty.owner)}
    for number, change in enumerate(
        (
            "alter table word alter said set not null",
            "alter table word alter said set default 'x'",
            "alter table word add constraint short check (length(said) < 10)",
            "create index word_said on word (said) where said > 'a'",
            "create type mood as enum ('glad')",
            "alter type mood add value 'sad'",
            "alter table word set (autovacuum_vacuum_insert_scale_factor = 0.1)",
            "alter function greeting() stable",
            "alter function greeting() security definer",
            "alter function greeting() set search_path = public",
        ),
        2,
    ):
        await owner.execute(change)
        seen.add(await schema.current(empty.owner))
        assert len(seen) == number, change
