"""What becomes of an entry that arrives, whatever it is: the order in which the rules are asked.

The caller gathers what is held about it (`Beside`), asks, and applies the verdict.  Rules as in CIRCLES.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, final

from fediverse_circle.domain.circle.content import accepted, check_delete, check_update
from fediverse_circle.domain.circle.entry import Entry
from fediverse_circle.domain.circle.log import Log
from fediverse_circle.domain.circle.verdict import Falls, Forks, Stands, Verdict, Waits
from fediverse_circle.vocab.circle.forms import Hash, Key, Person, Refused, Rule
from fediverse_circle.vocab.circle.types import Delete, Update, Withdraw
from fediverse_circle.vocab.circle.words import Gap

AHEAD: Final = timedelta(minutes=10)
MOST_FORKS: Final = 3


@final
@dataclass(frozen=True, slots=True)
class Beside:
    """What is held about an entry: others with its place in the feed; whether what `prev` names is held or explained by a gap; the author of the
    thing it updates or takes back, if its `Create` is held; how often its key has forked."""

    same_place: frozenset[Hash]
    follows: bool
    creator: Person | None
    forks: int


def explains(gaps: Iterable[Gap], key: Key, seq: int, prev: Hash) -> bool:
    """R77: whether a gap says that the entry before this place of a feed is not for one's people."""
    return any(gap.key == key and gap.until == seq - 1 and gap.last == prev for gap in gaps)


def arrived(log: Log, entry: Entry, beside: Beside, now: datetime) -> Verdict:
    """What becomes of the entry.  An operation that stands is in the log afterwards; content is for the caller to keep."""
    if entry.circle != log.circle:
        return Falls(Rule("R29"))
    if entry.said.published > now + AHEAD:
        return Waits(Rule("R12"), frozenset(), entry.said.published - AHEAD)
    verdict = log.add(entry) if entry.is_operation else _content(log, entry, beside)
    others = beside.same_place - {entry.hash}
    return Forks(others) if verdict == Stands(new=True) and others else verdict


def _content(log: Log, entry: Entry, beside: Beside) -> Verdict:
    if missing := log.missing(entry.said.heads):
        return Waits(Rule("R11"), missing, None)
    try:
        if isinstance(entry.said.deed, Delete | Withdraw):
            check_delete(log, entry, beside.creator)
            return Stands(new=True)  # R10 is not asked: erasing is never too early
        said = accepted(log, entry)
        if isinstance(entry.said.deed, Update) and beside.creator is not None:
            check_update(said, beside.creator)
    except Refused as refusal:
        return Falls(refusal.rule)
    if beside.forks >= MOST_FORKS:
        return Waits(Rule("R14"), frozenset(), None)
    if entry.said.prev is not None and not beside.follows:
        return Waits(Rule("R10"), frozenset({entry.said.prev}), None)
    if isinstance(entry.said.deed, Update) and beside.creator is None:
        return Waits(Rule("R51"), frozenset(), None)  # whose thing it is will be known when its Create comes
    return Stands(new=True)
