"""Who is told what: pushing an entry, and what an instance that asks may have.  CIRCLES.md, section 12; the rules bear its numbers.

Inboxes and keys are those that the log names; which instance is quiet or stale, and how a request is made, is not known here.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, final

from fediverse_circle.domain.circle.content import Said, readers
from fediverse_circle.domain.circle.entry import Entry
from fediverse_circle.domain.circle.log import Log
from fediverse_circle.domain.circle.state import State
from fediverse_circle.domain.circle.validity import INVITATION
from fediverse_circle.vocab.circle.forms import Hash, Key, Person, origin_of
from fediverse_circle.vocab.circle.types import Accept, Admit, Offer
from fediverse_circle.vocab.circle.words import Gap

Ranges = tuple[tuple[int, int], ...]
NO_RANGES: Final[Ranges] = ()


@final
@dataclass(frozen=True, slots=True)
class Asker:
    """Whom an instance that asks with a key speaks for.

    `members` may read.  `waits`: it hosts somebody invited, a founder yet to join, or somebody whose Join does not hold though nobody removed
    them, and may have the log.  `former`: who was in once, and may have what concerns them.
    """

    members: frozenset[Person]
    waits: bool
    former: frozenset[Person]


@final
@dataclass(frozen=True, slots=True)
class Row:
    """A content entry that the answerer holds, with or without its words.  `readable`: one of the asker's people may have it."""

    hash: Hash
    key: Key
    seq: int
    published: datetime
    readable: bool
    has_words: bool


@final
@dataclass(frozen=True, slots=True)
class Choice:
    """What is sent: entries, oldest first; claims about what is not; whether there is more."""

    entries: tuple[Hash, ...]
    gaps: tuple[Gap, ...]
    more: bool


def told_of_operation(log: Log, entry: Entry, now: datetime) -> frozenset[str]:
    """R72: the inboxes of members, founders yet to join, the openly invited, and whom it concerns."""
    state = log.state
    inboxes = {one.inbox for one in state.members.values()}
    inboxes |= {log.identity(person).inbox for person in log.founders_yet_to_join()}
    inboxes |= {inbox for _, _, inbox in _open_invitations(log, state, now)}
    concerned = _concerned(log, entry)
    if concerned is not None:
        before = log.state_at(entry.said.heads) if entry.said.heads else state
        member, invitation = before.members.get(concerned), before.invited.get(concerned)
        if member is not None:
            inboxes.add(member.inbox)
        inboxes |= {_admitted(log, one)[1] for one in (invitation.admissions if invitation else ())}
    return frozenset(inboxes)


def told_of_content(log: Log, root: Said, *, only_then: bool) -> frozenset[str]:
    """R72: the inboxes of everybody who may read the conversation."""
    members = log.state.members
    return frozenset(members[person].inbox for person in readers(log, root, only_then=only_then))


def told_of_withdrawal(log: Log) -> frozenset[str]:
    """R72: the inboxes of all that ever hosted a member."""
    return log.inboxes_ever()


def asker(log: Log, key: Key, now: datetime) -> Asker:
    """R76: whom a request that is signed with this key speaks for; nobody, for a stranger's."""
    state = log.state
    homes = {origin_of(one.inbox) for one in state.members.values() if one.key == key}
    members = frozenset(person for person, one in state.members.items() if origin_of(one.inbox) in homes)
    former = log.voices(key) - state.members.keys()
    waiting = {log.identity(person).key for person in log.founders_yet_to_join()} | {
        one for _, one, _ in _open_invitations(log, state, now)
    }
    return Asker(members, key in waiting or any(log.fell(person) for person in former), former)


def operations_for(log: Log, whom: Asker, heads: Iterable[Hash]) -> tuple[Entry, ...]:
    """R76: the operations that the asker does not know and may have, causes first.

    Who was in once gets those about them, and what these cite: without it nobody could tell that a removal stands, and erase.
    """
    unknown = log.unknown_to(heads)
    if whom.members or whom.waits:
        return unknown
    about = tuple(one.hash for one in unknown if {log.operation(one.hash).person, _concerned(log, one)} & whom.former)
    return tuple(one for one in unknown if log.knows(about, one.hash))


def choose(rows: Iterable[Row], tops: Mapping[Key, int], holes: Mapping[Key, Ranges], want: frozenset[Hash], limit: int) -> Choice:
    """R76, R77: of what is held, what is above the asker's tops or in its holes, or asked for because its words are missing; oldest first.

    A feed is always sent in its own order, so that a limit leaves no hole.  What would bring the asker nothing takes no place.
    """
    feeds: defaultdict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        if (row.has_words and row.hash in want) or row.seq > tops.get(row.key, 0) or _within(row.seq, holes.get(row.key, NO_RANGES)):
            feeds[row.key].append(row)
    ordered: list[tuple[datetime, Key, int, Row]] = []
    for key, feed in feeds.items():
        latest = min(row.published for row in feed)
        for row in sorted(feed, key=lambda row: (row.seq, row.hash)):
            latest = max(latest, row.published)
            ordered.append((latest, key, row.seq, row))
    sent = [row for _, _, _, row in sorted(ordered, key=lambda one: (one[0], one[1], one[2], one[3].hash))]
    end = _page(sent, limit)
    return Choice(tuple(row.hash for row in sent[:end] if row.readable), _gaps(sent[:end]), more=end < len(sent))


def _page(rows: Sequence[Row], limit: int) -> int:
    """Where a page ends: after so many readable entries, but never between rivals for one place (R14)."""
    count = 0
    for place, row in enumerate(rows):
        if count >= limit and (row.key, row.seq) != (rows[place - 1].key, rows[place - 1].seq):
            return place
        count += row.readable
    return len(rows)


def holes_of(feed: Collection[Entry], gaps: Collection[Gap]) -> Ranges:
    """R77: what to ask for of a feed below its top: places that are neither held nor explained by a gap; and those of which another branch is
    held, but not the entry that the next one names (R14)."""
    held, hashes = {one.said.seq for one in feed}, {one.hash for one in feed}
    known = held.union(*(range(gap.since, gap.until + 1) for gap in gaps))
    missing = set(range(1, max(known, default=0))) - known
    unnamed = {one.said.seq - 1 for one in feed if one.said.prev not in hashes and one.said.prev is not None}
    return _ranges(sorted(missing | unnamed - {gap.until for gap in gaps}))


def keeps_replica(log: Log, origin: str, now: datetime) -> bool:
    """R81: whether an instance has somebody for whom it holds the circle: a member or guest, a founder yet to join, or somebody invited."""
    state = log.state
    inboxes = {one.inbox for one in state.members.values()} | {log.identity(person).inbox for person in log.founders_yet_to_join()}
    inboxes |= {inbox for _, _, inbox in _open_invitations(log, state, now)}
    return any(origin_of(inbox) == origin for inbox in inboxes)


def _open_invitations(log: Log, state: State, now: datetime) -> Iterable[tuple[Person, Key, str]]:
    """Who is invited, by which key and inbox; an invitation serves 30 days (R26)."""
    for person, invitation in state.invited.items():
        for name in invitation.admissions:
            if now - log.operation(name).entry.said.published <= INVITATION:
                key, inbox = _admitted(log, name)
                yield person, key, inbox


def _admitted(log: Log, admission: Hash) -> tuple[Key, str]:
    change = log.operation(admission).change
    assert isinstance(change, Admit)
    return change.who.key, change.who.inbox


def _concerned(log: Log, entry: Entry) -> Person | None:
    """Whom an operation is about, if it proposes something or votes."""
    match entry.said.deed:
        case Offer():
            return log.operation(entry.hash).target
        case Accept(proposal):
            return log.operation(proposal).target
        case _:
            return None


def _within(seq: int, ranges: Ranges) -> bool:
    return any(since <= seq <= until for since, until in ranges)


def _gaps(rows: Iterable[Row]) -> tuple[Gap, ...]:
    """Stretches of feeds that are held and not for the asker."""
    feeds: defaultdict[Key, dict[int, Row]] = defaultdict(dict)
    readable = set()
    for row in rows:
        feeds[row.key][row.seq] = row
        if row.readable:
            readable.add((row.key, row.seq))
    return tuple(
        Gap(key, since, until, feed[until].hash)
        for key, feed in sorted(feeds.items())
        for since, until in _ranges(sorted(seq for seq in feed if (key, seq) not in readable))
    )


def _ranges(numbers: Iterable[int]) -> Ranges:
    """Sorted numbers as stretches."""
    stretches: list[tuple[int, int]] = []
    for number in numbers:
        if stretches and stretches[-1][1] == number - 1:
            stretches[-1] = (stretches[-1][0], number)
        else:
            stretches.append((number, number))
    return tuple(stretches)
