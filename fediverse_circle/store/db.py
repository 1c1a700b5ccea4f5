"""The database: a pool to read from, a transaction to write in, and its failures in our own words.

PostgreSQL and its driver quote values in the text of their errors, private words among them.  So no such error leaves this module:
`in_our_words` turns each into one of ours, which names the class and the SQLSTATE and nothing that anybody wrote.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, fields
from functools import cache
from operator import itemgetter
from types import TracebackType
from typing import Any, Protocol, TypeVar, cast, final

import asyncpg
import msgspec

from fediverse_circle.core.errors import NotFound, Unreachable
from fediverse_circle.core.transaction import transaction_open
from fediverse_circle.store.bell import Bell

Record = asyncpg.Record
T = TypeVar("T")

COMMAND_SECONDS = 30.0
ACQUIRE_SECONDS = 10.0
_SESSION = {"application_name": "fediverse_circle", "timezone": "UTC", "jit": "off", "idle_in_transaction_session_timeout": "60s"}


class DatabaseUnreachable(Unreachable):
    """The database is gone, full, busy or starting: the same again may succeed later.  `cause`, fit for a log: a class and an SQLSTATE."""

    sentence = "The database cannot be reached just now."

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__()


class Violated(Exception):
    """A rule that the tables keep was about to be broken; `constraint` is its name."""

    def __init__(self, constraint: str, cause: str) -> None:
        self.constraint = constraint
        super().__init__(f"{constraint} ({cause})")


class QueryFailed(Exception):
    """A statement the database cannot do: a fault of this program.  Names the class and the SQLSTATE; never values."""


class Reader(Protocol):
    """What reads: the pool, or a transaction."""

    async def fetch(self, query: str, *arguments: object) -> list[Record]:
        """All rows."""

    async def fetchrow(self, query: str, *arguments: object) -> Record | None:
        """The first row, or None."""

    async def fetchval(self, query: str, *arguments: object) -> Any:
        """The first column of the first row, or None."""


@final
class Pool:
    """Connections for reading, each statement on whichever is free."""

    def __init__(self, pool: "asyncpg.Pool[Record]") -> None:
        self._pool = pool

    async def fetch(self, query: str, *arguments: object) -> list[Record]:
        async with self._connection() as connection:
            with in_our_words:
                return await connection.fetch(query, *arguments)

    async def fetchrow(self, query: str, *arguments: object) -> Record | None:
        async with self._connection() as connection:
            with in_our_words:
                return await connection.fetchrow(query, *arguments)

    async def fetchval(self, query: str, *arguments: object) -> Any:
        async with self._connection() as connection:
            with in_our_words:
                return await connection.fetchval(query, *arguments)

    @asynccontextmanager
    async def _connection(self) -> "AsyncIterator[asyncpg.pool.PoolConnectionProxy[Record]]":
        with in_our_words:
            async with asyncio.timeout(ACQUIRE_SECONDS):
                connection = await self._pool.acquire()
        try:
            yield connection
        finally:
            with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
                await self._pool.release(connection)  # one that broke is thrown away; what was done on it is done


@final
class Tx:
    """An open transaction.  Only `begin` makes one."""

    def __init__(self, seal: object, connection: "asyncpg.pool.PoolConnectionProxy[Record]") -> None:
        if seal is not _SEAL:
            raise TypeError("a transaction is made by begin()")
        self._connection = connection

    async def fetch(self, query: str, *arguments: object) -> list[Record]:
        with in_our_words:
            return await self._connection.fetch(query, *arguments)

    async def fetchrow(self, query: str, *arguments: object) -> Record | None:
        with in_our_words:
            return await self._connection.fetchrow(query, *arguments)

    async def fetchval(self, query: str, *arguments: object) -> Any:
        with in_our_words:
            return await self._connection.fetchval(query, *arguments)

    async def execute(self, query: str, *arguments: object) -> int:
        """Do it; the number of rows it touched."""
        with in_our_words:
            status = await self._connection.execute(query, *arguments)
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def executemany(self, query: str, arguments: Iterable[Sequence[object]]) -> None:
        """Do it once for each set of arguments, in one round trip."""
        with in_our_words:
            await self._connection.executemany(query, arguments)


class _Ended:
    def __getattr__(self, _: str) -> Any:
        raise RuntimeError("this transaction has ended")


_ENDED: Any = _Ended()
_SEAL = object()


@dataclass(frozen=True, slots=True)
class Database:
    """Where things are remembered: `pool` to read from, `begin` to write, `bell` to be told of what was written."""

    pool: Pool
    bell: Bell


@asynccontextmanager
async def begin(db: Database) -> AsyncIterator[Tx]:
    """One transaction: all of it or none of it.  Whoever waits for news is woken after the commit."""
    if transaction_open.get():
        raise RuntimeError("a transaction is open already: pass it down")
    async with db.pool._connection() as connection:
        transaction = connection.transaction()
        with in_our_words:
            await transaction.start()
        token = transaction_open.set(True)
        tx = Tx(_SEAL, connection)
        try:
            yield tx
        except BaseException:
            with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
                await transaction.rollback()  # where the connection is lost, so is the transaction
            raise
        else:
            with in_our_words:
                await transaction.commit()
        finally:
            tx._connection = _ENDED
            transaction_open.reset(token)
    db.bell.touch()


@asynccontextmanager
async def open_database(dsn: str, *, connections: int | None = None) -> AsyncIterator[Database]:
    """The database behind the address, for as long as the block lasts.  More connections than twice the cores gain nothing (measured)."""
    size = connections or min(16, 2 * (os.cpu_count() or 1))
    with in_our_words:
        pool = await asyncpg.create_pool(
            dsn,
            min_size=0,  # connections come with the work; the driver logs tracebacks when it cannot keep a floor
            max_size=size,
            max_inactive_connection_lifetime=60,
            timeout=ACQUIRE_SECONDS,
            command_timeout=COMMAND_SECONDS,
            statement_cache_size=256,
            server_settings={**_SESSION, "statement_timeout": f"{COMMAND_SECONDS * 1000:.0f}"},
            init=_speak_json,
            reset=_keep_session,
        )
    try:
        reader = Pool(pool)
        await reader.fetchval("select 1")
        async with Bell(dsn) as bell:
            yield Database(reader, bell)
    finally:
        try:
            async with asyncio.timeout(5):
                await pool.close()
        except TimeoutError:
            pool.terminate()


@cache
def _columns(kind: type[Any]) -> Callable[[Record], tuple[Any, ...]]:
    names = [field.name for field in fields(kind)]
    if len(names) == 1:
        return lambda record: (record[names[0]],)
    return itemgetter(*names)


def row(kind: type[T], record: Record) -> T:
    """The record as this dataclass: columns and fields bear the same names.  Further columns are left aside."""
    return kind(*_columns(cast(Any, kind))(record))


def one(kind: type[T], record: Record | None) -> T:
    """The record as this dataclass; NotFound where there is none."""
    if record is None:
        raise NotFound
    return row(kind, record)


async def _speak_json(connection: "asyncpg.Connection[Record]") -> None:
    """jsonb columns hold plain Python values on our side."""
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=lambda value: msgspec.json.encode(value).decode(), decoder=msgspec.json.decode
    )


async def _keep_session(_: "asyncpg.Connection[Record]") -> None:
    """Nothing to clean up between uses: no code here changes a session, and to ask PostgreSQL for it anyway costs a round trip."""


class _InOurWords:
    """Turns what the driver raises into one of ours."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError | asyncpg.InternalClientError | OSError):
            raise _ours(error) from None  # TimeoutError is an OSError


in_our_words = _InOurWords()

# connection, authorization and name of the database; serialization, deadlock; resources; locks; operator and timeouts; input and output
_TRY_AGAIN = ("08", "28", "3D", "40001", "40P01", "53", "55P03", "57", "58", "25006", "25P03", "25P04")


def _ours(error: BaseException) -> DatabaseUnreachable | Violated | QueryFailed:
    name = type(error).__name__
    match error:
        case asyncpg.InvalidCachedStatementError():
            return DatabaseUnreachable(f"{name} {error.sqlstate}")
        case asyncpg.PostgresError(sqlstate=str(sqlstate)) if sqlstate.startswith(_TRY_AGAIN):
            return DatabaseUnreachable(f"{name} {sqlstate}")
        case asyncpg.IntegrityConstraintViolationError():
            return Violated(error.constraint_name or error.column_name or "constraint", f"{name} {error.sqlstate}")
        case asyncpg.PostgresError(sqlstate=str(sqlstate)) if sqlstate.startswith("42"):
            return QueryFailed(f"{name} {sqlstate}: {error.args[0]}")  # names what our own statement says, no values
        case asyncpg.PostgresError():
            return QueryFailed(f"{name} {error.sqlstate}")
        case asyncpg.DataError():
            return QueryFailed(f"{name}: an argument does not fit its place in the statement")
        case asyncpg.InterfaceError() if not any(word in str(error) for word in ("closed", "closing", "released")):
            return QueryFailed(f"{name}: {error}")  # the driver was used wrongly; it then quotes its own methods alone
        case _:
            return DatabaseUnreachable(name)
