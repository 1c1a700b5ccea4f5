"""S0: whether an operation may stand, by what its author had seen.  CIRCLES.md, section 7; the rules bear its numbers.

The verdict depends on `past(X)` alone, so it is the same on every replica and for ever.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, assert_never, final

from fediverse_circle.domain.circle.dag import Dag, Mask, Operation, bits
from fediverse_circle.domain.circle.entry import Entry
from fediverse_circle.domain.circle.resolution import Resolution
from fediverse_circle.vocab.circle.forms import Hash, Key, Person, Refused, origin_of
from fediverse_circle.vocab.circle.types import (
    Accept,
    Admit,
    Change,
    ChangeRules,
    Demote,
    Envelope,
    Found,
    Join,
    Keep,
    Move,
    Offer,
    Promote,
    Rebind,
    Remove,
    Retract,
    Revoke,
)

DAY: Final = timedelta(days=1)
VOTING: Final = timedelta(days=14)
INVITATION: Final = timedelta(days=30)
MOST_OPERATIONS: Final = 200


def judge(dag: Dag, entry: Entry, past: Mask, st: Resolution) -> Operation:
    """The operation that the entry is, if it may stand; Refused by the rule it breaks.  `st` is state(past(X))."""
    case = _Case(dag, entry.said, past, st)
    case.check_place(entry)
    me = case.person()
    case.check_pace(me)
    change: Change | None = None
    major = sealed = False
    match entry.said.deed:
        case Join(admission):
            case.check_join(me, admission)
        case Move(_, actor, key, _, _):
            case.check_move(me, actor, key)
        case Offer(offered):
            case.check_guest(me)
            case.check_change(me, offered)
            change, major = offered, case.is_major(offered)
        case Accept(proposal):
            case.check_guest(me)
            sealed = case.check_vote(me, case.proposal(proposal), is_counting=entry.said.deed.seen is not None)
        case _:
            pass
    index = len(dag.operations)
    return Operation(
        index=index,
        entry=entry,
        person=me,
        past=past,
        upto=past | 1 << index,
        known=st.reducing,
        rules=st.rules,
        change=change,
        target=target_of(change),
        major=major,
        base=st.keepers if major else frozenset(),
        sealed=sealed,
    )


def speaker(st: Resolution, said: Envelope) -> Person:
    """The member with this key and actor (R27, R28); if ever several, the smallest person by code point."""
    speakers = [person for person, one in st.members.items() if one.key == said.key and one.actor == said.actor]
    if not speakers:
        raise Refused("R28")
    return min(speakers)


def target_of(change: Change | None) -> Person | None:
    """Whom a proposal is about."""
    match change:
        case Admit(who):
            return who.person
        case Promote(who) | Demote(who) | Remove(who) | Revoke(who) | Rebind(who):
            return who
        case ChangeRules() | Retract() | Keep() | None:
            return None
    assert_never(change)


@final
@dataclass(frozen=True, slots=True)
class _Case:
    """What is judged, and what its author knew."""

    dag: Dag
    said: Envelope
    past: Mask
    st: Resolution

    def check_place(self, entry: Entry) -> None:
        """R29: this circle, one genesis, not before what it knows."""
        if entry.circle != self.dag.circle or isinstance(self.said.deed, Found):
            raise Refused("R29")
        for head in self.said.heads:
            if self.said.published < self._at(head).entry.said.published:
                raise Refused("R29")

    def person(self) -> Person:
        """R27, R28."""
        match self.said.deed:
            case Join(None):
                for founder in self.dag.founding.founders:
                    if (founder.key, founder.actor) == (self.said.key, self.said.actor):
                        return founder.person
                raise Refused("R27")
            case Join(admission) if admission is not None:
                at = self.dag.at.get(admission)
                change = None if at is None else self.dag.operations[at].change
                if not isinstance(change, Admit):
                    raise Refused("R32")
                return change.who.person
            case Move(person):
                if person not in self.st.members or self._is_revoked(person):
                    raise Refused("R28")
                return person
            case _:
                return speaker(self.st, self.said)

    def check_pace(self, me: Person) -> None:
        """R30: fewer than 200 operations in a day."""
        mine = self.dag.index.acts[me] & self.past
        if mine.bit_count() < MOST_OPERATIONS:
            return
        since = self.said.published - DAY
        if sum(self.dag.operations[i].entry.said.published > since for i in bits(mine)) >= MOST_OPERATIONS:
            raise Refused("R30")

    def check_guest(self, me: Person) -> None:
        """R33: guests only join, leave and write."""
        if self.st.members[me].host is not None:
            raise Refused("R33")

    def check_join(self, me: Person, admission: Hash | None) -> None:
        """R31, R32."""
        removes = self.dag.index.removes[me] & self.st.reducing
        if me in self.st.members:
            raise Refused("R31")
        if admission is None:
            if self.dag.index.joins[me] & self.past or removes:  # R31: a founder, once, and not after a removal
                raise Refused("R31")
            return
        offer = self._at(admission)
        if not self.past >> offer.index & 1 or not self.st.carried >> offer.index & 1:
            raise Refused("R32")
        assert isinstance(offer.change, Admit)
        if (offer.change.who.key, offer.change.who.actor) != (self.said.key, self.said.actor):
            raise Refused("R32")
        if self.dag.index.uses[offer.index] & self.past or self.said.published - offer.entry.said.published > INVITATION:
            raise Refused("R32")
        if removes & ~offer.known:  # R32: it knew every removal
            raise Refused("R32")

    def check_move(self, me: Person, actor: str, key: Key) -> None:
        """R33, R34."""
        self.check_guest(me)
        self._check_unused(me, actor, key)
        self._check_not_a_founders(me, key)

    def check_change(self, me: Person, change: Change) -> None:
        """R34 to R38, R40: whether me may propose it."""
        if isinstance(change, Admit | Promote | Demote | ChangeRules) if self.dag.founding.linger else isinstance(change, Keep):
            raise Refused("R40")
        match change:
            case Admit():
                self._check_admit(me, change)
            case Keep():
                pass
            case Remove(who) | Demote(who) | Revoke(who):
                self._check_keeper(me)
                if who == me or not self._may_be_reduced(change):
                    raise Refused("R35")
            case Promote(who) | Rebind(who):
                self._check_keeper(me)
                member = self.st.members.get(who)
                if member is None or member.host is not None or (isinstance(change, Promote) and who in self.st.keepers):
                    raise Refused("R35")
                if isinstance(change, Rebind):
                    self._check_unused(who, change.actor, change.key)
            case ChangeRules() | Retract():
                self._check_keeper(me)
            case _:
                assert_never(change)

    def is_major(self, change: Change) -> bool:
        """Whether only a majority of the keepers decides it (6.3)."""
        match change:
            case Remove(who) | Revoke(who):
                invitation = self.st.invited(who)
                return who in self.st.keepers or (invitation is not None and invitation.as_keeper)
            case Admit(role=role):
                return role == "keeper"
            case Retract() | Keep():
                return False
            case Promote() | Demote() | Rebind() | ChangeRules():
                return True
        assert_never(change)

    def proposal(self, name: Hash) -> Operation:
        """R39: the proposal that is voted on, which must be known to its voter."""
        at = self.dag.at.get(name)
        if at is None or not self.past >> at & 1 or self.dag.operations[at].change is None:
            raise Refused("R39")
        return self.dag.operations[at]

    def check_vote(self, me: Person, offer: Operation, *, is_counting: bool) -> bool:
        """R39, and R8 for `seen`.  Whether the vote is sealed: it comes when the proposal has carried."""
        if isinstance(offer.change, Remove | Revoke) != is_counting:
            raise Refused("R8")
        if self.said.published - offer.entry.said.published > VOTING:
            raise Refused("R39")
        if any(self.past >> j & 1 and self.dag.operations[j].person == me for j in self.dag.index.votes[offer.index]):
            raise Refused("R39")
        if isinstance(offer.change, Remove | Demote | Revoke) and offer.target == me:
            raise Refused("R39")
        if not self._may_vote(me, offer):
            raise Refused("R39")
        return bool(self.st.carried >> offer.index & 1)

    def _may_vote(self, me: Person, offer: Operation) -> bool:
        keeps = me in self.st.keepers
        if offer.major:
            return keeps and me in offer.base
        match offer.change:
            case Remove() | Revoke() | Retract():
                return keeps
            case Admit():
                return keeps or (offer.rules.admit is not None and offer.rules.admit.by == "members")
            case _:
                return True

    def _check_keeper(self, me: Person) -> None:
        if me not in self.st.keepers:
            raise Refused("R35")

    def _may_be_reduced(self, change: Remove | Demote | Revoke) -> bool:
        """R35: a member or keeper; to be removed also who is openly invited, to be demoted a keeper alone."""
        who = change.who
        match change:
            case Remove():
                return who in self.st.members or who in self.st.keepers or self.st.invited(who) is not None
            case Revoke():
                return who in self.st.members or who in self.st.keepers
            case Demote():
                return who in self.st.keepers
        assert_never(change)

    def _check_admit(self, me: Person, change: Admit) -> None:
        who, rules, sponsor = change.who, self.st.rules, self.st.members[me]
        keeps = me in self.st.keepers
        if who.person in self.st.members or who.person in self.st.keepers or rules.admit is None:
            raise Refused("R36")
        if rules.admit.role not in ("either", change.role) or (change.role == "keeper" and not keeps):
            raise Refused("R36")
        if change.history == "chosen" or rules.history not in ("chosen", change.history):
            raise Refused("R36")
        if rules.admit.by == "keepers" and not keeps:
            raise Refused("R36")
        if who.host is not None and (change.role == "keeper" or who.host != origin_of(sponsor.inbox)):
            raise Refused("R37")
        if len(self.dag.founding.founders) == 1 and who.host is None:
            raise Refused("R38")
        for key in (who.key, who.person):
            self._check_unused(who.person, who.actor, key)
            self._check_not_a_founders(who.person, key)

    def _check_unused(self, me: Person, actor: str, key: Key) -> None:
        """R34: nobody takes the present key, or the actor, of another member.  (A guest's actor proves nothing to anybody.)"""
        for person, one in self.st.members.items():
            if person != me and (one.key == key or (one.host is None and one.actor == actor)):
                raise Refused("R34")

    def _check_not_a_founders(self, me: Person, key: Key) -> None:
        """R34: nor the key of a founder yet to join."""
        for founder in self.dag.founding.founders:
            if founder.key == key and founder.person != me and not self.dag.index.joins[founder.person] & self.past:
                raise Refused("R34")

    def _is_revoked(self, person: Person) -> bool:
        revokes = (self.dag.operations[r].change for r in bits(self.dag.index.revokes[person] & self.st.reducing))
        return any(isinstance(one, Revoke) and one.key == person for one in revokes)

    def _at(self, name: Hash) -> Operation:
        return self.dag.operations[self.dag.at[name]]
