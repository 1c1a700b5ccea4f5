"""A bounded memory for what was learned and soon grows old.  Time is passed in, so that tests own the clock."""

from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime, timedelta
from typing import Generic, TypeVar, final

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@final
class Remembered(Generic[K, V]):
    """At most `size` values, each for `lifetime`; the one unused for longest goes first."""

    def __init__(self, size: int, lifetime: timedelta) -> None:
        self._size, self._lifetime = size, lifetime
        self._values: OrderedDict[K, tuple[datetime, V]] = OrderedDict()

    def recall(self, key: K, now: datetime) -> V | None:
        """What was noted, if it is still fresh."""
        noted = self._values.get(key)
        if noted is None:
            return None
        if noted[0] <= now:
            del self._values[key]
            return None
        self._values.move_to_end(key)
        return noted[1]

    def note(self, key: K, value: V, now: datetime) -> None:
        """Keep this for a lifetime."""
        self._values[key] = (now + self._lifetime, value)
        self._values.move_to_end(key)
        while len(self._values) > self._size:
            self._values.popitem(last=False)

    def forget(self, key: K) -> None:
        """Nothing is known of this any more."""
        self._values.pop(key, None)
