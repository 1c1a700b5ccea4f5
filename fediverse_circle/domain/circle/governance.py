"""Looking after a circle: which server it could lose, what to seal, when to brake.  CIRCLES.md, sections 8.5, 9 and 11.

All of this is local advice: nothing here changes what the log says.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, final

from fediverse_circle.domain.circle.log import Log
from fediverse_circle.domain.circle.state import State
from fediverse_circle.domain.circle.validity import VOTING
from fediverse_circle.domain.circle.verdict import Falls, Stands, Verdict, Waits
from fediverse_circle.vocab.circle.forms import Hash, Person, Rule, origin_of
from fediverse_circle.vocab.circle.types import Admitting, Found, Remove, Rules

PRESETS: Final[Mapping[str, Rules]] = {
    "table": Rules(Admitting("keepers", 1, "keeper"), 1, "join", None, None),
    "house": Rules(Admitting("members", 1, "either"), 1, "chosen", None, None),
    "vouched": Rules(Admitting("members", 2, "either"), 2, "chosen", None, None),
    "stewards": Rules(Admitting("keepers", 1, "either"), 1, "chosen", None, None),
}


@final
@dataclass(frozen=True, slots=True)
class Health:
    """What a circle could still do if one instance vanished."""

    read: bool
    admit: bool
    remove: bool
    decide: bool


@final
@dataclass(frozen=True, slots=True)
class Brake:
    """R43: somebody presents a different past.  `fallen`: keepers one knew who are none now; `undone`: majority decisions that carried and carry
    no more; `signed_by`: who voted for what has come instead."""

    fallen: frozenset[Person]
    undone: frozenset[Hash]
    signed_by: frozenset[Person]


@final
@dataclass(frozen=True, slots=True)
class Departure:
    """R45: a keeper has left; a removal that cites these heads, which do not know of it yet, seals it."""

    person: Person
    heads: tuple[Hash, ...]


def health(state: State) -> Mapping[str, Health]:
    """R44: for each instance that hosts a member, what the others could do without it."""
    homes = {person: origin_of(one.inbox) for person, one in state.members.items()}
    return {gone: _without(state, frozenset(p for p, home in homes.items() if home != gone)) for gone in sorted(set(homes.values()))}


def survives_any_instance(state: State) -> bool:
    """R44: whether every instance hosts fewer than half of the keepers, rounded up: then each of them may vanish."""
    homes = [origin_of(one.inbox) for person, one in state.members.items() if person in state.keepers]
    return all(homes.count(home) < (len(state.keepers) + 1) // 2 for home in homes)


def _without(state: State, left: frozenset[Person]) -> Health:
    persons = {person for person in left if state.members[person].host is None}
    keepers = persons & state.keepers
    decide = len(keepers) > len(state.keepers) // 2
    admit = state.rules.admit
    voters = keepers if admit is not None and admit.by == "keepers" else persons
    plainly = admit is not None and admit.role != "keeper" and len(voters) >= admit.n
    as_keeper = admit is not None and admit.role != "member" and decide
    return Health(read=bool(persons), admit=plainly or as_keeper, remove=len(keepers) >= state.rules.remove, decide=decide)


def brake(log: Log, settled_heads: tuple[Hash, ...]) -> Brake | None:
    """R43: what the log has lost since it was at these heads, if no majority of the keepers of then stands behind it."""
    settled, present = log.state_at(settled_heads), log.state
    left = {person for person in settled.keepers if any(not log.knows(settled_heads, one.hash) for one in log.leaves(person))}
    fallen = settled.keepers - present.keepers - left
    undone = frozenset(one for one in settled.carried - present.carried if log.operation(one).major)
    if not fallen and not undone:
        return None
    voters = {one: log.voters(one) for one in present.reducing - settled.reducing}
    if any(len(persons & settled.keepers) > len(settled.keepers) // 2 for persons in voters.values()):
        return None
    return Brake(fallen, undone, frozenset().union(*voters.values()))


def to_seal(log: Log, me: Person, now: datetime) -> tuple[Hash, ...]:
    """R45: removals that have carried, and on which a keeper's instance votes on its own, so that nobody can move their cut."""
    if me not in log.state.keepers or me not in log.state.members:
        return ()
    decisions = (log.operation(one) for one in log.state.reducing)
    return tuple(
        sorted(
            op.entry.hash
            for op in decisions
            if isinstance(op.change, Remove)
            and op.target != me
            and (me in op.base or not op.major)
            and me not in log.voters(op.entry.hash)
            and now - op.entry.said.published <= VOTING
        )
    )


def departures(log: Log) -> tuple[Departure, ...]:
    """R45: keepers who have left and whose leaving is not sealed.

    A removal in knowledge of the Leave would name nobody (R35), so it cites what was known beside the Leave.
    """
    state = log.state
    found = []
    for person in log.persons():
        if person in state.members or log.removes(person):
            continue
        for leave in log.leaves(person):
            heads = log.heads_beside(leave.hash)
            if person in log.state_at(heads).keepers:
                found.append(Departure(person, heads))
                break
    return tuple(found)


def may_linger(founding: Found, parent: Log) -> Verdict:
    """R67: whether everybody who founds a linger was a member of its parent, as the same person, at the point that it names."""
    linger = founding.linger
    if linger is None or linger.parent.circle != parent.circle:
        return Falls(Rule("R67"))
    if missing := parent.missing(linger.parent.heads):
        return Waits(Rule("R11"), missing, None)
    members = parent.state_at(linger.parent.heads).members
    return Stands(new=True) if all(one.person in members for one in founding.founders) else Falls(Rule("R67"))


def falls_silent(founding: Found, state: State, published: Iterable[datetime]) -> datetime | None:
    """R69, R70: when a linger ends, by the times of all its entries; None if it does not."""
    if founding.linger is None or state.kept:
        return None
    return max(published) + timedelta(days=founding.linger.quiet_days)
