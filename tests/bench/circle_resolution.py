"""How long the log of a circle takes: `python -m tests.bench.circle_resolution [operations]` prints one line of JSON.

A circle of three founders lives: people come, go, move, are promoted, removed and demoted, rules change, keepers vote.  Measured in milliseconds
of the processor's time: resolving the whole log cold; one more operation on top of everything, and the state after it; a first load, which judges
every operation by the state of its past; the same where two halves of the circle have lived apart and every tenth operation brings them together.
"""

import json
import random
import statistics
import sys
from collections.abc import Callable
from time import thread_time

from fediverse_circle.domain.circle.entry import Entry
from fediverse_circle.domain.circle.log import Log
from fediverse_circle.domain.circle.resolution import resolve
from fediverse_circle.domain.circle.verdict import Stands
from fediverse_circle.vocab.circle.forms import Hash, Person
from fediverse_circle.vocab.circle.types import Accept, Admit, ChangeRules, Deed, Demote, Join, Leave, Move, Offer, Promote, Remove, Seen
from tests.unit.circle.cast import HOUSE, Pen, Someone, genesis, key_of, later, someone

NOBODY_SAW = Seen(())


class Life:
    """A circle that lives for so many operations; `apart`: in two halves that meet now and then."""

    def __init__(self, operations: int, *, apart: bool) -> None:
        self.chance, self.pen, self.minutes = random.Random(4), Pen(), 0
        founders = [someone(f"Founder{i}") for i in range(3)]
        self.people: dict[Person, Someone] = {one.person: one for one in founders}
        opening = genesis(founders, pen=self.pen)
        self.log, self.entries, self.apart = Log(opening), [opening], apart
        self.tops: list[tuple[Hash, ...]] = [(opening.hash,), (opening.hash,)]
        for one in founders:
            self.act(one, Join(None))
        self.tops = [self.log.heads, self.log.heads]
        while len(self.entries) < operations:
            self.live()

    def act(self, who: Someone, deed: Deed) -> Entry:
        """Whatever somebody does; on their half of the circle."""
        half = sum(map(ord, who.name)) % 2
        heads = self.log.heads if not self.apart or len(self.entries) % 10 == 0 else self.tops[half]
        self.minutes += 30
        key = who.person if isinstance(deed, Move) else None
        entry = self.pen.write(who, deed, self.log.circle, heads, later(self.minutes), key)
        if isinstance(self.log.add(entry), Stands):
            self.entries.append(entry)
            self.tops[half] = (entry.hash,)
        return entry

    def live(self) -> None:
        """Something happens."""
        state, chance = self.log.state, self.chance
        members = [self.people[person] for person in sorted(state.members)]
        keepers = [one for one in members if one.person in state.keepers]
        plain = [one for one in members if one.person not in state.keepers]
        happening = chance.choices(["come", "promote", "leave", "remove", "demote", "rules", "move"], [50, 10, 10, 8, 4, 4, 14])[0]
        if happening == "come" or len(members) < 8 or not plain:
            who = someone(f"Person{len(self.people)}")
            self.people[who.person] = who
            invitation = self.act(chance.choice(members), Offer(Admit(who.identity, "member", "all"), None))
            self.act(who, Join(invitation.hash))
        elif happening == "promote":
            self.decide(keepers, Offer(Promote(chance.choice(plain).person), None))
        elif happening == "leave":
            self.act(chance.choice(plain), Leave(NOBODY_SAW))
        elif happening == "remove":
            self.act(chance.choice(keepers), Offer(Remove(chance.choice(plain).person), NOBODY_SAW))
        elif happening == "demote" and len(keepers) > 4:
            self.decide(keepers[1:], Offer(Demote(keepers[0].person), None))
        elif happening == "rules":
            self.decide(keepers, Offer(ChangeRules(HOUSE), None))
        else:
            who = chance.choice(members)
            new = key_of(f"{who.name} at {self.minutes}")
            self.act(who, Move(who.person, who.actor, new, who.inbox, "z" + "1" * 88))
            who.key = new

    def decide(self, keepers: list[Someone], offer: Offer) -> None:
        """Most keepers vote."""
        proposal = self.act(keepers[0], offer)
        for one in keepers[1 : len(keepers) * 2 // 3 + 1]:
            self.act(one, Accept(proposal.hash, None))


def milliseconds(deed: Callable[[], object]) -> float:
    """How long it took."""
    began = thread_time()
    deed()
    return (thread_time() - began) * 1_000


def loaded(entries: list[Entry]) -> Log:
    """A log that was told everything at once, with its state."""
    log = Log(entries[0])
    for entry in entries:
        log.add(entry)
    assert log.state.members
    return log


def one_by_one(entries: list[Entry]) -> list[float]:
    """How long each operation took, with the state after it."""
    log = Log(entries[0])
    return [milliseconds(lambda entry=entry: (log.add(entry), log.state)) for entry in entries[1:]]  # type: ignore[misc]


def measured(operations: int) -> dict[str, object]:
    """All figures."""
    together, apart = Life(operations, apart=False).entries, Life(operations, apart=True).entries
    log, last = loaded(together), one_by_one(together)[-operations // 5 :]
    cold = [milliseconds(lambda: resolve(log._dag, log._dag.everything)) for _ in range(7)]
    return {
        "operations": len(log),
        "members": len(log.state.members),
        "keepers": len(log.state.keepers),
        "cold_ms": round(min(cold), 3),
        "one_more_ms": {
            "median": round(statistics.median(last), 3),
            "p95": round(statistics.quantiles(last, n=20)[18], 3),
            "max": round(max(last), 3),
        },
        "first_load_ms": round(milliseconds(lambda: loaded(together)), 1),
        "first_load_of_two_halves_ms": round(milliseconds(lambda: loaded(apart)), 1),
    }


if __name__ == "__main__":
    print(json.dumps(measured(int(sys.argv[1]) if len(sys.argv) > 1 else 1_500)))
