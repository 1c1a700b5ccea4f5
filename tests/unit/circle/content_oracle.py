"""CIRCLES.md, section 10.1 and 10.2, told once more on top of the oracle of the log: slowly, from all entries at once."""

from collections.abc import Iterable

from fediverse_circle.domain.circle.entry import Entry
from fediverse_circle.vocab.circle.types import Create, Delete, Describe, Join, Leave, Move, Rebind, Remove, Revoke, Update, Withdraw
from tests.unit.circle.oracle import Oracle, Resolver, origin


class ContentOracle:
    """Everything that was said, and what of it stands."""

    def __init__(self, oracle: Oracle, entries: Iterable[Entry]):
        self.o = oracle
        self.S = frozenset(oracle.entries)
        self.now = oracle.everything()
        self.resolver = Resolver(oracle, self.S)
        self.resolver.outcome()
        self.entries = [e for e in entries if all(h in oracle.entries for h in e.said.heads)]
        self.authors = {e.hash: self.author(e) for e in self.entries if isinstance(e.said.deed, Create | Update | Describe)}

    def then(self, e):
        return self.o.state(frozenset(e.said.heads).union(*(self.o.pasts[h] for h in e.said.heads)))

    def author(self, e):
        """R47, R20, R27."""
        members = self.then(e).members
        who = min((p for p, m in members.items() if m["key"] == e.said.key and m["actor"] == e.said.actor), default=None)
        if who is None:
            return None
        if isinstance(e.said.deed, Create) and origin(e.said.deed.object) != members[who].get("host", origin(e.said.actor)):
            return None
        if isinstance(e.said.deed, Describe) and who not in self.then(e).keepers:
            return None
        return who

    def against(self, person, key, kinds):
        """Carried removals of the person, and revocations of the key in the person's name."""
        changes = {r: self.o.change(r) for r in self.now.reducing if self.o.who(r) == person}
        return {r for r, c in changes.items() if isinstance(c, kinds) and (isinstance(c, Remove) or c.key == key)}

    def cut(self, rho, key):
        tops = [(self.o.deed(v).seen.top(key) if self.o.deed(v).seen else 0) for v in self.resolver.V(rho)]
        return max((q for q in {0, *tops} if 2 * sum(top >= q for top in tops) >= len(tops)), default=0)

    def stands(self, e):
        """R50."""
        person, known = self.authors[e.hash], self.then(e).reducing
        for rho in self.against(person, e.said.key, (Remove, Revoke)) - known:
            if e.said.seq > self.cut(rho, e.said.key):
                return False
        past = frozenset(e.said.heads).union(*(self.o.pasts[h] for h in e.said.heads))
        for x in self.S - past:
            if isinstance(self.o.deed(x), Leave) and self.o.person(x) == person:
                leave = self.o.entries[x]
                limit = leave.said.seq - 1 if leave.said.key == e.said.key else self.o.deed(x).seen.top(e.said.key)
                if e.said.seq > limit:
                    return False
        return True

    def spoke(self, key, person):
        """R52: key of their Joins, Moves, carried rebinds, or their person key."""
        for x in self.S:
            deed = self.o.deed(x)
            if self.o.person(x) == person and (
                (isinstance(deed, Join) and self.o.entries[x].said.key == key) or (isinstance(deed, Move) and deed.key == key)
            ):
                return True
            if x in self.now.carried and isinstance(self.o.change(x), Rebind) and self.o.who(x) == person and self.o.change(x).key == key:
                return True
        return key == person and any(isinstance(self.o.deed(x), Join) and self.o.person(x) == person for x in self.S)

    def valid(self, e, person):
        """R52."""
        if not self.spoke(e.said.key, person):
            return False
        revokes = self.against(person, e.said.key, Revoke)
        anew = revokes <= self.then(e).reducing and self.then(e).members.get(person, {}).get("key") == e.said.key
        return anew or all(e.said.seq <= self.cut(rho, e.said.key) for rho in revokes)

    def standing(self):
        """Which entry has the words of each thing."""
        outcome = {}
        for name in {e.said.deed.object for e in self.entries if isinstance(e.said.deed, Create)}:
            creates = [e for e in self.entries if isinstance(e.said.deed, Create) and e.said.deed.object == name and self.authors[e.hash]]
            if not creates:
                continue
            create = min(creates, key=lambda e: (e.said.published, e.hash))
            person = self.authors[create.hash]
            gone = create.hash in self.now.retracted or not self.stands(create)
            for e in self.entries:
                deed = e.said.deed
                if isinstance(deed, Delete) and deed.object == name and self.valid(e, person):
                    gone = True
                if isinstance(deed, Withdraw) and deed.person == person and self.valid(e, person):
                    own = e.said.key == create.said.key and create.said.seq < e.said.seq
                    gone = gone or own or create.said.seq <= deed.seen.top(create.said.key)
            if not gone:
                updates = [
                    e
                    for e in self.entries
                    if isinstance(e.said.deed, Update) and e.said.deed.object == name and self.authors[e.hash] == person and self.stands(e)
                ]
                outcome[name] = max([create, *updates], key=lambda e: (e.said.published, e.said.seq, e.hash)).hash
        return outcome

    def profile(self):
        """Section 9."""
        good = [e for e in self.entries if isinstance(e.said.deed, Describe) and self.authors[e.hash] and self.stands(e)]
        pasts = {e.hash: frozenset(e.said.heads).union(*(self.o.pasts[h] for h in e.said.heads)) for e in good}
        latest = [e for e in good if not any(pasts[e.hash] < past for past in pasts.values())]
        return max(((e.said.published, e.hash) for e in latest), default=(None, None))[1]
