"""state(S): what a causally closed set of operations amounts to.  CIRCLES.md, section 8.1; the stages bear its numbers.

`Resolution` holds what the stages found; `resolve` computes it from nothing but the set.  `advance` is the same for one more operation that
knows all others, computed from the resolution before it (advancing.py).
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final, final

from fediverse_circle.domain.circle.dag import Dag, Mask, Operation, bits
from fediverse_circle.domain.circle.state import Invitation, Member, State, width
from fediverse_circle.vocab.circle.forms import Hash, Key, Person
from fediverse_circle.vocab.circle.types import (
    Admit,
    ChangeRules,
    History,
    Join,
    Move,
    Promote,
    Rebind,
    Retract,
    Revoke,
    Rules,
)

_GENESIS: Final = 0
_WIDEST: Final[History] = "all"


@final
class Resolution:
    """What the stages S2 to S6 found about a set.  Filled in by `resolve` and `advance`; nobody changes it afterwards."""

    __slots__ = (
        "beside_rules",
        "carried",
        "dag",
        "grants",
        "keepers",
        "kept",
        "killed",
        "majority_reducing",
        "majority_void",
        "members",
        "named_before",
        "ops",
        "reducing",
        "rules",
        "set",
        "shown",
        "sound",
        "void",
    )

    def __init__(self, dag: Dag, of: Mask) -> None:
        self.dag, self.ops, self.set = dag, dag.operations, of
        self.killed: dict[int, Mask] = {}  # by each contested decision, what it kills
        self.majority_reducing: Mask = 0  # R, as S2 left it
        self.majority_void: Mask = 0
        self.reducing: Mask = 0  # R
        self.void: Mask = 0
        self.carried: Mask = 0
        self.grants: dict[Person, tuple[int, ...]] = dict.fromkeys(dag.founders, (_GENESIS,))
        self.sound: Mask = 0  # Joins
        self.keepers: frozenset[Person] = frozenset()
        self.rules: Rules = dag.founding.rules
        self.beside_rules: Mask = 0  # what is concurrent with a carried change of rules
        self.members: dict[Person, Member] = {}
        self.kept = False
        self.shown: State | None = None
        self.named_before: tuple[Mask, frozenset[Hash]] = (0, frozenset())

    # What 8.1 defines before the stages

    def votes(self, proposal: int) -> list[int]:
        """The votes on a proposal, its own first."""
        return [j for j in self.dag.index.votes[proposal] if self.set >> j & 1]

    def unsealed(self, proposal: int) -> list[int]:
        """V(ρ): of each voter the vote with the smallest hash, without those that came when it had carried already."""
        op, first = self.ops[proposal], dict[Person, Operation]()
        for vote in map(self.ops.__getitem__, self.votes(proposal)):
            if op.major and vote.person not in op.base:
                continue
            if vote.person not in first or vote.entry.hash < first[vote.person].entry.hash:
                first[vote.person] = vote
        return [vote.index for vote in first.values() if not vote.sealed]

    def killed_by(self, decision: int) -> Mask:
        """Every x that the decision kills: by whom it names, not in knowledge of it, and not in its cut."""
        ops, change, target = self.ops, self.ops[decision].change, self.ops[decision].target
        assert target is not None
        acts = self.dag.index.acts[target] & self.set
        pasts = [ops[j].upto for j in self.unsealed(decision)]
        seen_by_all = acts
        for past in pasts:
            seen_by_all &= past
        killed = 0
        for x in bits(acts & ~seen_by_all):
            if isinstance(change, Revoke) and ops[x].entry.said.key != change.key:
                continue
            seen_by = sum(past >> x & 1 for past in pasts)
            if not ops[x].known >> decision & 1 and 2 * seen_by < len(pasts):
                killed |= 1 << x
        return killed

    def _persons(self, proposal: int, counts: Callable[[int], bool]) -> int:
        """How many persons have a vote on it that counts."""
        return len({self.ops[j].person for j in self.votes(proposal) if counts(j)})

    def _holds(self, x: int, at: int, reducing: Mask) -> bool:
        """Whether the person of x had power at `at` by some grant that x's own knowledge does not end."""
        index, op = self.dag.index, self.ops[x]
        drops, leaves = index.drops[op.person] & reducing & op.known, index.leaves[op.person] & op.past
        for g in self.grants.get(op.person, ()):
            grant = self.ops[g]
            if (g == at or self.ops[at].past >> g & 1) and not drops & ~grant.known and not leaves & ~grant.past:
                return True
        return False

    def empowered(self, x: int, at: int) -> bool:
        """authority(x, at), while S3 and S4 are judging."""
        return not self.majority_void >> x & 1 and self._holds(x, at, self.majority_reducing)

    def authority(self, x: int) -> bool:
        """authority(x), once all reducing decisions are known."""
        return not self.void >> x & 1 and self._holds(x, x, self.reducing)

    def acting(self, x: int) -> bool:
        """Whether x was done by somebody with power, or by a member."""
        op = self.ops[x]
        return not self.void >> x & 1 and bool(self.sound & self.dag.index.joins[op.person] & op.past or self._holds(x, x, self.reducing))

    def ruled(self, proposal: int) -> tuple[Rules, ...]:
        """The rules that a proposal must meet: those of its past, and those that carried beside it."""
        op = self.ops[proposal]
        if not self.beside_rules >> proposal & 1:
            return (op.rules,)
        changes = (self.ops[k] for k in bits(self.dag.index.rule_changes & self.carried & ~op.upto))
        return (op.rules, *(_new_rules(k) for k in changes if not k.past >> proposal & 1))

    def supported(self, proposal: int) -> bool:
        """Whether a granting decision has its majority (S3)."""
        base = self.ops[proposal].base
        return self._persons(proposal, lambda j: self.ops[j].person in base and self.empowered(j, proposal)) >= self.ops[proposal].majority

    def enough(self, proposal: int) -> bool:
        """Whether a decision of some keepers has its number (S4)."""
        needed = max(rules.remove for rules in self.ruled(proposal))
        return self._persons(proposal, lambda j: self.empowered(j, j)) >= needed

    def ok(self, admission: int, before: Mask) -> bool:
        """ok(a, j): whether an admission holds, by the votes that are in `before` (S5)."""
        if self.ops[admission].major:
            return bool(self.carried >> admission & 1)
        for rules in self.ruled(admission):
            if rules.admit is None or rules.admit.role == "keeper":
                return False
            counts = self.authority if rules.admit.by == "keepers" else self.acting
            if len({self.ops[j].person for j in self.votes(admission) if before >> j & 1 and counts(j)}) < rules.admit.n:
                return False
        return True

    def is_sound(self, join: int) -> bool:
        """Whether a Join holds: by its admission, and against every removal of the person (S5)."""
        op = self.ops[join]
        admission = _admission(op)
        if admission is not None and not self.ok(self.dag.at[admission], op.past):
            return False
        for decision in bits(self.dag.index.removes[op.person] & self.reducing & ~op.known):
            pasts = [self.ops[j].upto for j in self.unsealed(decision)]
            if 2 * sum(past >> join & 1 for past in pasts) < len(pasts):
                return False
        return True

    def keeps(self, person: Person) -> bool:
        """Whether some grant of the person outlives every decision against it and every Leave."""
        drops = self.dag.index.drops[person] & self.majority_reducing
        leaves = self.dag.index.leaves[person] & self.set
        return any(not drops & ~self.ops[g].known and not leaves & ~self.ops[g].past for g in self.grants.get(person, ()))

    def is_expected(self, person: Person) -> bool:
        """Whether a majority admitted the person, and no Join has used it yet."""
        index = self.dag.index
        return any(not index.uses[a] & self.set for a in bits(index.admits[person] & index.granting & self.carried))

    def invited(self, person: Person) -> Invitation | None:
        """The open invitations of the person; None if there are none."""
        index = self.dag.index
        if person in self.members:
            return None
        removes = index.removes[person] & self.reducing
        admits = [a for a in bits(index.admits[person] & self.carried) if not index.uses[a] & self.set and not removes & ~self.ops[a].known]
        names = tuple(sorted(self.ops[a].entry.hash for a in admits))
        return Invitation(names, any(self.ops[a].major for a in admits)) if admits else None

    def membership(self, person: Person) -> Member | None:
        """What the person is in the circle; None if not in it (S5)."""
        index = self.dag.index
        leaves, removes = index.leaves[person] & self.set, index.removes[person] & self.reducing
        joins = [self.ops[j] for j in bits(index.joins[person] & self.set)]
        joins = [j for j in joins if not leaves & ~j.past]
        good = [j for j in joins if self.sound >> j.index & 1 and not removes & ~j.known]
        if not good and person in self.keepers:
            good = joins
        if not good:
            return None
        join = max(good, key=_by_hash)
        changes = index.moves[person] & self.set & ~self.void | index.rebinds[person] & self.carried
        voice = self._latest([join, *(self.ops[i] for i in bits(changes))])
        return self._member(person, join, voice)

    def _member(self, person: Person, join: Operation, voice: Operation) -> Member:
        admission = _admission(join)
        if admission is None:
            identity = self.dag.founders[person]
            histories: tuple[History, ...] = (self.dag.founding.rules.history,)
        else:
            offer = self.ops[self.dag.at[admission]]
            assert isinstance(offer.change, Admit)
            identity = offer.change.who
            histories = (offer.change.history, *(rules.history for rules in self.ruled(offer.index)))
        narrowest = min(histories, key=width)
        actor, key, inbox = _voice(voice, identity.inbox)
        revoked = any(_revokes(self.ops[r], key) and not voice.known >> r & 1 for r in bits(self.dag.index.revokes[person] & self.reducing))
        return Member(
            join=join.entry.hash,
            actor=actor,
            key=None if revoked else key,
            inbox=inbox,
            history=_WIDEST if narrowest == "chosen" else narrowest,
            host=identity.host,
        )

    def _latest(self, ops: Iterable[Operation]) -> Operation:
        """The causally greatest; of several the one with the greatest hash."""
        candidates = list(ops)
        pasts = 0
        for op in candidates:
            pasts |= op.past
        return max((op for op in candidates if not pasts >> op.index & 1), key=_by_hash)

    # The stages

    def judge_removals(self, killed: Mapping[int, Mask]) -> None:
        """S2: reducing decisions about keepers.  Mutual removals are decided by what each leaves of the other's votes.

        `killed`: what some of them kill, where that is known already.
        """
        open_ones: dict[int, list[Operation]] = {}
        for r in bits(self.dag.index.contested & self.set):
            op = self.ops[r]
            votes = [self.ops[j] for j in self.votes(r) if self.ops[j].person in op.base]
            if len({vote.person for vote in votes}) >= op.majority:
                open_ones[r] = votes
        self.killed = {r: killed[r] if r in killed else self.killed_by(r) for r in open_ones}
        alive, sure = set(open_ones), set[int]()
        changed = True
        while changed:
            changed = False
            for r, votes in list(open_ones.items()):
                if _left(votes, self.killed, alive) >= self.ops[r].majority:
                    sure.add(r)
                elif _left(votes, self.killed, sure) < self.ops[r].majority:
                    alive.discard(r)
                else:
                    continue
                del open_ones[r]
                changed = True
        for r in alive:
            self.majority_reducing |= 1 << r
            self.majority_void |= self.killed[r]
        self.carried |= self.majority_reducing
        self.reducing, self.void = self.majority_reducing, self.majority_void

    def judge_grants(self) -> None:
        """S3: granting majority decisions, in causal order: each reads grants of its own past alone."""
        for i in bits(self.dag.index.granting & self.set):
            if self.supported(i):
                self.grant(i)
        self.keepers = frozenset(person for person in self.grants if self.keeps(person))
        self.settle_rules()

    def grant(self, decision: int) -> None:
        """A granting decision has carried."""
        self.carried |= 1 << decision
        match self.ops[decision].change:
            case Promote(who):
                self.grants[who] = (*self.grants.get(who, ()), decision)
            case Admit(who) if joins := self.dag.index.uses[decision] & self.set:
                self.grants[who.person] = (*self.grants.get(who.person, ()), *bits(joins))
            case _:
                pass

    def settle_rules(self) -> None:
        """The rules: of the decisions that carried the causally greatest, of several the one with the greatest hash; else the genesis'."""
        changes = [self.ops[k] for k in bits(self.dag.index.rule_changes & self.carried)]
        if changes:
            self.rules = _new_rules(self._latest(changes))
        for k in changes:
            self.beside_rules |= self.set & ~k.upto & ~self.dag.index.after_rules[k.index]

    def judge_keepers_decisions(self) -> None:
        """S4: decisions of some keepers, all judged by what stood before any of them."""
        carried = 0
        for r in bits(self.dag.index.some_keepers & self.set):
            if self.enough(r) and not self.is_shielded(r):
                carried |= 1 << r
        self.carried |= carried
        self.reducing |= carried & ~self.dag.index.retracts
        for r in bits(carried & ~self.dag.index.retracts):
            self.void |= self.killed_by(r)

    def is_shielded(self, decision: int) -> bool:
        """Whether a majority's word protects the target of a decision of some keepers: upheld, or expected."""
        op = self.ops[decision]
        if op.target is None:
            return False
        drops = self.dag.index.drops[op.target] & self.majority_reducing
        leaves = self.dag.index.leaves[op.target] & op.past
        grants = (self.ops[g] for g in self.grants.get(op.target, ()))
        return any(not drops & ~g.known and not leaves & ~g.past for g in grants) or self.is_expected(op.target)

    def judge_admissions(self) -> None:
        """S5: Joins in causal order, then who is in."""
        for j in bits(self.dag.index.all_joins & self.set):
            if self.is_sound(j):
                self.sound |= 1 << j
        for a in bits(self.dag.index.plain_admits & self.set):
            if self.ok(a, self.set):
                self.carried |= 1 << a
        for person, joins in self.dag.index.joins.items():
            if joins & self.set and (member := self.membership(person)) is not None:
                self.members[person] = member

    def judge_keeping(self) -> None:
        """S6: a linger is kept if all its members say so."""
        for i in bits(self.dag.index.keeps & self.set):
            voters = {self.ops[j].person for j in self.votes(i) if self.acting(j)}
            if self.members and voters >= self.members.keys():
                self.kept = True

    def state(self) -> State:
        """The state that this amounts to."""
        if self.shown is None:
            self.shown = self._shown()
        return self.shown

    def _shown(self) -> State:
        index, ops = self.dag.index, self.ops
        retracts = (ops[r].change for r in bits(index.retracts & self.carried))
        unused = index.all_admits & self.carried & ~index.used
        if self.set != self.dag.everything:
            unused |= sum(1 << a for a in bits(index.all_admits & self.carried & index.used) if not index.uses[a] & self.set)
        invited = {target: self.invited(target) for a in bits(unused) if (target := ops[a].target) is not None}
        return State(
            members=MappingProxyType(self.members),
            keepers=self.keepers,
            rules=self.rules,
            carried=self._carried(),
            reducing=self.dag.named(self.reducing),
            retracted=frozenset(change.entry for change in retracts if isinstance(change, Retract)),
            kept=self.kept,
            invited=MappingProxyType({person: one for person, one in invited.items() if one is not None}),
        )

    def _carried(self) -> frozenset[Hash]:
        """The names of what has carried: those of the resolution before, and a few more."""
        former, names = self.named_before
        if former & ~self.carried:
            former, names = 0, frozenset()
        names |= self.dag.named(self.carried & ~former)
        self.named_before = self.carried, names
        return names


def resolve(dag: Dag, of: Mask) -> Resolution:
    """state(S), from nothing but the set."""
    resolution = Resolution(dag, of)
    resolution.judge_removals({})
    resolution.judge_grants()
    resolution.judge_keepers_decisions()
    resolution.judge_admissions()
    resolution.judge_keeping()
    return resolution


def _left(votes: Iterable[Operation], killed: Mapping[int, Mask], by: Iterable[int]) -> int:
    """count(r, Q): how many have a vote that none of Q kills.  (r itself kills none: its target has no vote on it.)"""
    void = 0
    for decision in by:
        void |= killed[decision]
    return len({vote.person for vote in votes if not void >> vote.index & 1})


def _by_hash(op: Operation) -> Hash:
    return op.entry.hash


def _admission(op: Operation) -> Hash | None:
    return op.entry.said.deed.admission if isinstance(op.entry.said.deed, Join) else None


def _new_rules(op: Operation) -> Rules:
    assert isinstance(op.change, ChangeRules)
    return op.change.rules


def _revokes(op: Operation, key: Key) -> bool:
    return isinstance(op.change, Revoke) and op.change.key == key


def _voice(op: Operation, inbox: str) -> tuple[str, Key, str]:
    """Actor, key and inbox that a Join, a Move or a rebind gives a person; a Join's inbox stands in the person object."""
    match op.entry.said.deed, op.change:
        case Move(_, actor, key, new_inbox, _), _:
            return actor, key, new_inbox
        case _, Rebind(_, actor, key, new_inbox):
            return actor, key, new_inbox
        case _:
            return op.entry.said.actor, op.entry.said.key, inbox
