"""The database: a pool to read from, a transaction to write in, rows as dataclasses."""

import os
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, fields
from functools import cache
from operator import itemgetter
from typing import Any, Protocol, TypeVar, cast, final

import asyncpg

from fediverse_circle.core.errors import NotFound
from fediverse_circle.core.transaction import transaction_open
from fediverse_circle.store.bell import Bell
from fediverse_circle.store.connections import Connections
from fediverse_circle.store.failures import DRIVER_ERRORS, in_our_words
from fediverse_circle.store.failures import DatabaseUnreachable as DatabaseUnreachable  # for those who hold a handle
from fediverse_circle.store.failures import QueryFailed as QueryFailed
from fediverse_circle.store.failures import Violated as Violated

Record = asyncpg.Record
T = TypeVar("T")


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
    """Reads on whichever connection is free; each statement sees what was committed when it began."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def fetch(self, query: str, *arguments: object) -> list[Record]:
        connection = await self._connections.take()
        try:
            with in_our_words:
                return await connection.fetch(query, *arguments)
        finally:
            self._connections.give(connection)

    async def fetchrow(self, query: str, *arguments: object) -> Record | None:
        connection = await self._connections.take()
        try:
            with in_our_words:
                return await connection.fetchrow(query, *arguments)
        finally:
            self._connections.give(connection)

    async def fetchval(self, query: str, *arguments: object) -> Any:
        connection = await self._connections.take()
        try:
            with in_our_words:
                return await connection.fetchval(query, *arguments)
        finally:
            self._connections.give(connection)


@final
class Tx:
    """An open transaction.  Only `begin` makes one."""

    def __init__(self, seal: object, connection: "asyncpg.Connection[Any]") -> None:
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
    connection = await db.pool._connections.take()
    try:
        transaction = connection.transaction()
        with in_our_words:
            await transaction.start()
        token = transaction_open.set(True)
        tx = Tx(_SEAL, connection)
        try:
            yield tx
        except BaseException:
            with suppress(*DRIVER_ERRORS):
                await transaction.rollback()  # where the connection is lost, so is the transaction
            raise
        else:
            with in_our_words:
                await transaction.commit()
        finally:
            tx._connection = _ENDED
            transaction_open.reset(token)
    finally:
        db.pool._connections.give(connection)
    db.bell.touch()


@asynccontextmanager
async def open_database(dsn: str, *, connections: int | None = None) -> AsyncIterator[Database]:
    """The database behind the address, for as long as the block lasts.  More connections than twice the cores gain nothing (measured)."""
    opened = Connections(dsn, connections or min(16, 2 * (os.cpu_count() or 1)))
    try:
        pool = Pool(opened)
        await pool.fetchval("select 1")
        async with Bell(dsn) as bell:
            yield Database(pool, bell)
    finally:
        opened.close()


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
