"""A server of the simulation: people, what it holds of the circle, and what it does when something arrives or is asked for.

The rules are the program's own (`domain.circle`).  What stands here is what a store and an inbox do: keep, set aside, ask again, erase.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from fediverse_circle.domain.circle.arrival import Beside, arrived, explains
from fediverse_circle.domain.circle.content import Said, Shown, Thing, accepted, look, profile, readers
from fediverse_circle.domain.circle.entry import Entry
from fediverse_circle.domain.circle.feeds import Top, in_dispute, vector
from fediverse_circle.domain.circle.log import Log
from fediverse_circle.domain.circle.spreading import (
    Ranges,
    Row,
    asker,
    choose,
    holes_of,
    keeps_replica,
    operations_for,
    told_of_content,
    told_of_operation,
    told_of_withdrawal,
)
from fediverse_circle.domain.circle.verdict import Falls, Forks, Stands, Waits
from fediverse_circle.vocab.circle.forms import Hash, Key, Person
from fediverse_circle.vocab.circle.types import Create, Deed, Delete, Describe, Envelope, Update, Withdraw
from fediverse_circle.vocab.circle.words import Gap
from tests.unit.circle.cast import Someone, base58_of, sealed

COMMITMENT = Hash("zQm" + base58_of("commitment", 44))
TEN_MINUTES = timedelta(minutes=10)
A_MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Talk:
    """Words, as far as the rules look at them: of which conversation they are, and a text to be found again."""

    root: str
    text: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """An entry on its way, with its words if they go along."""

    entry: Entry
    words: Talk | None


@dataclass(frozen=True, slots=True)
class Question:
    """A request to sync (12.1)."""

    key: Key
    heads: tuple[Hash, ...]
    tops: Mapping[Key, int]
    holes: Mapping[Key, Ranges]
    want: frozenset[Hash]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    parcels: tuple[Parcel, ...]
    gaps: tuple[Gap, ...]
    more: bool
    heads: tuple[Hash, ...]
    tops: Mapping[Key, Top]


class Surroundings(Protocol):
    """What a server sees of the world."""

    now: datetime

    def send(self, sender: "Server", inbox: str, parcel: Parcel) -> None: ...

    def tell(self, line: str) -> None: ...

    def words_leave(self, sender: "Server", receiver: str, entry: Entry) -> None: ...

    def describe(self, entry: Entry) -> str: ...

    def forgets(self, server: "Server") -> None: ...


@dataclass(slots=True)
class Replica:
    """What a server holds of the circle."""

    log: Log
    entries: dict[Hash, Entry] = field(default_factory=dict)
    said: dict[Hash, Said] = field(default_factory=dict)
    words: dict[Hash, Talk] = field(default_factory=dict)
    roots: dict[str, str] = field(default_factory=dict)  # of a thing; outlives its words
    waiting: dict[Hash, tuple[Parcel, datetime]] = field(default_factory=dict)
    claims: dict[str, frozenset[Gap]] = field(default_factory=dict)  # by who made them
    told_at: dict[str, tuple[Hash, ...]] = field(default_factory=dict)  # what they knew of the log then: with that their gaps may change
    sent: dict[str, frozenset[str]] = field(default_factory=dict)  # where a thing has gone
    locals: tuple[object, ...] = ()  # as what its people were in when gaps were last believed

    @classmethod
    def founded(cls, genesis: Entry) -> "Replica":
        """A replica that holds the genesis alone."""
        return cls(Log(genesis), {genesis.hash: genesis})

    def copy(self) -> "Replica":
        """A backup."""
        log = Log(self.log.operations()[0])
        for entry in self.log.operations():
            log.add(entry)
        parts = (self.entries, self.said, self.words, self.roots, self.waiting, self.claims, self.told_at, self.sent)
        return Replica(log, *(dict(part) for part in parts), self.locals)  # type: ignore[arg-type]

    def thing(self, name: str) -> Thing:
        """All that is held about an object id."""
        about = [one for one in self.said.values() if getattr(one.entry.said.deed, "object", None) == name]
        entries = self.entries.values()
        return Thing(
            creates=tuple(one for one in about if isinstance(one.entry.said.deed, Create)),
            updates=tuple(one for one in about if isinstance(one.entry.said.deed, Update)),
            deletes=tuple(one for one in entries if isinstance(one.said.deed, Delete) and one.said.deed.object == name),
            withdrawals=tuple(one for one in entries if isinstance(one.said.deed, Withdraw)),
        )

    def create(self, name: str) -> Said | None:
        """The Create that has an object id (R20)."""
        return min(self.thing(name).creates, key=lambda one: (one.entry.said.published, one.entry.hash), default=None)

    def root(self, entry: Entry) -> Said | None:
        """The root of the conversation an entry belongs to, if it is known here."""
        match entry.said.deed:
            case Create(name, _) | Update(name, _) | Delete(name):
                return self.create(self.roots.get(name, ""))
            case _:
                return None

    def standing(self) -> dict[str, Shown]:
        """Every thing that is there."""
        names = {one.entry.said.deed.object for one in self.said.values() if isinstance(one.entry.said.deed, Create)}
        looked = ((name, look(self.log, self.thing(name))) for name in sorted(names))
        return {name: one for name, one in looked if isinstance(one, Shown)}

    def profile(self) -> Said | None:
        """The profile that is shown."""
        return profile(self.log, (one for one in self.said.values() if isinstance(one.entry.said.deed, Describe)))

    def feeds(self) -> Mapping[Key, dict[int, list[Entry]]]:
        """The entries of each feed by their place."""
        feeds: defaultdict[Key, dict[int, list[Entry]]] = defaultdict(dict)
        for entry in self.entries.values():
            feeds[entry.said.key].setdefault(entry.said.seq, []).append(entry)
        return feeds


class Server:
    """An instance.  `deaf` after a restore until it may sign again (R13); a hostile one keeps what it should erase, and hides what it likes."""

    def __init__(self, world: Surroundings, name: str, people: list[Someone], *, hostile: bool) -> None:
        self.world, self.name, self.people, self.hostile = world, name, people, hostile
        self.origin, self.inbox = f"https://{name}.example", f"https://{name}.example/inbox"
        self.replica: Replica | None = None
        self.backup: Replica | None = None
        self.alive = True
        self.awaits = set[str]()  # whom it has not heard since it was restored (R13)
        self.tops: dict[Key, tuple[int, Hash]] = {}  # R81: of the feeds of its own people, when it dropped a replica

    # Saying something

    def write(self, who: Someone, deed: Deed, words: Talk | None, heads: tuple[Hash, ...] | None = None, key: Key | None = None) -> Entry:
        """Sign an entry of somebody who lives here, take it and push it."""
        entry = self.draft(who, deed, heads, key)
        self.receive(Parcel(entry, words), self.name)
        self.push(entry, words)
        return entry

    def draft(self, who: Someone, deed: Deed, heads: tuple[Hash, ...] | None, key: Key | None) -> Entry:
        """The next entry of a feed (R13)."""
        assert self.replica is not None
        feed, signing = self.replica.feeds().get(key or who.key, {}), key or who.key
        top = max(feed, default=0)
        before = [one for entries in feed.values() for one in entries]
        published = max([self.world.now, *(one.said.published for one in before)])
        prev = max((one.hash for one in feed[top]), default=None) if top else None
        if signing in self.tops and self.tops[signing][0] >= top:
            top, prev = self.tops[signing]
        circle, cited = self.replica.log.circle, heads or self.replica.log.citable
        return sealed(Envelope(who.actor, signing, published, circle, top + 1, prev, cited, deed))

    def push(self, entry: Entry, words: Talk | None) -> None:
        """R72: to whom it may concern, once per inbox."""
        if self.replica is None or entry.hash not in self.replica.entries:
            return
        for inbox in sorted(self._told(self.replica, entry)):
            if inbox != self.inbox:
                self.world.send(self, inbox, Parcel(entry, words))

    def _told(self, replica: Replica, entry: Entry) -> frozenset[str]:
        match entry.said.deed:
            case Withdraw():
                return told_of_withdrawal(replica.log)
            case Describe():
                return frozenset(one.inbox for one in replica.log.state.members.values())
            case Create(name, _) | Update(name, _) | Delete(name):
                root = replica.root(entry)
                inboxes = told_of_content(replica.log, root, only_then=False) if root else frozenset[str]()
                replica.sent[name] = replica.sent.get(name, frozenset()) | inboxes
                return replica.sent[name] if isinstance(entry.said.deed, Delete) else inboxes
            case _:
                return told_of_operation(replica.log, entry, self.world.now)

    # Hearing something

    def invited(self, operations: Iterable[Entry]) -> None:
        """R26: a letter has come, and the log alone with it."""
        genesis, *others = operations
        self.replica = self.replica or Replica.founded(genesis)
        for entry in others:
            self._take(self.replica, Parcel(entry, None), self.world.now, "a letter")
        self.settle()

    def receive(self, parcel: Parcel, sender: str) -> None:
        """Judge what has come, keep it or set it aside; look again at what was set aside."""
        if self.replica is None or parcel.entry.circle != self.replica.log.circle:
            return
        if self._take(self.replica, parcel, self.world.now, sender):
            self._look_again(self.replica)
        self.settle()

    def pass_time(self) -> None:
        """What has waited long enough is looked at; what has waited too long is forgotten."""
        if self.replica is None:
            return
        self.replica.waiting = {name: one for name, one in self.replica.waiting.items() if self.world.now - one[1] < A_MONTH}
        self._look_again(self.replica)
        self.settle()

    def _take(self, replica: Replica, parcel: Parcel, since: datetime, sender: str) -> bool:
        """Whether something new was taken."""
        entry = parcel.entry
        if entry.hash in replica.entries:
            if parcel.words is not None and entry.hash not in replica.words and entry.hash in replica.said:
                self._keep_words(replica, entry, parcel.words)
            return False
        match arrived(replica.log, entry, self._beside(replica, entry, since), self.world.now):
            case Stands() | Forks():
                replica.entries[entry.hash] = entry
                replica.waiting.pop(entry.hash, None)
                if isinstance(entry.said.deed, Create | Update | Describe):
                    replica.said[entry.hash] = accepted(replica.log, entry)
                    if parcel.words is not None:
                        self._keep_words(replica, entry, parcel.words)
                return True
            case Waits():
                replica.waiting.setdefault(entry.hash, (parcel, since))
            case Falls(rule):
                replica.waiting.pop(entry.hash, None)
                self.world.tell(f"{self.name} refuses {self.world.describe(entry)} from {sender} by {rule}")
        return False

    def _keep_words(self, replica: Replica, entry: Entry, words: Talk) -> None:
        replica.words[entry.hash] = words
        if isinstance(entry.said.deed, Create | Update):
            replica.roots.setdefault(entry.said.deed.object, words.root)

    def _beside(self, replica: Replica, entry: Entry, since: datetime) -> Beside:
        feed, prev = replica.feeds().get(entry.said.key, {}), entry.said.prev
        follows = any(one.hash == prev for one in feed.get(entry.said.seq - 1, []))
        gaps = [gap for claimed in replica.claims.values() for gap in claimed]
        explained = prev is not None and explains(gaps, entry.said.key, entry.said.seq, prev)
        overdue = self.world.now - since >= TEN_MINUTES
        create = replica.create(getattr(entry.said.deed, "object", ""))
        place = frozenset(one.hash for one in feed.get(entry.said.seq, []))
        return Beside(place, follows or explained or overdue, create.person if create else None, 0)

    def _look_again(self, replica: Replica) -> None:
        while sum(self._take(replica, parcel, since, "before") for parcel, since in list(replica.waiting.values())):
            pass

    def settle(self) -> None:
        """What follows from what is known: a replica that is kept for nobody is dropped (R81), words that have no place are erased."""
        replica = self.replica
        if replica is None:
            return
        members = replica.log.state.members
        locals_ = tuple((one.person, members[one.person].join) for one in self.people if one.person in members)
        if locals_ != replica.locals:
            replica.locals, replica.claims = locals_, {}  # R77: gaps are holes again when more may be read
        if self.hostile:
            return
        if not keeps_replica(replica.log, self.origin, self.world.now):
            self.world.tell(f"{self.name} has nobody in the circle any more and erases it")
            own = {key for one in self.people for key in (one.key, one.person)}
            feeds = {key: places for key, places in replica.feeds().items() if key in own}
            self.tops |= {key: (max(places), max(one.hash for one in places[max(places)])) for key, places in feeds.items()}
            self.replica = None
            self.world.forgets(self)
            return
        shown, here = replica.profile(), {one.person for one in self.people}
        kept = {shown.entry.hash} if shown else set()
        for one in replica.standing().values():
            root = replica.root(one.words.entry)
            if root is None or readers(replica.log, root, only_then=False) & here:
                kept.add(
                    one.words.entry.hash
                )  # words that nobody here may read any more are not hidden, but erased: news of them ends, too
        replica.words = {name: words for name, words in replica.words.items() if name in kept}

    # Asking (12.1)

    def ask(self, other: "Server") -> bool:
        """Pull everything from another server, with the key of a member if there is one here; whether anything changed.

        Others may know less of the log, or more, than is known here: so every key that they could know is tried.
        """
        before = self.fingerprint()
        members = self.replica.log.state.members if self.replica else {}
        for key in sorted((one.key for one in self.people), key=lambda key: all(one.key != key for one in members.values())):
            self._ask(other, key)
        self.awaits.discard(other.name)
        return self.fingerprint() != before

    def _ask(self, other: "Server", key: Key) -> None:
        disputed = dict[Key, int]()
        for _ in range(100):
            question = self.question(other.name, key, disputed)
            answer = other.answer(question, self.inbox) if question else None
            if answer is None or self.replica is None:
                return
            outdated = self.replica.told_at.get(other.name) not in (None, answer.heads)
            earlier = frozenset[Gap]() if outdated else self.replica.claims.get(other.name, frozenset())
            self.replica.claims[other.name] = earlier.union(answer.gaps)
            self.replica.told_at[other.name] = answer.heads
            for parcel in answer.parcels:
                self.receive(parcel, other.name)
            if self.replica is None:
                return
            asked, disputed = disputed, self._disputed(self.replica, answer, disputed)
            if not answer.more and not outdated and disputed.keys() <= asked.keys():
                return

    def _disputed(self, replica: Replica, answer: Answer, asked: Mapping[Key, int]) -> dict[Key, int]:
        """R75: feeds of which the other has a branch that is not here, and from where on to ask for all of them."""
        feeds = self.feeds(replica)
        mine = dict(vector(replica.log.circle, (), (one for feed in feeds.values() for one in feed), ()).tops)
        found = [key for key, top in answer.tops.items() if key in mine and in_dispute(feeds[key], mine[key], top)]
        seen = {key: max((one.entry.said.seq for one in answer.parcels if one.entry.said.key == key), default=0) for key in found}
        return {key: max(asked[key], seen[key] + 1) if key in asked else 1 for key in found}

    def feeds(self, replica: Replica) -> Mapping[Key, list[Entry]]:
        """All entries that have come, taken or waiting, by feed."""
        feeds: defaultdict[Key, list[Entry]] = defaultdict(list)
        for entry in (*replica.entries.values(), *(parcel.entry for parcel, _ in replica.waiting.values())):
            feeds[entry.said.key].append(entry)
        return feeds

    def question(self, other: str, signing: Key, disputed: Mapping[Key, int]) -> Question | None:
        """What is asked for."""
        replica = self.replica
        if replica is None:
            return None
        claims = replica.claims.get(other, frozenset())
        tops, holes = {}, {}
        feeds = self.feeds(replica)
        for key in {*feeds, *(gap.key for gap in claims)}:
            gaps = [gap for gap in claims if gap.key == key]
            tops[key] = max([*(one.said.seq for one in feeds[key]), *(gap.until for gap in gaps)])
            holes[key] = ((disputed[key], tops[key]),) if key in disputed else holes_of(feeds[key], gaps)
        want = {one.words.entry.hash for one in replica.standing().values()} - replica.words.keys()
        return Question(signing, replica.log.heads, tops, holes, frozenset(want))

    def answer(self, question: Question, inbox: str) -> Answer | None:
        """R76, R77.  None to a stranger, or if there is nothing here."""
        replica = self.replica
        if replica is None:
            return None
        whom = asker(replica.log, question.key, self.world.now)
        parcels = [Parcel(one, None) for one in operations_for(replica.log, whom, question.heads)]
        if not whom.members:
            return Answer(tuple(parcels), (), False, replica.log.heads, {})
        choice = choose(self._rows(replica, whom.members), question.tops, question.holes, question.want, 4)
        for name in choice.entries:
            entry, words = replica.entries[name], replica.words.get(name)
            if words is not None and isinstance(entry.said.deed, Create | Update):
                self.world.words_leave(self, inbox, entry)
                replica.sent[entry.said.deed.object] = replica.sent.get(entry.said.deed.object, frozenset()) | {inbox}
            parcels.append(Parcel(entry, words))
        tops = vector(replica.log.circle, (), replica.entries.values(), ()).tops
        return Answer(tuple(parcels), choice.gaps, choice.more, replica.log.heads, dict(tops))

    def _rows(self, replica: Replica, members: frozenset[Person]) -> Iterator[Row]:
        for entry in replica.entries.values():
            match entry.said.deed:
                case Create() | Update() | Delete():
                    root = replica.root(entry)
                    if root is None and not isinstance(entry.said.deed, Delete):
                        continue  # not held well enough to say anything about it
                    readable = root is None or bool(readers(replica.log, root, only_then=False) & members)
                case Describe() | Withdraw():
                    readable = True
                case _:
                    continue  # operations go by their heads
            hidden = self.hostile and sum(entry.hash.encode()) % 3 == 0
            yield Row(
                entry.hash, entry.said.key, entry.said.seq, entry.said.published, readable and not hidden, entry.hash in replica.words
            )

    def fingerprint(self) -> tuple[object, ...]:
        """All that can change by asking."""
        replica = self.replica
        return () if replica is None else (frozenset(replica.entries), frozenset(replica.words), tuple(sorted(replica.claims.items())))
