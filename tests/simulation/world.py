"""The world of the simulation: one clock, one network that loses, doubles, delays and cuts, one seed, and the story of it all.

`World.step` lets something happen; what people, servers and rogues do is drawn from the seed.  Tests look at the world after every step.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from fediverse_circle.domain.circle.content import Shown
from fediverse_circle.domain.circle.entry import Entry
from fediverse_circle.vocab.circle.forms import Hash, Person
from fediverse_circle.vocab.circle.types import (
    Accept,
    Admit,
    ChangeRules,
    Create,
    Deed,
    Delete,
    Demote,
    Describe,
    Join,
    Leave,
    Offer,
    Promote,
    Remove,
    Seen,
    Update,
    Withdraw,
)
from tests.simulation.servers import COMMITMENT, Parcel, Replica, Server, Talk
from tests.unit.circle.cast import BEGINNING, Pen, Someone, genesis, someone
from tests.unit.circle.games import HOUSE, STEWARDS, TABLE, VOUCHED

PLACES = "abcdef"
PAUSES = (timedelta(seconds=2), timedelta(seconds=40), timedelta(minutes=11), timedelta(hours=5))


class World:
    """Servers, people and what happens to them."""

    def __init__(self, seed: int) -> None:
        self.seed, self.chance, self.now = seed, Random(seed), BEGINNING
        self.story: list[str] = []
        self.written: list[Entry] = []
        self.taken_back: dict[str, str] = {}
        self.watch_words: Callable[[Server, str, Entry], None] = lambda sender, receiver, entry: None
        self.loss = self.chance.choice((0.0, 0.1, 0.5))
        self.mail: list[tuple[datetime, Server, Server, Parcel]] = []
        self.far: set[str] = set()  # servers beyond the cut
        self.names: dict[str, str] = {}
        self.count = 0
        self._settle_down()
        self._found()

    def _settle_down(self) -> None:
        places = PLACES[: self.chance.choice((3, 4, 5, 6))]
        rogue = self.chance.choice((None, None, places[-1]))
        self.servers = [Server(self, place, self._people(place), hostile=place == rogue) for place in places]
        self.strangers = [one for server in self.servers for one in server.people]

    def _people(self, place: str) -> list[Someone]:
        people = [someone(f"{place.upper()}{number}", f"{place}.example") for number in range(self.chance.choice((1, 1, 2)))]
        self.names |= {name: one.name for one in people for name in (one.person, one.key)}
        return people

    def _found(self) -> None:
        """Somebody on each of two or three servers found a circle together, and join it."""
        founders = [server.people[0] for server in self.servers[: self.chance.choice((2, 3, 3))]]
        opening = genesis(founders, self.chance.choice((HOUSE, HOUSE, VOUCHED, STEWARDS, TABLE)), pen=Pen())
        self.written.append(opening)
        self.tell(f"{', '.join(one.name for one in founders)} found a circle")
        for one in founders:
            self.home(one).invited([opening])
        for one in founders:
            self.act(one, Join(None))

    # Telling

    def tell(self, line: str) -> None:
        """One line of the story."""
        passed = self.now - BEGINNING
        self.story.append(f"  day {passed.days + 1:>3}, {(datetime.min + passed % timedelta(days=1)):%H:%M:%S}  {line}")

    def describe(self, entry: Entry) -> str:
        """An entry in a few words."""
        deed = entry.said.deed
        change = deed.change if isinstance(deed, Offer) else None
        whom = getattr(getattr(change, "who", None), "person", getattr(change, "who", None))
        about = f"to {type(change).__name__.lower()} {self.names.get(str(whom), '')}".rstrip() if change else ""
        thing = f"of {deed.object.rpartition('/')[2]}" if isinstance(deed, Create | Update | Delete) else ""
        voted = f"for {deed.proposal[3:9]}" if isinstance(deed, Accept) else ""
        words = (
            type(deed).__name__.lower(),
            about,
            thing,
            voted,
            f"({entry.hash[3:9]}, {entry.said.seq} of {self.names.get(entry.said.key, '?')})",
        )
        return " ".join(word for word in words if word)

    def retold(self) -> str:
        """The whole story."""
        return "\n".join([f"Seed {self.seed}, {len(self.servers)} servers, loss {self.loss}:", *self.story])

    # The network

    def home(self, one: Someone) -> Server:
        """The server somebody lives on."""
        return next(server for server in self.servers if one in server.people)

    def at(self, inbox: str) -> Server | None:
        """The server with this inbox."""
        return next((server for server in self.servers if server.inbox == inbox), None)

    def reach(self, one: Server, other: Server) -> bool:
        """Whether two can talk now."""
        return one.alive and other.alive and (one.name in self.far) == (other.name in self.far)

    def send(self, sender: Server, inbox: str, parcel: Parcel) -> None:
        """Put a parcel in the mail: it may be lost, doubled, or late."""
        receiver = self.at(inbox)
        if receiver is None:
            return
        if parcel.words is not None and isinstance(parcel.entry.said.deed, Create | Update):
            self.watch_words(sender, inbox, parcel.entry)
        for _ in range(self.chance.choice((1, 1, 1, 2))):
            if self.chance.random() >= self.loss:
                late = timedelta(seconds=self.chance.choice((1, 1, 30, 7_200)))
                self.mail.append((self.now + late, sender, receiver, parcel))

    def words_leave(self, sender: Server, receiver: str, entry: Entry) -> None:
        """Words are given to somebody who asked."""
        self.watch_words(sender, receiver, entry)

    def forgets(self, server: Server) -> None:
        """A server has nothing of the circle any more: nobody waits for what it could tell."""
        for one in self.servers:
            one.awaits.discard(server.name)

    def _deliver(self) -> None:
        due = [one for one in self.mail if one[0] <= self.now]
        self.mail = [one for one in self.mail if one[0] > self.now]
        self.chance.shuffle(due)
        for _, sender, receiver, parcel in due:
            if self.reach(sender, receiver):
                receiver.receive(parcel, sender.name)

    def arrive(self) -> None:
        """Everything that was sent arrives."""
        self.now += timedelta(days=1)
        self._deliver()

    # What happens

    def step(self) -> None:
        """Time passes, the mail comes, and something happens."""
        self.now += self.chance.choice(PAUSES)
        self._deliver()
        for server in self.servers:
            if server.alive:
                server.pass_time()
        happening = self.chance.choices(
            (self._somebody_acts, self._somebody_talks, self._two_sync, self._rogue_acts, self._disaster), (40, 40, 25, 12, 5)
        )[0]
        happening()

    def act(self, who: Someone, deed: Deed, words: Talk | None = None, heads: tuple[Hash, ...] | None = None) -> Entry | None:
        """Somebody does something, if their server can."""
        server = self.home(who)
        if server.replica is None or not server.alive or server.awaits:
            return None
        key = who.person if isinstance(deed, Withdraw) else None
        entry = server.draft(who, deed, heads, key)
        self.written.append(entry)
        self.tell(f"{who.name}: {self.describe(entry)}" + (" as of long ago" if heads else ""))
        server.receive(Parcel(entry, words), server.name)
        server.push(entry, words)
        if isinstance(deed, Offer | Accept):
            self._letters(server)
        return entry

    def _letters(self, server: Server) -> None:
        """R26: whoever is invited is written to, and their server pulls the log."""
        if server.replica is None:
            return
        invited = server.replica.log.state.invited
        for one in self.strangers:
            home = self.home(one)
            if one.person in invited and home.replica is None and self.reach(server, home):
                home.invited(server.replica.log.operations())

    def _living(self) -> list[Someone]:
        """Whoever lives on a server that works."""
        return [one for server in self.servers if server.alive and server.replica and not server.hostile for one in server.people]

    def _member(self) -> tuple[Someone, Replica] | None:
        """Somebody honest who is in, as their own server sees it."""
        inside = []
        for one in self._living():
            replica = self.home(one).replica
            if replica is not None and one.person in replica.log.state.members:
                inside.append((one, replica))
        return self.chance.choice(inside) if inside else None

    def _somebody_acts(self) -> None:
        """Somebody joins, votes, or proposes something."""
        for one in self._living():
            replica = self.home(one).replica
            if replica is None or one.person in replica.log.state.members:
                continue
            invitation = replica.log.state.invited.get(one.person)
            if invitation and self.chance.random() < 0.7:
                self.act(one, Join(invitation.admissions[-1]))
                return
        inside = self._member()
        if inside is None:
            return
        who, replica = inside
        state, keeps = replica.log.state, inside[0].person in replica.log.state.keepers
        unvoted = [
            entry
            for entry in replica.log.operations()
            if isinstance(entry.said.deed, Offer) and entry.hash not in state.carried and who.person not in replica.log.voters(entry.hash)
        ]
        if unvoted and self.chance.random() < 0.6:
            self._vote(who, replica, unvoted[-1])
            return
        others = [person for person in state.members if person != who.person]
        outside = [one for one in self.strangers if one.person not in state.members and one.person not in state.keepers]
        drawn = self.chance.random()
        if outside and drawn < 0.55 and state.rules.admit is not None:
            role = "keeper" if state.rules.admit.role == "keeper" or (keeps and self.chance.random() < 0.3) else "member"
            history = "all" if state.rules.history == "chosen" else state.rules.history
            self.act(who, Offer(Admit(self.chance.choice(outside).identity, role, history), None))  # type: ignore[arg-type]
        elif others and keeps and drawn < 0.85:
            self._propose(who, replica, self.chance.choice(others))
        elif drawn > 0.95:
            self.act(who, Leave(self._seen(replica, who.person)))

    def _propose(self, who: Someone, replica: Replica, whom: Person) -> None:
        keeps = whom in replica.log.state.keepers
        match self.chance.randrange(4):
            case 0:
                self.act(who, Offer(Remove(whom), self._seen(replica, whom)))
            case 1 if keeps:
                self.act(who, Offer(Demote(whom), None))
            case 2:
                self.act(who, Offer(ChangeRules(self.chance.choice((HOUSE, VOUCHED, STEWARDS))), None))
            case _ if not keeps:
                self.act(who, Offer(Promote(whom), None))
            case _:
                pass

    def _vote(self, who: Someone, replica: Replica, offer: Entry) -> None:
        op = replica.log.operation(offer.hash)
        if op.target == who.person and isinstance(op.change, Remove | Demote):
            return
        counting = isinstance(op.change, Remove) and op.target is not None
        self.act(who, Accept(offer.hash, self._seen(replica, op.target) if counting and op.target else None))

    def _seen(self, replica: Replica, person: Person) -> Seen:
        """What is known here of somebody's feeds."""
        feeds = {key: max(places) for key, places in replica.feeds().items() if person in replica.log.voices(key)}
        return Seen(tuple(sorted(feeds.items())))

    def _somebody_talks(self) -> None:
        """Somebody says something, answers, says it again, or takes it back."""
        inside = self._member()
        if inside is None:
            return
        who, replica = inside
        standing = replica.standing()
        mine = {name: one for name, one in standing.items() if one.create.person == who.person and name in replica.roots}
        readable = {name: one for name, one in standing.items() if one.words.entry.hash in replica.words and name in replica.roots}
        drawn = self.chance.random()
        self.count += 1
        if mine and drawn < 0.25:
            name = self.chance.choice(sorted(mine))
            self.act(who, Update(name, COMMITMENT), Talk(replica.roots[name], f"{who.name} says it differently, {self.count}"))
        elif mine and drawn < 0.4:
            name = self.chance.choice(sorted(mine))
            if taken := self.act(who, Delete(name)):
                self.taken_back[name] = taken.hash
        elif drawn < 0.43:
            self.act(who, Withdraw(who.person, self._seen(replica, who.person)))
        elif drawn < 0.48 and who.person in replica.log.state.keepers:
            self.act(who, Describe(COMMITMENT), Talk("", f"a table of {who.name}, {self.count}"))
        else:
            name = f"https://{who.server}/o/{self.count}"
            root = replica.roots[self.chance.choice(sorted(readable))] if readable and drawn < 0.75 else name
            self.act(who, Create(name, COMMITMENT), Talk(root, f"{who.name} says something, {self.count}"))

    def _two_sync(self) -> None:
        one, other = self.chance.sample(self.servers, 2)
        if self.reach(one, other) and one.replica and other.replica and one.ask(other):
            self.tell(f"{one.name} has news from {other.name}")

    def _disaster(self) -> None:
        """A cut, a heal, a backup, a crash with a restore, a death for ever; or days in which nothing happens."""
        server = self.chance.choice(self.servers)
        match self.chance.randrange(7):
            case 0 | 1 if not self.far:
                self.far = set(self.chance.sample([one.name for one in self.servers], len(self.servers) // 2))
                self.tell(f"{', '.join(sorted(self.far))} cannot be reached from elsewhere")
            case 2 | 3 if self.far:
                self.far = set()
                self.tell("everybody can reach everybody again")
            case 4 if server.replica and server.alive:
                server.backup = server.replica.copy()
                self.tell(f"{server.name} makes a backup")
            case 5 if server.backup and server.alive and not server.hostile:
                self._restore(server)
            case 6 if server.alive and sum(one.alive and not one.hostile for one in self.servers) > 2:
                server.alive = False
                self.mail = [one for one in self.mail if one[1] is not server]
                self.tell(f"{server.name} is gone for ever")
                self.forgets(server)
            case _:
                self.now += timedelta(days=self.chance.choice((1, 3, 15)))
                self.tell("days pass")

    def _restore(self, server: Server) -> None:
        """It comes back as it was, and has forgotten the rest; what it was sending is lost (R13)."""
        server.replica, server.backup = server.backup, None
        server.awaits = {one.name for one in self.servers if one.alive and one is not server and one.replica is not None}
        self.mail = [one for one in self.mail if one[1] is not server]
        self.tell(f"{server.name} comes back from an old backup")

    def _rogue_acts(self) -> None:
        """A hostile server, or somebody who was removed: whatever they like, as of whenever they like."""
        rogues = [one for server in self.servers if server.hostile and server.replica and server.alive for one in server.people]
        if not rogues:
            return
        who = self.chance.choice(rogues)
        replica = self.home(who).replica
        assert replica is not None
        past = self.chance.choice(replica.log.operations())
        heads = (past.hash,) if self.chance.random() < 0.6 else None
        everybody = [one.person for one in self.strangers]
        things = sorted(replica.standing()) or ["https://nowhere.example/o/1"]
        deed = self.chance.choice(
            (
                Offer(Remove(self.chance.choice(everybody)), Seen(())),
                Offer(Demote(self.chance.choice(everybody)), None),
                Offer(Promote(who.person), None),
                Offer(Admit(self.chance.choice(self.strangers).identity, "member", "all"), None),
                Offer(ChangeRules(HOUSE), None),
                Leave(Seen(())),
                Update(self.chance.choice(things), COMMITMENT),
                Delete(self.chance.choice(things)),
                Create(self.chance.choice(things), COMMITMENT),
                Withdraw(self.chance.choice(everybody), Seen(())),
                self._rogue_vote(replica),
            )
        )
        if deed is not None:
            self.act(who, deed, Talk("https://nowhere.example/o/1", "mischief"), heads)
        if self.chance.random() < 0.3:
            self._fork(who, replica)

    def _rogue_vote(self, replica: Replica) -> Accept | None:
        offers = [entry for entry in replica.log.operations() if isinstance(entry.said.deed, Offer)]
        if not offers:
            return None
        offer = self.chance.choice(offers)
        change = offer.said.deed.change if isinstance(offer.said.deed, Offer) else None
        return Accept(offer.hash, Seen(()) if isinstance(change, Remove) else None)

    def _fork(self, who: Someone, replica: Replica) -> None:
        """Two entries with one place in a feed, each told to another server."""
        server = self.home(who)
        others = [one for one in self.servers if one is not server and one.alive and one.replica]
        if len(others) < 2:
            return
        for other, number in zip(self.chance.sample(others, 2), (1, 2), strict=True):
            self.count += 1
            name = f"https://{who.server}/o/{self.count}"
            entry = server.draft(who, Create(name, COMMITMENT), None, None)
            self.written.append(entry)
            self.tell(f"{who.name} tells {other.name} version {number} of one place: {self.describe(entry)}")
            other.receive(Parcel(entry, Talk(name, f"{who.name} speaks with two tongues, {self.count}")), server.name)

    # The end

    def heal(self) -> None:
        """Everybody who still works can reach everybody, nothing more is lost, and all ask each other until nobody has news."""
        self.far, self.loss = set(), 0.0
        self.arrive()
        living = [one for one in self.servers if one.alive]
        quiet = 0
        while quiet < 2:
            self.now += timedelta(minutes=15)
            for one in living:
                one.pass_time()
            news = [one.ask(other) for one in living for other in living if one is not other and one.replica and other.replica]
            quiet = 0 if any(news) else quiet + 1
        self.tell("everybody has asked everybody, until there was no news")


__all__ = ["Shown", "World"]
