"""The state of a circle: who is in, who keeps, which rules (R42)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from fediverse_circle.signing.proof import digest
from fediverse_circle.vocab.circle.forms import Hash, Key, Person
from fediverse_circle.vocab.circle.types import Days, History, Rules
from fediverse_circle.vocab.circle.writing import write_history, write_rules


@final
@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who is in.  `key` is None once it was revoked; `host` is where a guest is hosted."""

    join: Hash
    actor: str
    key: Key | None
    inbox: str
    history: History
    host: str | None


@final
@dataclass(frozen=True, slots=True)
class Invitation:
    """Admissions of somebody that have carried and that nobody has used yet."""

    admissions: tuple[Hash, ...]
    as_keeper: bool


@final
@dataclass(frozen=True, slots=True)
class State:
    """What a set of operations amounts to: the same on every replica that has the same set."""

    members: Mapping[Person, Member]
    keepers: frozenset[Person]
    rules: Rules
    carried: frozenset[Hash]
    reducing: frozenset[Hash]
    retracted: frozenset[Hash]
    kept: bool
    invited: Mapping[Person, Invitation]
    """Not part of the digest."""


def digest_of(state: State) -> Hash:
    """What replicas compare (R42)."""
    return Hash(digest(state_object(state)))


def state_object(state: State) -> dict[str, object]:
    """The state as R42 writes it."""
    return {
        "members": {person: _member(one) for person, one in state.members.items()},
        "keepers": sorted(state.keepers),
        "rules": write_rules(state.rules),
        "carried": sorted(state.carried),
        "reducing": sorted(state.reducing),
        "retracted": sorted(state.retracted),
        "kept": state.kept,
    }


def width(history: History) -> float:
    """How far back it reaches: join < days 1 < days 2 … < all; `chosen` counts as all."""
    if isinstance(history, Days):
        return history.days
    return 0 if history == "join" else float("inf")


def _member(one: Member) -> dict[str, object]:
    return {
        "join": one.join,
        "actor": one.actor,
        "key": one.key,
        "inbox": one.inbox,
        "history": write_history(one.history),
        **({} if one.host is None else {"host": one.host}),
    }
