"""What must be true in the simulated world (CIRCLES.md, section 17), told by the oracles, which share no code with the program.

Numbers are those of the invariants.  A broken one raises `Broken`, with what was seen.
"""

from datetime import timedelta

from fediverse_circle.domain.circle.entry import Entry
from fediverse_circle.vocab.circle.types import Create, Days, Delete, Update
from tests.simulation.servers import COMMITMENT, Replica, Server, Talk
from tests.simulation.world import World
from tests.unit.circle.content_oracle import ContentOracle
from tests.unit.circle.oracle import Oracle
from tests.unit.circle.table import comparable


class Broken(AssertionError):
    """An invariant does not hold."""


def check(holds: bool, number: str, what: str) -> None:
    """The invariant, or what was seen instead."""
    if not holds:
        raise Broken(f"Invariant {number}: {what}")


class Watch:
    """Looks at a world after every step and after its healing."""

    def __init__(self, world: World) -> None:
        self.world, self.oracle = world, Oracle(world.written[0])
        self.told, self.waiting = 1, list[Entry]()
        self.places: dict[tuple[str, int], str] = {}
        self.looked: dict[str, frozenset[str]] = {}
        world.watch_words = self.words_leave
        self.after_step()

    # After every step

    def after_step(self) -> None:
        """2, 3, 21, 24, 29; 1 and 4 by the oracle."""
        self._tell()
        for server in self.world.servers:
            if server.replica is not None and server.alive and not server.hostile:
                self._look(server, server.replica)

    def _tell(self) -> None:
        """The oracle hears everything that anybody ever wrote."""
        fresh = self.world.written[self.told :]
        self.told += len(fresh)
        honest = {one.key: server for server in self.world.servers if not server.hostile for one in server.people}
        honest |= {one.person: server for server in self.world.servers if not server.hostile for one in server.people}
        for entry in fresh:
            if entry.said.key in honest and entry.hash in self._everything():
                place = (entry.said.key, entry.said.seq)
                check(self.places.setdefault(place, entry.hash) == entry.hash, "29", f"an honest feed forks: {self.world.describe(entry)}")
        self.waiting += [entry for entry in fresh if entry.is_operation]
        while left := [entry for entry in self.waiting if self.oracle.tell(entry) is None]:
            if len(left) == len(self.waiting):
                break
            self.waiting = left
        else:
            self.waiting = []

    def _everything(self) -> set[str]:
        return {name for server in self.world.servers if server.replica for name in server.replica.entries}

    def _look(self, server: Server, replica: Replica) -> None:
        known = frozenset(entry.hash for entry in replica.log.operations())
        check(known <= self.oracle.entries.keys(), "24", f"{server.name} has taken what does not stand")
        if self.looked.get(server.name) != known:
            self.looked[server.name] = known
            told = self.oracle.state(known)
            check(comparable(replica.log.state) == told.comparable(), "1, 4", f"{server.name} has another state than the text")
        for entry in replica.entries.values():
            if isinstance(entry.said.deed, Delete) and self.world.taken_back.get(entry.said.deed.object) == entry.hash:
                words = [name for name in replica.words if getattr(replica.entries[name].said.deed, "object", "") == entry.said.deed.object]
                check(not words, "21", f"{server.name} has words that were taken back")

    def words_leave(self, sender: Server, inbox: str, entry: Entry) -> None:
        """14, 16, 17: words go only to a server on which somebody may read them."""
        replica = sender.replica
        if sender.hostile or replica is None or inbox == sender.inbox:
            return
        self._tell()
        deed = entry.said.deed
        assert isinstance(deed, Create | Update)
        root = next(
            one.entry for one in replica.said.values() if getattr(one.entry.said.deed, "object", None) == replica.roots[deed.object]
        )
        now = self.oracle.state(frozenset(one.hash for one in replica.log.operations()))
        then = self.oracle.state(frozenset(root.said.heads).union(*(self.oracle.pasts[head] for head in root.said.heads)))
        there = {person: one for person, one in now.members.items() if one["inbox"] == inbox}
        entitled = [person for person, one in there.items() if person in then.members or self._reaches(one, root)]
        check(bool(entitled), "14, 16, 17", f"{sender.name} gives {self.world.describe(entry)} to {inbox}, where nobody may read it")

    def _reaches(self, member: dict[str, object], root: Entry) -> bool:
        joined = self.oracle.entries[member["join"]].said.published
        match member["history"]:
            case "all":
                return True
            case Days(days):
                return root.said.published >= joined - timedelta(days=days)
            case _:
                return False

    # After healing

    def after_healing(self) -> None:
        """5, 15, 23, 25, 26, 27, 28: one state, one history, and nothing that was taken back."""
        self.after_step()
        replicas = [
            (one, one.replica)
            for one in self.world.servers
            if one.alive and not one.hostile and one.replica and self._members(one, one.replica)
        ]
        if not replicas:
            return
        check(len({replica.log.heads for _, replica in replicas}) == 1, "5, 28", "the logs of those who work are not the same")
        for server, replica in replicas:
            held = ContentOracle(self._same(replica), [one for one in replica.entries.values() if not one.is_operation])
            shown = {name: one.words.entry.hash for name, one in replica.standing().items()}
            check(shown == held.standing(), "23", f"{server.name} shows other words than the text says")
            check(replica.words.keys() <= {*shown.values(), held.profile()}, "23", f"{server.name} holds words that nobody may see")
            check(not server.awaits, "29", f"{server.name} still waits for its own feeds")
        for one, mine in replicas:
            for other, theirs in replicas:
                self._compare(one, mine, other, theirs)
        for server in self.world.servers:
            if server.alive and not server.hostile and server.replica:
                self._gone(server, server.replica, replicas[0][1])
        self._goes_on(replicas)

    def _goes_on(self, replicas: list[tuple[Server, Replica]]) -> None:
        """27: whoever is left talks, and is heard by all who are left."""
        server, replica = self.world.chance.choice(replicas)
        who = next(one for one in server.people if one.person in replica.log.state.members)
        if replica.log.state.members[who.person].key != who.key:
            return
        name = f"{server.origin}/o/after-all"
        entry = self.world.act(who, Create(name, COMMITMENT), Talk(name, "and still we talk"))
        self.world.arrive()
        for other, theirs in replicas:
            heard = entry is not None and entry.hash in theirs.words
            check(heard, "27", f"{other.name} does not hear {who.name} of {server.name}")

    def _members(self, server: Server, replica: Replica) -> set[str]:
        return {one.person for one in server.people} & replica.log.state.members.keys()

    def _same(self, replica: Replica) -> Oracle:
        """An oracle that was told what this replica knows."""
        oracle = Oracle(replica.log.operations()[0])
        for entry in replica.log.operations():
            oracle.tell(entry)
        return oracle

    def _compare(self, one: Server, mine: Replica, other: Server, theirs: Replica) -> None:
        """Whatever one has and somebody on the other may read, the other has too: entries, and words where they are left."""
        for entry in mine.entries.values():
            root = mine.root(entry)
            if entry.is_operation or root is None:
                continue
            then = self.oracle.state(frozenset(root.entry.said.heads).union(*(self.oracle.pasts[head] for head in root.entry.said.heads)))
            now = self.oracle.state(frozenset(op.hash for op in theirs.log.operations()))
            people = self._members(other, theirs)
            if any(person in then.members or self._reaches(now.members[person], root.entry) for person in people):
                has = entry.hash in theirs.entries
                check(has, "5, 25", f"{one.name} holds {self.world.describe(entry)}, {other.name} does not and may")
                if entry.hash in mine.words:
                    check(
                        entry.hash in theirs.words,
                        "5",
                        f"{one.name} has the words of {self.world.describe(entry)}, {other.name} has not and may",
                    )
                    check(mine.words[entry.hash] == theirs.words[entry.hash], "5", "two have different words of one entry")

    def _gone(self, server: Server, replica: Replica, settled: Replica) -> None:
        """15, 26: who is out holds nothing of others; nobody holds what was taken back."""
        people = {one.person for one in server.people}
        state = settled.log.state
        if not people & (state.members.keys() | state.invited.keys() | settled.log.founders_yet_to_join()):
            check(False, "15", f"{server.name} hosts nobody any more and still holds the circle")
        known = {name for one in self.world.servers if one.alive and not one.hostile and one.replica for name in one.replica.entries}
        for name, delete in self.world.taken_back.items():
            if delete in known:
                words = [one for one in replica.words if getattr(replica.entries[one].said.deed, "object", "") == name]
                check(not words, "26", f"{server.name} still holds words of {name}, which was taken back")
