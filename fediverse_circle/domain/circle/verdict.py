"""What becomes of an entry that has come."""

from dataclasses import dataclass
from datetime import datetime
from typing import final

from fediverse_circle.vocab.circle.forms import Hash, Rule


@final
@dataclass(frozen=True, slots=True)
class Stands:
    """It is taken; `new` unless it was here already."""

    new: bool


@final
@dataclass(frozen=True, slots=True)
class Forks:
    """R14: it is taken, and there is another with its place in the feed: all keepers are shown both."""

    others: frozenset[Hash]


@final
@dataclass(frozen=True, slots=True)
class Waits:
    """It is set aside: until what it cites is here, or until a time."""

    rule: Rule
    missing: frozenset[Hash]
    until: datetime | None


@final
@dataclass(frozen=True, slots=True)
class Falls:
    """It is refused by this rule; what is refused can never be a parent."""

    rule: Rule


Verdict = Stands | Forks | Waits | Falls
