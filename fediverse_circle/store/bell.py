"""The bell: rung after a commit, it wakes whoever waits for news, in this process at once and in the others by NOTIFY.

It carries nothing: who hears it reads on from its own place in the tables, so a ring that is lost costs time and no data.  NOTIFY takes a
lock on the whole database until the commit; inside each writing transaction it cut commits to a quarter (measured).  So it is sent here
alone, on a connection of its own, and rings that come close together are one.
"""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Self, final

import asyncpg

from fediverse_circle.store.failures import DRIVER_ERRORS

_APART = 0.01  # seconds between two rings: whoever reads the tables anew for each of many commits reads for nothing
_HEARTBEAT = 30.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0


@final
class Ear:
    """One listener's memory of the bell: a ring between two waits is not missed; rings that come close together are one."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()
        self._rests_until = 0.0

    async def wait(self, seconds: float) -> bool:
        """Whether the bell rang since the last wait, waiting up to so many seconds for it."""
        ticks = asyncio.get_running_loop().time
        if (rest := self._rests_until - ticks()) > 0:
            await asyncio.sleep(min(rest, seconds))
        try:
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        except TimeoutError:
            return False
        self._rung.clear()
        self._rests_until = ticks() + _APART
        return True

    def ring(self) -> None:
        self._rung.set()


@final
class Bell:
    """Rings within this process as soon as it is touched, and between the processes that share a database."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._name = secrets.token_hex(8)  # ours, so that we do not answer our own ring
        self._ears: set[Ear] = set()
        self._touched = asyncio.Event()
        self._lost = asyncio.Event()
        self._connected = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._carry(), name="bell")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    def touch(self) -> None:
        """Something was committed."""
        self._ring_here()
        self._touched.set()

    @contextmanager
    def listening(self) -> Iterator[Ear]:
        """An ear for as long as the block lasts.  Begin listening, then read the tables, then wait: nothing falls between."""
        ear = Ear()
        self._ears.add(ear)
        try:
            yield ear
        finally:
            self._ears.discard(ear)

    async def connected(self) -> None:
        """Wait until rings of other processes are heard."""
        await self._connected.wait()

    def _ring_here(self) -> None:
        for ear in self._ears:
            ear.ring()

    async def _carry(self) -> None:
        """Keep one connection that tells others and hears them; come back after a loss, ever more patiently."""
        pause = _FIRST_PAUSE
        while True:
            try:
                connection = await asyncpg.connect(self._dsn, timeout=10, command_timeout=10)
                pause = _FIRST_PAUSE
                try:
                    await self._exchange(connection)
                finally:
                    self._connected.clear()
                    connection.terminate()
            except DRIVER_ERRORS:
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    async def _exchange(self, connection: "asyncpg.Connection[Any]") -> None:
        lost = self._lost = asyncio.Event()

        def end(_: object) -> None:
            lost.set()
            self._touched.set()

        def hear(_connection: object, _pid: int, _channel: str, sender: object) -> None:
            if sender != self._name:
                self._ring_here()

        connection.add_termination_listener(end)
        await connection.add_listener("bell", hear)
        self._connected.set()
        self._ring_here()  # what was said while nobody listened
        while not lost.is_set():
            try:
                async with asyncio.timeout(_HEARTBEAT):
                    await self._touched.wait()
            except TimeoutError:
                await connection.execute("select 1")
                continue
            self._touched.clear()
            await connection.execute("select pg_notify('bell', $1)", self._name)
            await asyncio.sleep(_APART)
