"""How much one cause may ask of strangers.

A post that arrives may name an author, a parent, the parent's parent, people by the thousand, hosts without end.  Whatever follows from one
request or one job shares one budget, and when it is spent the rest stays unknown.
"""

import time
from collections.abc import Callable
from typing import final

from fediverse_circle.core.errors import Unreachable


class BudgetSpent(Unreachable):
    """This cause has asked enough."""

    sentence = "That would ask too much of other servers at once."


@final
class Budget:
    """So many requests, redirects included, within so many seconds from now."""

    def __init__(self, *, requests: int, seconds: float, ticks: Callable[[], float] = time.monotonic) -> None:
        self._left, self._ticks, self._end = requests, ticks, ticks() + seconds

    def spend(self) -> None:
        """Take one request from the budget; BudgetSpent if there is none left, or no time."""
        if self._left <= 0 or self.seconds_left <= 0:
            raise BudgetSpent
        self._left -= 1

    @property
    def requests_left(self) -> int:
        """How many requests may still be made."""
        return self._left

    @property
    def seconds_left(self) -> float:
        """How long they may still take."""
        return max(0.0, self._end - self._ticks())
