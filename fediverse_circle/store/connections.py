"""Open connections, lent out one at a time.

The driver's own pool makes a task and cleans the session up at each return: 50 us of CPU where a statement takes 16 (measured), several times a
request.  Nothing here changes a session, so there is nothing to clean up; what is left of a pool is this.
"""

import asyncio
from typing import Any, final

import asyncpg
import msgspec

from fediverse_circle.store.failures import in_our_words

COMMAND_SECONDS = 30.0
ACQUIRE_SECONDS = 10.0
IDLE_SECONDS = 60.0
SESSION = {
    "application_name": "fediverse_circle",
    "timezone": "UTC",
    "jit": "off",
    "plan_cache_mode": "force_generic_plan",  # planning `visible_posts` anew takes five times as long as asking it (measured)
    "idle_in_transaction_session_timeout": "60s",
    "client_connection_check_interval": "2s",  # whoever is gone holds no locks for long
}


@final
class Connections:
    """At most so many connections, opened as they are needed and closed when they have long been idle."""

    def __init__(self, dsn: str, most: int) -> None:
        self._dsn = dsn
        self._turns = asyncio.Semaphore(most)
        self._idle: list[tuple[float, asyncpg.Connection[Any]]] = []  # since when; the last one back is the first one out
        self._now = asyncio.get_running_loop().time
        self._closing: asyncio.TimerHandle | None = None
        self._open = True

    async def take(self) -> "asyncpg.Connection[Any]":
        """A connection for the taker alone, until it is given back."""
        if self._turns.locked():
            with in_our_words:
                async with asyncio.timeout(ACQUIRE_SECONDS):
                    await self._turns.acquire()
        else:
            await self._turns.acquire()
        while self._idle:
            _, connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        try:
            return await self._connect()
        except BaseException:
            self._turns.release()
            raise

    def give(self, connection: "asyncpg.Connection[Any]") -> None:
        """The connection is free again; one that is not as it was taken is thrown away."""
        self._turns.release()
        if connection.is_closed():
            return
        if connection.is_in_transaction() or not self._open:
            connection.terminate()
            return
        self._idle.append((self._now(), connection))
        if self._closing is None:
            self._closing = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._close_idle)

    def close(self) -> None:
        """Nobody needs them any more.  Those that are still out are closed as they come back."""
        self._open = False
        if self._closing is not None:
            self._closing.cancel()
        while self._idle:
            self._idle.pop()[1].terminate()

    def _close_idle(self) -> None:
        self._closing = None
        while self._idle and self._idle[0][0] <= self._now() - IDLE_SECONDS:
            self._idle.pop(0)[1].terminate()
        if self._idle:
            self._closing = asyncio.get_running_loop().call_at(self._idle[0][0] + IDLE_SECONDS, self._close_idle)

    async def _connect(self) -> "asyncpg.Connection[Any]":
        with in_our_words:
            connection = await asyncpg.connect(
                self._dsn,
                timeout=ACQUIRE_SECONDS,
                command_timeout=COMMAND_SECONDS,
                statement_cache_size=256,
                server_settings={**SESSION, "statement_timeout": f"{COMMAND_SECONDS * 1000:.0f}"},
            )
            # jsonb columns hold plain Python values on our side.
            await connection.set_type_codec(
                "jsonb", schema="pg_catalog", encoder=lambda value: msgspec.json.encode(value).decode(), decoder=msgspec.json.decode
            )
        return connection
