"""Feeds as replicas compare them: the state vector (R75)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import final

from fediverse_circle.domain.circle.entry import Entry
from fediverse_circle.signing.proof import digest
from fediverse_circle.vocab.circle.forms import Hash, Key, link
from fediverse_circle.vocab.circle.words import Gap


@final
@dataclass(frozen=True, slots=True)
class Top:
    """The highest place of a feed that is known, gaps included, and the hash of what is there.

    Of a feed that has forked, as far as one knows, the hash is that of all rivals and the top together: the top alone would not show a branch
    that nobody went on from, and a fork must be found by any two who hold different branches (invariant 25).
    """

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
    """The state vector of a replica that holds these entries and was told of these gaps."""
    places: defaultdict[Key, defaultdict[int, set[Hash]]] = defaultdict(lambda: defaultdict(set))
    for entry in entries:
        places[entry.said.key][entry.said.seq].add(entry.hash)
    for gap in gaps:
        places[gap.key][gap.until].add(gap.last)
    return StateVector(circle, heads, tuple((key, _top(places[key])) for key in sorted(places)))


def _top(places: Mapping[int, set[Hash]]) -> Top:
    seq = max(places)
    rivals = {name for names in places.values() if len(names) > 1 for name in names}
    top = max(places[seq])
    return Top(seq, Hash(digest(sorted({*rivals, top}))) if rivals else top)


def in_dispute(feed: Collection[Entry], mine: Top, theirs: Top) -> bool:
    """R75: whether somebody has a branch of a feed that is not held here; then all of the feed is asked for."""
    behind = any(one.hash == theirs.hash for one in feed)
    return theirs != mine and theirs.seq <= mine.seq and not behind


def vector_object(one: StateVector) -> dict[str, object]:
    """The state vector as R75 writes it."""
    tops = {key: [top.seq, top.hash] for key, top in one.tops}
    return {"circle": link(one.circle), "heads": list(one.heads), "tops": tops}


def vector_digest(one: StateVector) -> Hash:
    """What may be sent alone in its place."""
    return Hash(digest(vector_object(one)))
