"""The log of a circle: every operation that may stand, and the state they amount to at any point of it.

It only grows, and is the same, whatever came first, as soon as the same operations have come (invariant 1).
"""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final, final

from fediverse_circle.domain.circle.advancing import advance
from fediverse_circle.domain.circle.dag import Dag, Mask, Operation, bits
from fediverse_circle.domain.circle.entry import Entry
from fediverse_circle.domain.circle.resolution import Resolution, resolve
from fediverse_circle.domain.circle.state import State
from fediverse_circle.domain.circle.validity import judge
from fediverse_circle.domain.circle.verdict import Falls, Stands, Verdict, Waits
from fediverse_circle.vocab.circle.forms import Hash, Key, Person, Refused, Rule
from fediverse_circle.vocab.circle.reading import MOST_HEADS
from fediverse_circle.vocab.circle.types import Admit, Found, Identity, Join, Move, Offer, Rebind, Revoke

_REMEMBERED: Final = 64  # states of other points of the log that are kept at hand
_STEPS: Final = 16  # how far back a state is looked for before one is resolved anew


@final
class Log:
    """The operations of one circle.  Begins with a genesis; `add` takes the others."""

    def __init__(self, genesis: Entry) -> None:
        founding = genesis.said.deed
        if not isinstance(founding, Found):
            raise Refused("R29")
        self._dag = Dag(genesis, founding)
        self._resolutions: OrderedDict[Mask, Resolution] = OrderedDict()
        author = next(one.person for one in founding.founders if one.key == genesis.said.key)
        self._dag.append(
            Operation(
                index=0,
                entry=genesis,
                person=author,
                past=0,
                upto=1,
                known=0,
                rules=founding.rules,
                change=None,
                target=None,
                major=False,
                base=frozenset(),
                sealed=False,
            )
        )

    @property
    def circle(self) -> Hash:
        """The name of the circle: the hash of its genesis."""
        return self._dag.circle

    @property
    def founding(self) -> Found:
        """What the circle was founded with."""
        return self._dag.founding

    @property
    def heads(self) -> tuple[Hash, ...]:
        """The operations that no other knows, sorted by code point."""
        return tuple(sorted(self._dag.named(self._dag.heads)))

    @property
    def citable(self) -> tuple[Hash, ...]:
        """The heads that a new entry cites: of more than 16 the latest (R11)."""
        latest = sorted((self.operation(head).entry for head in self.heads), key=lambda one: (one.said.published, one.hash))
        return tuple(sorted(one.hash for one in latest[-MOST_HEADS:]))

    @property
    def state(self) -> State:
        """What all operations amount to."""
        return self._present().state()

    def __contains__(self, name: Hash) -> bool:
        return name in self._dag.at

    def __len__(self) -> int:
        return len(self._dag.operations)

    def operations(self) -> tuple[Entry, ...]:
        """All operations, causes first."""
        return tuple(op.entry for op in self._dag.operations)

    def operation(self, name: Hash) -> Operation:
        """An operation, with what was recorded about it.  KeyError if it is not here."""
        return self._dag.operations[self._dag.at[name]]

    def unknown_to(self, heads: Iterable[Hash]) -> tuple[Entry, ...]:
        """The operations that are not in the past of these heads, causes first (R76).  Heads that are not here count for nothing."""
        known = self._dag.past_of(tuple(head for head in heads if head in self._dag.at))
        return tuple(self._dag.operations[i].entry for i in bits(self._dag.everything & ~known))

    def missing(self, heads: Iterable[Hash]) -> frozenset[Hash]:
        """Those of these heads that are not here."""
        return frozenset(head for head in heads if head not in self._dag.at)

    def knows(self, heads: tuple[Hash, ...], name: Hash) -> bool:
        """Whether an operation is in the past of these heads.  KeyError if one of the heads is not here."""
        at = self._dag.at.get(name)
        return at is not None and bool(self._dag.past_of(heads) >> at & 1)

    def state_at(self, heads: tuple[Hash, ...]) -> State:
        """The state that somebody with these heads knew.  KeyError if one of them is not here."""
        return self._resolution(self._dag.past_of(heads)).state()

    def past(self, heads: tuple[Hash, ...]) -> Mask:
        """Everything that these heads know, themselves included: a set to be compared.  KeyError if one of the heads is not here."""
        return self._dag.past_of(heads)

    def leaves(self, person: Person) -> tuple[Entry, ...]:
        """Every Leave of somebody."""
        return tuple(self._dag.operations[i].entry for i in bits(self._dag.index.leaves[person]))

    def voices(self, key: Key) -> frozenset[Person]:
        """Everybody for whom the key ever spoke (by a Join, a Move, a carried rebind), and the person whose own key it is."""
        index = self._dag.index
        rebound = bits(index.rebound[key] & self._present().carried)
        persons = {*index.voices.get(key, ()), *(self._dag.operations[i].target for i in rebound)}
        return frozenset(person for person in (*persons, Person(key)) if person is not None and index.joins[person])

    def fell(self, person: Person) -> bool:
        """Whether somebody is out who neither left nor was removed: their Join does not hold, for a sponsor fell, or rules came beside it (8.4)."""
        present, index = self._present(), self._dag.index
        if person in present.members:
            return False
        ended = index.leaves[person] | index.removes[person] & present.reducing
        return any(not ended & ~self._dag.operations[j].past for j in bits(index.joins[person]))

    def removes(self, person: Person) -> frozenset[Hash]:
        """The removals of somebody that have carried."""
        return self._dag.named(self._dag.index.removes[person] & self._present().reducing)

    def revokes(self, person: Person, key: Key) -> frozenset[Hash]:
        """The revocations of somebody's key that have carried."""
        revokes = (self._dag.operations[i] for i in bits(self._dag.index.revokes[person] & self._present().reducing))
        return frozenset(op.entry.hash for op in revokes if isinstance(op.change, Revoke) and op.change.key == key)

    def founders_yet_to_join(self) -> frozenset[Person]:
        """Keepers from the start who have not joined."""
        return frozenset(person for person in self._present().keepers if not self._dag.index.joins[person])

    def identity(self, founder: Person) -> Identity:
        """How a founder was named.  KeyError if nobody founded by this name."""
        return self._dag.founders[founder]

    def inboxes_ever(self) -> frozenset[str]:
        """The inboxes of all instances that ever hosted a member."""
        inboxes = {one.inbox for one in self._present().members.values()}
        for op in self._dag.operations:
            match op.entry.said.deed:
                case Join(None):
                    inboxes.add(self._dag.founders[op.person].inbox)
                case Join(admission) if admission is not None and isinstance(change := self.operation(admission).change, Admit):
                    inboxes.add(change.who.inbox)
                case Move(inbox=inbox) | Offer(Rebind(inbox=inbox)):
                    inboxes.add(inbox)
                case _:
                    pass
        return frozenset(inboxes)

    def persons(self) -> frozenset[Person]:
        """Everybody who ever did something here."""
        return frozenset(self._dag.index.acts)

    def voters(self, proposal: Hash) -> frozenset[Person]:
        """Everybody who voted for a proposal, its author included."""
        return frozenset(self._dag.operations[j].person for j in self._dag.index.votes[self._dag.at[proposal]])

    def heads_beside(self, name: Hash) -> tuple[Hash, ...]:
        """The heads that there would be without this operation and all that knows it."""
        at = self._dag.at[name]
        others = [op for op in self._dag.operations if op.index != at and not op.past >> at & 1]
        known = 0
        for op in others:
            known |= op.past
        return tuple(sorted(op.entry.hash for op in others if not known >> op.index & 1))

    def deciding_votes(self, decision: Hash) -> tuple[Entry, ...]:
        """V(ρ): the votes by which a decision against somebody is cut (8.1)."""
        present = self._present()
        return tuple(self._dag.operations[i].entry for i in present.unsealed(self._dag.at[decision]))

    def add(self, entry: Entry) -> Verdict:
        """Take an operation: section 7.  The same operation again changes nothing."""
        if entry.hash in self._dag.at:
            return Stands(new=False)
        if entry.circle != self.circle or not entry.is_operation:
            return Falls(Rule("R29"))
        if missing := self.missing(entry.said.heads):
            return Waits(Rule("R11"), missing, None)
        past = self._dag.past_of(entry.said.heads)
        try:
            op = judge(self._dag, entry, past, self._resolution(past))
        except Refused as refusal:
            return Falls(refusal.rule)
        self._dag.append(op)
        return Stands(new=True)

    def _present(self) -> Resolution:
        return self._resolution(self._dag.everything)

    def _resolution(self, of: Mask) -> Resolution:
        """state(S): from the state of a little earlier where there is one, else anew."""
        steps: list[int] = []
        base = of
        while (found := self._resolutions.get(base)) is None and len(steps) < _STEPS:
            top = base.bit_length() - 1
            if self._dag.operations[top].upto != base or top == 0:
                break
            steps.append(top)
            base ^= 1 << top
        if found is None:
            found = resolve(self._dag, of)
        else:
            for x in reversed(steps):
                found = advance(found, x)
        self._remember(of, found)
        return found

    def _remember(self, of: Mask, found: Resolution) -> None:
        self._resolutions[of] = found
        self._resolutions.move_to_end(of)
        if len(self._resolutions) > _REMEMBERED:
            self._resolutions.popitem(last=False)
