"""The test vectors of the protocol, as data."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from fediverse_circle.domain.circle.arrival import Beside, arrived
from fediverse_circle.domain.circle.content import Said, Thing, accepted
from fediverse_circle.domain.circle.entry import Arrival, Entry, received, verified
from fediverse_circle.domain.circle.log import Log
from fediverse_circle.domain.circle.verdict import Forks, Stands, Verdict
from fediverse_circle.vocab.circle.forms import Hash, Refused
from fediverse_circle.vocab.circle.types import Create, Delete, Describe, Update, Withdraw
from fediverse_circle.vocab.circle.words import Push

VECTORS = Path(__file__).parents[2] / "vectors"


def load(name: str) -> Any:
    """A file of the vectors of circles."""
    return json.loads((VECTORS / "circles" / name).read_text())


def names(pattern: str) -> list[str]:
    """The files that fit a pattern, for parametrising."""
    return sorted(path.name for path in (VECTORS / "circles").glob(pattern))


@dataclass(slots=True)
class Replica:
    """What an instance holds of a circle, in memory and without any network."""

    log: Log
    entries: dict[Hash, Entry] = field(default_factory=dict)
    said: dict[Hash, Said] = field(default_factory=dict)
    arrivals: dict[Hash, Arrival] = field(default_factory=dict)

    @classmethod
    def founded(cls, genesis: Entry) -> "Replica":
        replica = cls(Log(genesis))
        replica.entries[genesis.hash] = genesis
        return replica

    def take(self, entry: Entry, now: datetime) -> Verdict:
        """One entry that arrives."""
        if entry.hash in self.entries:
            return Stands(new=False)
        return self._kept(entry, arrived(self.log, entry, self.beside(entry), now))

    def overlook(self, entry: Entry, now: datetime) -> Verdict:
        """One entry whose predecessor did not come in ten minutes."""
        return self._kept(entry, arrived(self.log, entry, replace(self.beside(entry), follows=True), now))

    def _kept(self, entry: Entry, verdict: Verdict) -> Verdict:
        if isinstance(verdict, Stands | Forks):
            self.entries[entry.hash] = entry
            if isinstance(entry.said.deed, Create | Update | Describe):
                self.said[entry.hash] = accepted(self.log, entry)
        return verdict

    def beside(self, entry: Entry) -> Beside:
        """What is held about it."""
        place = [one for one in self.entries.values() if (one.said.key, one.said.seq) == (entry.said.key, entry.said.seq)]
        before = self.entries.get(entry.said.prev) if entry.said.prev else None
        follows = before is not None and (before.said.key, before.said.seq) == (entry.said.key, entry.said.seq - 1)
        thing = self.thing(getattr(entry.said.deed, "object", ""))
        creator = thing.creates[0].person if thing.creates else None
        return Beside(frozenset(one.hash for one in place), follows, creator, 0)

    def thing(self, name: str) -> Thing:
        """All that is held about one object id."""
        about = [one for one in self.said.values() if getattr(one.entry.said.deed, "object", None) == name]
        creates = sorted(
            (one for one in about if isinstance(one.entry.said.deed, Create)), key=lambda one: (one.entry.said.published, one.entry.hash)
        )
        return Thing(
            creates=tuple(creates),
            updates=tuple(one for one in about if isinstance(one.entry.said.deed, Update)),
            deletes=tuple(self._deeds(Delete, name)),
            withdrawals=tuple(one for one in self.entries.values() if isinstance(one.said.deed, Withdraw)),
        )

    def _deeds(self, kind: type, name: str) -> Iterable[Entry]:
        return (one for one in self.entries.values() if isinstance(one.said.deed, kind) and one.said.deed.object == name)

    def things(self) -> dict[str, Thing]:
        """Everything that was ever said, by object id."""
        ids = {one.entry.said.deed.object for one in self.said.values() if isinstance(one.entry.said.deed, Create)}
        return {name: self.thing(name) for name in sorted(ids)}

    def profiles(self) -> list[Said]:
        """Every profile."""
        return [one for one in self.said.values() if isinstance(one.entry.said.deed, Describe)]


def arrival(item: dict[str, Any]) -> Arrival:
    """An entry of the vectors with its words."""
    return received(Push(item["entry"], item.get("object"), item.get("salt"), (), None))


def replica_of(name: str, upto: list[str], now: datetime) -> Replica | None:
    """A replica that holds these named entries of a file."""
    named = {item["name"]: verified(item["entry"]) for item in load(name)["entries"]}
    replica: Replica | None = None
    for one in upto:
        if replica is None:
            replica = Replica.founded(named[one])
        else:
            assert isinstance(replica.take(named[one], now), Stands), one
    return replica


__all__ = ["Refused", "Replica", "arrival", "load", "names", "replica_of"]
