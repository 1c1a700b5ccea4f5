"""How one process behaves towards strangers: it does not ask again at once what was refused, and asks one thing at a time of each host.

Whoever makes us ask (by signing with a key that nobody has heard of, say) can neither make us ask often, nor keep many waiting.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
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

    def __init__(self, *, at_once: int = 64, waiting_for_one: int = 16) -> None:
        self.in_vain: Remembered[str, type[Trouble]] = Remembered(_REMEMBERED, _FOR)
        self._at_once, self._waiting_for_one = at_once, waiting_for_one
        self._asking: Counter[str] = Counter()
        self._doors: dict[str, asyncio.Lock] = {}

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait until nobody else asks this host; Busy if too many are waiting.  What one asked, the next may find known."""
        if self._asking.total() >= self._at_once or self._asking[host] >= self._waiting_for_one:
            raise Busy
        self._asking[host] += 1
        try:
            async with self._doors.setdefault(host, asyncio.Lock()):
                yield
        finally:
            self._asking[host] -= 1
            if not self._asking[host]:
                del self._asking[host], self._doors[host]
