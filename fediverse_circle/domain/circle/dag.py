"""The operations of a circle as a graph: who did what, in knowledge of what.

Operations stand in the order in which they arrived, causes first, and sets of them are integers: bit *i* is operation *i*.  So `before` is a
shift, "all of this person's" a mask, and "known to x" an `and`.  Nothing here judges.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar, final

from fediverse_circle.domain.circle.entry import Entry
from fediverse_circle.vocab.circle.forms import Hash, Key, Person
from fediverse_circle.vocab.circle.types import (
    Accept,
    Admit,
    Change,
    ChangeRules,
    Demote,
    Found,
    Join,
    Keep,
    Leave,
    Move,
    Offer,
    Promote,
    Rebind,
    Remove,
    Retract,
    Revoke,
    Rules,
)

Mask = int
K = TypeVar("K")


class Masks(dict[K, Mask]):
    """Masks by something.  What is not named has none, and asking for it leaves no trace."""

    def __missing__(self, _: K) -> Mask:
        return 0


@final
@dataclass(frozen=True, slots=True)
class Operation:
    """An operation that S0 let in, with what S0 found: the person of R27, and what section 7 says is recorded.

    `past`: all that it knows; `upto`: these and itself; `known`: the reducing decisions among them.  `change` and `target` are those of a
    proposal; `base` and `major` tell a majority decision.  `sealed`: a vote that came when its proposal had carried already.
    """

    index: int
    entry: Entry
    person: Person
    past: Mask
    upto: Mask
    known: Mask
    rules: Rules
    change: Change | None
    target: Person | None
    major: bool
    base: frozenset[Person]
    sealed: bool

    @property
    def majority(self) -> int:
        """maj(r): more than half of the base."""
        return len(self.base) // 2 + 1


@final
@dataclass(slots=True)
class Index:
    """Operations by what they are, and by whom they name.  Masks."""

    acts: Masks[Person] = field(default_factory=Masks)
    joins: Masks[Person] = field(default_factory=Masks)
    leaves: Masks[Person] = field(default_factory=Masks)
    moves: Masks[Person] = field(default_factory=Masks)
    # proposals, by their target
    admits: Masks[Person] = field(default_factory=Masks)
    removes: Masks[Person] = field(default_factory=Masks)
    drops: Masks[Person] = field(default_factory=Masks)  # removes and demotes
    revokes: Masks[Person] = field(default_factory=Masks)
    rebinds: Masks[Person] = field(default_factory=Masks)
    minors: Masks[Person] = field(default_factory=Masks)  # removes and revokes that are not major
    # by what they are about
    votes: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))  # of a proposal, its own first
    uses: Masks[int] = field(default_factory=Masks)  # Joins by their admission
    after_rules: dict[int, Mask] = field(default_factory=dict)  # what comes after a proposal of rules
    voices: defaultdict[Key, set[Person]] = field(default_factory=lambda: defaultdict(set))  # by Joins and Moves
    rebound: Masks[Key] = field(default_factory=Masks)  # rebinds by their key
    # by which stage of section 8 judges them
    proposals: Mask = 0
    all_admits: Mask = 0
    used: Mask = 0  # admits that some Join uses
    contested: Mask = 0  # S2
    granting: Mask = 0  # S3
    some_keepers: Mask = 0  # S4
    plain_admits: Mask = 0  # S5
    all_joins: Mask = 0  # S5
    keeps: Mask = 0  # S6
    rule_changes: Mask = 0
    retracts: Mask = 0
    known_somewhere: Mask = 0  # reducing decisions that some operation knows


@final
class Dag:
    """All operations of a circle that S0 let in.  It only grows."""

    def __init__(self, genesis: Entry, founding: Found) -> None:
        self.circle: Hash = genesis.hash
        self.founding = founding
        self.founders = {one.person: one for one in founding.founders}
        self.operations: list[Operation] = []
        self.at: dict[Hash, int] = {}
        self.heads: Mask = 0
        self.index = Index()

    @property
    def everything(self) -> Mask:
        """All operations."""
        return (1 << len(self.operations)) - 1

    def named(self, mask: Mask) -> frozenset[Hash]:
        """The hashes of these operations."""
        return frozenset(self.operations[i].entry.hash for i in bits(mask))

    def past_of(self, heads: tuple[Hash, ...]) -> Mask:
        """Everything that these heads know, themselves included.  KeyError if one of them is not here."""
        past = 0
        for head in heads:
            past |= self.operations[self.at[head]].upto
        return past

    def append(self, op: Operation) -> None:
        """One more operation, whose past is here already."""
        self.operations.append(op)
        self.at[op.entry.hash] = op.index
        bit = 1 << op.index
        self.heads = self.heads & ~op.past | bit
        index = self.index
        index.acts[op.person] |= bit
        index.known_somewhere |= op.known
        for rules in index.after_rules:
            if op.past >> rules & 1:
                index.after_rules[rules] |= bit
        match op.entry.said.deed:
            case Join(admission):
                index.joins[op.person] |= bit
                index.voices[op.entry.said.key].add(op.person)
                index.all_joins |= bit
                if admission is not None:
                    index.uses[self.at[admission]] |= bit
                    index.used |= 1 << self.at[admission]
            case Leave():
                index.leaves[op.person] |= bit
            case Move(key=key):
                index.moves[op.person] |= bit
                index.voices[key].add(op.person)
            case Offer(change):
                index.proposals |= bit
                index.votes[op.index].append(op.index)
                self._file(change, op, bit)
            case Accept(proposal):
                index.votes[self.at[proposal]].append(op.index)
            case _:
                pass

    def _file(self, change: Change, op: Operation, bit: Mask) -> None:
        index = self.index
        match change:
            case Admit(who):
                index.admits[who.person] |= bit
                index.all_admits |= bit
                if op.major:
                    index.granting |= bit
                else:
                    index.plain_admits |= bit
            case Promote():
                index.granting |= bit
            case Rebind(who, key=key):
                index.rebinds[who] |= bit
                index.rebound[key] |= bit
                index.granting |= bit
            case ChangeRules():
                index.granting |= bit
                index.rule_changes |= bit
                index.after_rules[op.index] = 0
            case Remove(who) | Demote(who) | Revoke(who):
                self._file_reducing(change, who, op.major, bit)
            case Retract():
                index.retracts |= bit
                index.some_keepers |= bit
            case Keep():
                index.keeps |= bit

    def _file_reducing(self, change: Remove | Demote | Revoke, who: Person, major: bool, bit: Mask) -> None:
        index = self.index
        if isinstance(change, Revoke):
            index.revokes[who] |= bit
        else:
            index.drops[who] |= bit
        if isinstance(change, Remove):
            index.removes[who] |= bit
        if major:
            index.contested |= bit
        else:
            index.some_keepers |= bit
            index.minors[who] |= bit


def bits(mask: Mask) -> Iterator[int]:
    """The operations of a mask, causes first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
