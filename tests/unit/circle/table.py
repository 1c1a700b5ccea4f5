"""People at a table, who act one after the other; what each knows is said, or everything.

Whatever they do is told to the log and to the oracle, and both must say the same of it, at once and resolved anew.
"""

from datetime import datetime

from fediverse_circle.domain.circle.entry import Entry
from fediverse_circle.domain.circle.log import Log
from fediverse_circle.domain.circle.resolution import resolve
from fediverse_circle.domain.circle.state import Member, State
from fediverse_circle.domain.circle.verdict import Falls, Stands
from fediverse_circle.vocab.circle.forms import Hash, Key
from fediverse_circle.vocab.circle.types import (
    Accept,
    Admit,
    Deed,
    Demote,
    Join,
    Lingering,
    Move,
    Offer,
    Promote,
    Remove,
    Revoke,
    Rules,
    Seen,
)
from tests.unit.circle.cast import HOUSE, Pen, Someone, genesis, later, someone
from tests.unit.circle.oracle import Oracle

NOBODY_SAW = Seen(())


class Table:
    """Founders, all but the absent joined, at a table with these rules."""

    minutes: float

    def __init__(self, names: str, rules: Rules = HOUSE, linger: Lingering | None = None, absent: str = "") -> None:
        self.pen, self.people = Pen(), [someone(name) for name in names]
        opening = genesis(self.people, rules, linger, self.pen)
        self.log, self.oracle, self.minutes = Log(opening), Oracle(opening), 0.0
        for one in self.people:
            if one.name not in absent:
                self.act(one, Join(None))

    @property
    def now(self) -> datetime:
        """The time of the last deed."""
        return later(self.minutes)

    def members(self) -> str:
        """Who is in, by their names."""
        return "".join(sorted(one.name for one in self.people if one.person in self.log.state.members))

    def keepers(self) -> str:
        """Who keeps, by their names."""
        return "".join(sorted(one.name for one in self.people if one.person in self.log.state.keepers))

    def write(self, who: Someone, deed: Deed, heads: tuple[Hash, ...] | None = None, key: Key | None = None, after: float = 1) -> Entry:
        """What somebody would say next, after so many minutes."""
        self.minutes += after
        signing = who.person if isinstance(deed, Move) else key
        return self.pen.write(who, deed, self.log.circle, heads or self.log.citable, later(self.minutes), signing)

    def act(self, who: Someone, deed: Deed, heads: tuple[Hash, ...] | None = None, key: Key | None = None, after: float = 1) -> Hash:
        """Somebody does something that stands."""
        entry = self.write(who, deed, heads, key, after)
        if entry.is_operation:
            assert self.log.add(entry) == Stands(new=True)
            assert self.oracle.tell(entry) is True
            assert comparable(self.log.state) == self.oracle.everything().comparable()
            assert self.log.state == resolve(self.log._dag, self.log._dag.everything).state()
        return entry.hash

    def refused(self, who: Someone, deed: Deed, heads: tuple[Hash, ...] | None = None, key: Key | None = None, after: float = 1) -> str:
        """The rule by which something is refused."""
        entry = self.write(who, deed, heads, key, after)
        verdict = self.log.add(entry)
        assert isinstance(verdict, Falls), verdict
        assert self.oracle.tell(entry) is False
        return verdict.rule

    def decide(self, offer: Offer, *voters: Someone, heads: tuple[Hash, ...] | None = None) -> Hash:
        """A proposal of the first, and the votes of the others, one in knowledge of the other."""
        proposal = self.act(voters[0], offer, heads)
        seen = proposal
        for voter in voters[1:]:
            accept = Accept(proposal, offer.seen)
            seen = self.act(voter, accept, (seen,) if heads else None)
        return proposal

    def remove(self, whom: Someone, *voters: Someone, heads: tuple[Hash, ...] | None = None) -> Hash:
        """Some remove somebody."""
        return self.decide(Offer(Remove(whom.person), NOBODY_SAW), *voters, heads=heads)

    def demote(self, whom: Someone, *voters: Someone, heads: tuple[Hash, ...] | None = None) -> Hash:
        """Some demote somebody."""
        return self.decide(Offer(Demote(whom.person), None), *voters, heads=heads)

    def promote(self, whom: Someone, *voters: Someone, heads: tuple[Hash, ...] | None = None) -> Hash:
        """Some promote somebody."""
        return self.decide(Offer(Promote(whom.person), None), *voters, heads=heads)

    def revoke(self, whom: Someone, key: Key, *voters: Someone, heads: tuple[Hash, ...] | None = None) -> Hash:
        """Some revoke a key of somebody."""
        return self.decide(Offer(Revoke(whom.person, key), NOBODY_SAW), *voters, heads=heads)

    def bring(self, who: Someone, *voters: Someone, role: str = "member", heads: tuple[Hash, ...] | None = None) -> Hash:
        """Some admit somebody, who joins; the Join."""
        if who not in self.people:
            self.people.append(who)
        history = "all" if self.log.state.rules.history == "chosen" else self.log.state.rules.history
        admission = self.decide(Offer(Admit(who.identity, role, history), None), *voters, heads=heads)  # type: ignore[arg-type]
        return self.act(who, Join(admission), (admission,) if heads else None)


def mentioned(member: Member) -> dict[str, object]:
    """A member as the oracle writes one."""
    host = {} if member.host is None else {"host": member.host}
    return {"join": member.join, "actor": member.actor, "key": member.key, "inbox": member.inbox, "history": member.history, **host}


def comparable(state: State) -> tuple[object, ...]:
    """A state as the oracle writes one."""
    members = {person: mentioned(one) for person, one in state.members.items()}
    return members, state.keepers, state.rules, state.carried, state.reducing, state.retracted, state.kept
