"""What is said in a circle: what is accepted, what stands, who may read it.  CIRCLES.md, section 10; the rules bear its numbers.

Everything is a function of the log and of the entries about one thing, in whatever order they came.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, final

from fediverse_circle.domain.circle.entry import Entry
from fediverse_circle.domain.circle.log import Log
from fediverse_circle.domain.circle.state import State
from fediverse_circle.vocab.circle.forms import Hash, Key, Person, Refused, origin_of
from fediverse_circle.vocab.circle.types import Accept, Create, Days, Describe, Leave, Offer, Update, Withdraw
from fediverse_circle.vocab.circle.words import Terms


@final
@dataclass(frozen=True, slots=True)
class Said:
    """A `Create`, an `Update` or a profile that was accepted, and whose it is."""

    entry: Entry
    person: Person


@final
@dataclass(frozen=True, slots=True)
class Thing:
    """All that is known about one object id.  `withdrawals`: the Deletes of the persons who created it."""

    creates: tuple[Said, ...]
    updates: tuple[Said, ...]
    deletes: tuple[Entry, ...]
    withdrawals: tuple[Entry, ...]


@final
@dataclass(frozen=True, slots=True)
class Shown:
    """The thing is there: `create` began it, `words` are those of this entry; all other words about it are to be erased."""

    create: Said
    words: Said


@final
@dataclass(frozen=True, slots=True)
class Gone:
    """The thing is not there: all words about it are to be erased."""

    why: Literal["unknown", "cut", "retracted", "taken back", "withdrawn"]


def accepted(log: Log, entry: Entry) -> Said:
    """R47, R20: a `Create`, `Update` or profile whose author was in, as the entry itself knew.  KeyError if its heads are not here."""
    said = entry.said
    then = log.state_at(said.heads)
    persons = [person for person, one in then.members.items() if one.key == said.key and one.actor == said.actor]
    if not persons:
        raise Refused("R47")
    person = min(persons)  # R27
    match said.deed:
        case Create(thing, _):
            if origin_of(thing) != (then.members[person].host or origin_of(said.actor)):
                raise Refused("R20")
        case Update():
            pass
        case Describe():
            if person not in then.keepers:  # section 9: the profile is the keepers'
                raise Refused("R47")
        case _:
            raise Refused("R47")
    return Said(entry, person)


def check_update(update: Said, creator: Person) -> None:
    """R51: only the author says it again."""
    if update.person != creator:
        raise Refused("R51")


def check_delete(log: Log, entry: Entry, creator: Person | None) -> None:
    """R52: taking back is for a key that ever spoke for the author.  Without the thing, a key that ever spoke for anybody will do.

    Whether a revocation leaves it without effect is not asked here: that may change with every decision, and `look` asks each time.
    """
    author = entry.said.deed.person if isinstance(entry.said.deed, Withdraw) else creator
    voices = log.voices(entry.said.key)
    if not voices or (author is not None and author not in voices):
        raise Refused("R52")


def look(log: Log, thing: Thing) -> Shown | Gone:
    """Whether a thing is there, and which words it has: R20, R50 to R53."""
    if not thing.creates:
        return Gone("unknown")
    create = min(thing.creates, key=lambda one: (one.entry.said.published, one.entry.hash))  # R20
    state = log.state
    if create.entry.hash in state.retracted:
        return Gone("retracted")
    if any(_may_delete(log, delete, create.person) for delete in thing.deletes):
        return Gone("taken back")
    if any(_withdraws(log, one, create) for one in thing.withdrawals):
        return Gone("withdrawn")
    if not stands(log, create, state):
        return Gone("cut")
    versions = [one for one in thing.updates if one.person == create.person and stands(log, one, state)]  # R51
    return Shown(create, max([create, *versions], key=_by_time))


def profile(log: Log, profiles: Iterable[Said]) -> Said | None:
    """The profile that is shown (section 9): of those that stand and that no other has known, the latest."""
    state = log.state
    standing = [(one, log.past(one.entry.said.heads)) for one in profiles if stands(log, one, state)]
    latest = [one for one, past in standing if not any(past != other and past & ~other == 0 for _, other in standing)]
    return max(latest, key=lambda one: (one.entry.said.published, one.entry.hash), default=None)


def stands(log: Log, said: Said, state: State) -> bool:
    """R50: no removal of its author, no revocation of its key and no Leave leaves it behind.  What it knew of leaves it be."""
    envelope = said.entry.said
    against = log.removes(said.person) | log.revokes(said.person, envelope.key)
    if against:
        known = log.state_at(envelope.heads).reducing
        if any(envelope.seq > _cut(log, decision, envelope.key) for decision in against - known):
            return False
    return all(
        _before_leaving(leave, envelope.key, envelope.seq) for leave in log.leaves(said.person) if not log.knows(envelope.heads, leave.hash)
    )


def is_entitled(log: Log, person: Person, root: Said, *, only_then: bool) -> bool:
    """R48: whether somebody may read a conversation, by its root; `only_then` is the word of the root."""
    return person in readers(log, root, only_then=only_then)


def readers(log: Log, root: Said, *, only_then: bool) -> frozenset[Person]:
    """R48: everybody who may read a conversation, by its root; `only_then` is the word of the root."""
    now, then = log.state.members, log.state_at(root.entry.said.heads).members
    published = root.entry.said.published
    return frozenset(
        person
        for person, member in now.items()
        if person in then or (not only_then and _reaches(log, member.history, member.join, published))
    )


def ends(published: datetime, terms: Terms | None, expire: int | None) -> datetime | None:
    """R54: when words fade: as their author says, at the latest as the rules of the present say."""
    by_rule = None if expire is None else published + timedelta(seconds=expire)
    by_author = None if terms is None else terms.ends
    return min((end for end in (by_rule, by_author) if end is not None), default=None)


def repeats(former: Terms, new: Terms) -> bool:
    """R51: whether an `Update` leaves unchanged what it must."""
    return (former.kind, former.answers, former.context, former.intent, former.answer_first) == (
        new.kind,
        new.answers,
        new.context,
        new.intent,
        new.answer_first,
    )


def check_answer(root: Terms, root_id: str, parent: Terms, parent_id: str, answer: Terms, *, is_by_root_author: bool) -> None:
    """R49, R59: an answer belongs to the conversation of what it answers, and whoever asked just to be listened to gets reactions only."""
    if answer.answers != parent_id or answer.context != root_id or (parent.context or parent_id) != root_id:
        raise Refused("R49")
    just_listen = "justListen" in (root.intent, parent.intent)
    if just_listen and not answer.is_reaction and not is_by_root_author:
        raise Refused("R59")


def _by_time(one: Said) -> tuple[datetime, int, Hash]:
    return one.entry.said.published, one.entry.said.seq, one.entry.hash


def _reaches(log: Log, history: object, join: Hash, published: datetime) -> bool:
    joined = log.operation(join).entry.said.published
    return history == "all" or (isinstance(history, Days) and published >= joined - timedelta(days=history.days))


def _cut(log: Log, decision: Hash, key: Key) -> int:
    """R50: the largest seq of the feed that at least half of V(ρ) had seen."""
    seen = sorted((_seen(vote, key) for vote in log.deciding_votes(decision)), reverse=True)
    return seen[(len(seen) + 1) // 2 - 1]


def _seen(vote: Entry, key: Key) -> int:
    match vote.said.deed:
        case Offer(_, seen) | Accept(_, seen) if seen is not None:
            return seen.top(key)
        case _:
            return 0


def _before_leaving(leave: Entry, key: Key, seq: int) -> bool:
    if leave.said.key == key:
        return seq < leave.said.seq
    return isinstance(leave.said.deed, Leave) and seq <= leave.said.deed.seen.top(key)


def _may_delete(log: Log, delete: Entry, author: Person) -> bool:
    """R52.  A revoked key takes nothing back beyond the cut, whatever it knows; unless it was given to the author anew."""
    envelope = delete.said
    if author not in log.voices(envelope.key):
        return False
    revokes = log.revokes(author, envelope.key)
    if all(envelope.seq <= _cut(log, decision, envelope.key) for decision in revokes):
        return True
    then = log.state_at(envelope.heads)
    return revokes <= then.reducing and author in then.members and then.members[author].key == envelope.key


def _withdraws(log: Log, delete: Entry, said: Said) -> bool:
    """R53: everything up to what the author had seen of each feed, and of the signing feed all before it."""
    if not isinstance(delete.said.deed, Withdraw) or delete.said.deed.person != said.person:
        return False
    if not _may_delete(log, delete, said.person):
        return False
    envelope = said.entry.said
    within = envelope.key == delete.said.key and envelope.seq < delete.said.seq
    return within or envelope.seq <= delete.said.deed.seen.top(envelope.key)
