"""Pages of lists that are ordered by number, newest first."""

from dataclasses import dataclass
from typing import Self

_LOWEST, _HIGHEST = 0, (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Page:
    """A window on a list: numbers strictly between `above` and `below`, at most `limit` of them.

    `upwards` (Mastodon's `min_id`): those just above `above`, else (`max_id`, `since_id`) the newest below `below`.  Either way the answer is
    newest first.
    """

    below: int = _HIGHEST
    above: int = _LOWEST
    limit: int = 20
    upwards: bool = False

    @classmethod
    def of(cls, *, max_id: int | None, since_id: int | None, min_id: int | None, limit: int) -> Self:
        """The page that Mastodon's parameters describe."""
        above = min_id if min_id is not None else since_id if since_id is not None else _LOWEST
        return cls(_HIGHEST if max_id is None else max_id, above, limit, min_id is not None)
