"""Feeds as replicas compare them: the state vector (R75)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

from fediverse_circle.domain.circle.entry import Entry
from fediverse_circle.signing.proof import digest
from fediverse_circle.vocab.circle.forms import Hash, Key, link
from fediverse_circle.vocab.circle.words import Gap


@final
@dataclass(frozen=True, slots=True)
class Top:
    """The highest place of a feed that is known, gaps included, and the hash of what is there."""

    seq: int
    hash: Hash


@final
@dataclass(frozen=True, slots=True)
class StateVector:
    """What a replica has: heads of the log, and the top of each feed."""

    circle: Hash
    heads: tuple[Hash, ...]
    tops: tuple[tuple[Key, Top], ...]


def vector(circle: Hash, heads: tuple[Hash, ...], entries: Iterable[Entry], gaps: Iterable[Gap]) -> StateVector:
    """The state vector of a replica that holds these entries and was told of these gaps.  Of two at the top the greater hash is named."""
    tops: dict[Key, Top] = {}
    known = [(one.said.key, Top(one.said.seq, one.hash)) for one in entries]
    for key, top in (*known, *((gap.key, Top(gap.until, gap.last)) for gap in gaps)):
        former = tops.get(key)
        if former is None or (former.seq, former.hash) < (top.seq, top.hash):
            tops[key] = top
    return StateVector(circle, heads, tuple(sorted(tops.items(), key=lambda pair: pair[0])))


def vector_object(one: StateVector) -> dict[str, object]:
    """The state vector as R75 writes it."""
    tops = {key: [top.seq, top.hash] for key, top in one.tops}
    return {"circle": link(one.circle), "heads": list(one.heads), "tops": tops}


def vector_digest(one: StateVector) -> Hash:
    """What may be sent alone in its place."""
    return Hash(digest(vector_object(one)))
