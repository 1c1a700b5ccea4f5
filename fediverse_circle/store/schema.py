"""Brings a database to the form this code knows, and refuses one it cannot serve.

`schema/NNNN_what.sql` hold what holds data: applied once, in order, each in one transaction with the note that it was, never changed
afterwards (a checksum watches).  A first line `-- compatible with NNNN` names the oldest code that can work with the result; without it,
that is the code that came with the migration.

`schema/functions/*.sql` hold what holds no data.  When one of them or the tables changed, all functions are dropped and made anew from the files, in
the order of their names, in one transaction: so parameters and results may change freely, and what was taken out is gone.  (A function on
which a table leans could not be dropped; such a one has no place there.)

`schema/current.sql` is what all of it comes to, written by `current` from the catalogue, for people to read and for a test to compare.
"""

import hashlib
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from fediverse_circle.core.errors import Trouble
from fediverse_circle.store.failures import in_our_words

_LOCK = 7_381_240_954  # any number that nobody else takes
_NAME = re.compile(r"(\d{4})_\w+\.sql")
_COMPATIBLE = re.compile(r"-- compatible with (\d{4})\b")


class CannotServe(Trouble):
    """This code and this database do not fit together; the sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the tables."""

    version: int
    name: str
    text: str
    compatible_with: int

    @property
    def checksum(self) -> str:
        return _checksum(self.text)


@dataclass(frozen=True, slots=True)
class Schema:
    """What this code knows: the steps in their order, and the functions by the names of their files."""

    migrations: tuple[Migration, ...]
    functions: tuple[tuple[str, str], ...]

    @property
    def version(self) -> int:
        return len(self.migrations)

    @property
    def functions_checksum(self) -> str:
        return _checksum("\0".join(f"{name}\0{text}" for name, text in self.functions))


@dataclass(frozen=True, slots=True)
class _Standing:
    """What the database says of itself."""

    checksums: tuple[str, ...]
    compatible_with: int
    functions_checksum: str | None

    @property
    def version(self) -> int:
        return len(self.checksums)


def schema_directory() -> Path:
    """Where the schema lies: within the installed package, or beside the package in a checkout."""
    package = Path(__file__).resolve().parent.parent
    return next(place for place in (package / "schema", package.parent / "schema") if place.is_dir())


def read_schema(directory: Path | None = None) -> Schema:
    """The schema in this directory, by default the one that came with the code."""
    directory = directory or schema_directory()
    migrations = []
    for number, path in enumerate(sorted(directory.glob("[0-9]*.sql")), 1):
        named = _NAME.fullmatch(path.name)
        if named is None or int(named[1]) != number:
            raise ValueError(f"{path.name}: expected {number:04}_what.sql; the numbers follow each other")
        text = path.read_text(encoding="utf-8")
        compatible = _COMPATIBLE.match(text)
        migrations.append(Migration(number, path.stem, text, int(compatible[1]) if compatible else number))
    functions = tuple((path.name, path.read_text(encoding="utf-8")) for path in sorted((directory / "functions").glob("*.sql")))
    return Schema(tuple(migrations), functions)


async def migrate(owner: str, say: Callable[[str], None], schema: Schema | None = None) -> None:
    """Bring the database at the owner's address to this schema.  Several may try at once: one does it, the others wait and find it done."""
    schema = schema or read_schema()
    async with _connected(owner) as connection:
        await connection.execute("select pg_advisory_lock($1)", _LOCK)  # ends with the connection
        await connection.execute(
            """create table if not exists schema_version (
                   version int primary key, name text not null, checksum text not null, compatible_with int not null,
                   applied_at timestamptz not null default now());
               create table if not exists schema_functions (
                   only_one bool primary key default true check (only_one), checksum text not null)"""
        )
        standing = await _standing(connection)
        _check_past(standing, schema)
        for migration in schema.migrations[standing.version :]:
            say(f"Bringing the database to version {migration.name} …")
            await _apply(connection, migration)
        standing = await _standing(connection)
        if standing.version == schema.version and standing.functions_checksum != schema.functions_checksum:
            async with connection.transaction():
                await _replace_functions(connection, schema)


async def check(dsn: str, schema: Schema | None = None) -> None:
    """CannotServe unless this code can serve this database as it is."""
    schema = schema or read_schema()
    async with _connected(dsn) as connection:
        if await connection.fetchval("select to_regclass('schema_version') is null or to_regclass('schema_functions') is null"):
            raise CannotServe("The database has no tables yet. Run `fediverse-circle migrate`.")
        standing = await _standing(connection)
    _check_past(standing, schema)
    same_functions = standing.functions_checksum == schema.functions_checksum
    if standing.version < schema.version or (standing.version == schema.version and not same_functions):
        raise CannotServe(
            f"The database is at version {standing.version}, and this program needs version {schema.version} as it came with it. "
            "Make a backup, then run `fediverse-circle migrate`."
        )


async def current(dsn: str) -> str:
    """What the tables and functions are, in one order and one spelling, whatever the version of PostgreSQL."""
    async with _connected(dsn) as connection:
        parts = [part async for part in _described(connection)]
    return (
        "-- What all migrations and functions come to.  Written by `python -m tests.database`; do not edit.\n\n" + "\n".join(parts) + "\n"
    )


@asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator["asyncpg.Connection[Any]"]:
    with in_our_words:
        connection = await asyncpg.connect(dsn, timeout=10, server_settings={"application_name": "fediverse_circle schema"})
    try:
        with in_our_words:
            yield connection
    finally:
        connection.terminate() if connection.is_closed() else await connection.close(timeout=5)


async def _standing(connection: "asyncpg.Connection[Any]") -> _Standing:
    rows = await connection.fetch("select version, checksum, compatible_with from schema_version order by version")
    functions = await connection.fetchval("select checksum from schema_functions")
    return _Standing(tuple(row["checksum"] for row in rows), rows[-1]["compatible_with"] if rows else 0, functions)


def _check_past(standing: _Standing, schema: Schema) -> None:
    if standing.version > schema.version and standing.compatible_with > schema.version:
        raise CannotServe(
            f"The database is at version {standing.version}, which is newer than this program knows (version {schema.version}). "
            "Install the newer program again; there is no way back but a backup."
        )
    for migration, checksum in zip(schema.migrations, standing.checksums, strict=False):
        if migration.checksum != checksum:
            raise CannotServe(
                f"The migration {migration.name} is not the one this database was made with. "
                "Install the program as it was released; a released migration is never changed."
            )


async def _apply(connection: "asyncpg.Connection[Any]", migration: Migration) -> None:
    async with connection.transaction():
        await connection.execute(migration.text)
        await connection.execute("delete from schema_functions")  # it may have dropped some that stood in its way: all are made anew
        await connection.execute(
            "insert into schema_version (version, name, checksum, compatible_with) values ($1, $2, $3, $4)",
            migration.version,
            migration.name,
            migration.checksum,
            migration.compatible_with,
        )


async def _replace_functions(connection: "asyncpg.Connection[Any]", schema: Schema) -> None:
    old = await connection.fetchval(
        """select string_agg(p.oid::regprocedure::text, ', ') from pg_proc p
            where p.pronamespace = 'public'::regnamespace
              and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')"""
    )
    if old is not None:
        await connection.execute("drop routine " + old)
    for _, text in schema.functions:
        await connection.execute(text)
    await connection.execute(
        "insert into schema_functions (checksum) values ($1) on conflict (only_one) do update set checksum = excluded.checksum",
        schema.functions_checksum,
    )


async def _described(connection: "asyncpg.Connection[Any]") -> AsyncIterator[str]:
    enums = await connection.fetch(
        """select t.typname as name, string_agg(quote_literal(e.enumlabel), ', ' order by e.enumsortorder) as labels
             from pg_type t join pg_enum e on e.enumtypid = t.oid
            where t.typnamespace = 'public'::regnamespace group by t.typname order by t.typname collate "C\""""
    )
    for enum in enums:
        yield f"create type {enum['name']} as enum ({enum['labels']});\n"
    tables = await connection.fetch(
        """select c.oid, c.relname as name, array_to_string(c.reloptions, ', ') as options from pg_class c
            where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' order by c.relname collate "C\""""
    )
    for table in tables:
        parts = [*await _columns(connection, table["oid"]), *await _constraints(connection, table["oid"])]
        options = f" with ({table['options']})" if table["options"] else ""
        yield f"create table {table['name']} (\n    " + ",\n    ".join(parts) + f"\n){options};"
        for record in await connection.fetch(
            """select pg_get_indexdef(i.indexrelid, 0, true) as text from pg_index i join pg_class c on c.oid = i.indexrelid
                where i.indrelid = $1
                  and not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
                order by c.relname collate "C\"""",
            table["oid"],
        ):
            yield record["text"] + ";"
        yield ""
    for record in await connection.fetch(
        """select p.proname as name, pg_get_function_arguments(p.oid) as arguments, pg_get_function_result(p.oid) as result,
                  l.lanname as language, p.provolatile::text as volatility, p.prosecdef as definer, p.proconfig is not null as set
             from pg_proc p join pg_language l on l.oid = p.prolang
            where p.pronamespace = 'public'::regnamespace order by p.proname collate "C", pg_get_function_arguments(p.oid) collate "C\""""
    ):
        how = {"i": "immutable", "s": "stable", "v": "volatile"}[record["volatility"]]
        more = (" security definer" if record["definer"] else "") + (" set" if record["set"] else "")
        yield (
            f"-- function {record['name']}({record['arguments']}) returns {record['result'].lower()} "
            f"language {record['language']} {how}{more}"
        )


async def _columns(connection: "asyncpg.Connection[Any]", table: int) -> list[str]:
    return [
        record["text"]
        for record in await connection.fetch(
            """select a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
                      || case when a.attnotnull then ' not null' else '' end
                      || case a.attidentity when 'a' then ' generated always as identity'
                                            when 'd' then ' generated by default as identity' else '' end
                      || case when a.attgenerated = 's' then ' generated always as (' || pg_get_expr(d.adbin, d.adrelid) || ') stored'
                              when d.oid is not null then ' default ' || pg_get_expr(d.adbin, d.adrelid) else '' end as text
                 from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
                where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped order by a.attnum""",
            table,
        )
    ]


async def _constraints(connection: "asyncpg.Connection[Any]", table: int) -> list[str]:
    return [
        f"constraint {record['name']} {record['text']}"
        for record in await connection.fetch(
            """select conname as name, pg_get_constraintdef(oid, true) as text from pg_constraint
                where conrelid = $1 and contype in ('p', 'u', 'f', 'c', 'x')
                order by array_position(array['p', 'u', 'f', 'c', 'x'], contype::text), conname collate "C\"""",
            table,
        )
    ]


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
