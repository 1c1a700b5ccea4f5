"""state(S) for one more operation that knows all others: from the resolution before it, without looking at the rest again.

Whatever such an operation does, it is concurrent with nothing.  So nearly always only one proposal and one person change.  Where more might
(a decision that voids something, or that somebody knows already; power that somebody has acted on), `advance` resolves anew: it gives what
`resolve` gives, always, and a property test holds it to that.
"""

from copy import copy

from fediverse_circle.domain.circle.dag import bits
from fediverse_circle.domain.circle.resolution import Resolution, resolve
from fediverse_circle.vocab.circle.forms import Person
from fediverse_circle.vocab.circle.types import Accept, Admit, ChangeRules, Join, Leave, Move, Offer, Promote, Rebind


def advance(before: Resolution, x: int) -> Resolution:
    """state(S ∪ {x}), where `before` is state(S) and x knows all of S."""
    assert before.set == before.ops[x].past
    after = copy(before)
    after.set, after.shown = before.set | 1 << x, None
    after.killed = {r: killed for r, killed in before.killed.items() if after.ops[r].target != after.ops[x].person}
    if not _take(after, x):
        return resolve(before.dag, after.set)
    if after.dag.index.keeps & after.set:
        after.kept = False
        after.judge_keeping()
    return after


def _take(after: Resolution, x: int) -> bool:
    """Whether the operation could be taken into account alone."""
    op = after.ops[x]
    match op.entry.said.deed:
        case Join(admission):
            return _take_join(after, x, None if admission is None else after.dag.at[admission])
        case Leave() | Move():
            _settle(after, op.person)
            return True
        case Offer():
            return _take_vote(after, x)
        case Accept(proposal):
            return _take_vote(after, after.dag.at[proposal])
        case _:
            return False


def _take_join(after: Resolution, x: int, admission: int | None) -> bool:
    person = after.ops[x].person
    if after.dag.index.minors[person] & after.set:
        return False  # a new grant, or an invitation used up, may uphold or no longer shield (S4)
    if admission is not None and after.ops[admission].major and after.carried >> admission & 1:
        after.grants = {**after.grants, person: (*after.grants.get(person, ()), x)}
    if after.is_sound(x):
        after.sound |= 1 << x
    _settle(after, person)
    return True


def _take_vote(after: Resolution, proposal: int) -> bool:
    index, bit = after.dag.index, 1 << proposal
    if index.contested & bit:
        return _take_contested(after, proposal)
    if after.carried & bit:
        return True  # a sealed vote: it moves no cut, and no Join comes after it
    if index.granting & bit:
        return _grant(after, proposal) if after.supported(proposal) else True
    if index.some_keepers & bit:
        if not after.enough(proposal) or after.is_shielded(proposal):
            return True
        if index.retracts & bit:
            after.carried |= bit
            return True
        return not after.killed_by(proposal) and _reduce(after, proposal)
    if index.plain_admits & bit and after.ok(proposal, after.set):
        after.carried |= bit
    return True


def _take_contested(after: Resolution, proposal: int) -> bool:
    """A vote on a reducing decision about keepers: S2 is judged again, it is small."""
    before = after.majority_reducing
    again = Resolution(after.dag, after.set)
    again.judge_removals({r: killed for r, killed in after.killed.items() if r != proposal})
    if again.majority_void != after.majority_void or again.majority_reducing & ~(1 << proposal) != before & ~(1 << proposal):
        return False
    after.killed = again.killed
    if again.majority_reducing == before:
        return True
    if before >> proposal & 1 or again.killed[proposal]:
        return False
    target = after.ops[proposal].target
    assert target is not None
    if after.dag.index.minors[target] & after.set:
        return False  # what a grant upheld may be upheld no more (S4)
    after.majority_reducing |= 1 << proposal
    return _reduce(after, proposal)


def _reduce(after: Resolution, decision: int) -> bool:
    """A reducing decision has carried that kills nothing.  If nobody knows it yet, only its target changes."""
    target = after.ops[decision].target
    if after.dag.index.known_somewhere >> decision & 1 or target is None:
        return False
    after.reducing |= 1 << decision
    after.carried |= 1 << decision
    _settle(after, target)
    return True


def _grant(after: Resolution, decision: int) -> bool:
    """A granting decision has carried."""
    index, op = after.dag.index, after.ops[decision]
    match op.change:
        case Promote(who):
            acted = any(after.ops[x].past >> decision & 1 for x in bits(index.acts[who] & after.set & ~op.past))
            if acted or index.minors[who] & after.set:
                return False  # what the target has done since may have power now; a decision of some keepers may be upheld (S4)
        case Admit(who):
            if index.uses[decision] or index.minors[who.person] & after.set:
                return False  # used already, or shielding from now on (S4)
        case ChangeRules():
            if index.proposals & after.set & ~op.upto & ~index.after_rules[decision]:
                return False  # what was proposed beside it must meet these rules too
        case _:
            pass
    grants = after.grants
    after.grants = dict(grants)
    after.grant(decision)
    match op.change:
        case Promote(who) | Rebind(who):
            _settle(after, who)
        case ChangeRules():
            after.settle_rules()
        case _:
            pass
    return True


def _settle(after: Resolution, person: Person) -> None:
    """Whether the person keeps, and what the person is, once more."""
    keeps = after.keeps(person)
    if keeps != (person in after.keepers):
        after.keepers = after.keepers | {person} if keeps else after.keepers - {person}
    member = after.membership(person)
    if member != after.members.get(person):
        others = {name: one for name, one in after.members.items() if name != person}
        after.members = others if member is None else {**others, person: member}
