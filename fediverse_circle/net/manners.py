"""How one process behaves towards strangers it was made to ask: one thing at a time of each host, few a minute, and not again what was refused.

Whoever makes us ask (by signing with a key that nobody has heard of, say) can neither make us ask often, nor keep many waiting.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import final

from fediverse_circle.core.errors import Trouble, Unreachable
from fediverse_circle.core.remember import Remembered

_REMEMBERED = 20_000
_FOR = timedelta(minutes=5)


class Busy(Unreachable):
    """So many ask already that this one has to come again."""

    sentence = "This server asks as many others as it can just now."


@final
class Manners:
    """`in_vain`: what was asked lately without success, and how it failed."""

    def __init__(
        self,
        *,
        at_once: int = 64,
        waiting_for_one: int = 16,
        a_minute: int = 600,
        a_minute_of_one: int = 60,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.in_vain: Remembered[str, type[Trouble]] = Remembered(_REMEMBERED, _FOR)
        self._at_once, self._waiting_for_one = at_once, waiting_for_one
        self._a_minute, self._a_minute_of_one, self._ticks = a_minute, a_minute_of_one, ticks
        self._asking: Counter[str] = Counter()
        self._asked: Counter[str] = Counter()
        self._doors: dict[str, asyncio.Lock] = {}
        self._minute = 0.0

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait until nobody else asks this host; Busy if too many are waiting or have asked.  What one asked, the next may find known."""
        self._count(host)
        self._asking[host] += 1
        try:
            async with self._doors.setdefault(host, asyncio.Lock()):
                yield
        finally:
            self._asking[host] -= 1
            if not self._asking[host]:
                del self._asking[host], self._doors[host]

    def _count(self, host: str) -> None:
        if self._ticks() >= self._minute:
            self._minute = self._ticks() + 60
            self._asked.clear()
        if self._asking.total() >= self._at_once or self._asking[host] >= self._waiting_for_one:
            raise Busy
        if self._asked.total() >= self._a_minute or self._asked[host] >= self._a_minute_of_one:
            raise Busy
        self._asked[host] += 1
