"""People who act in a circle, for tests of the log: real entries, whose proofs nobody looks at.

Keys are names turned into something of the form of a `did:key`; entries come in by `remembered`, as from a store that verified them once.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from fediverse_circle.domain.circle.entry import Entry, remembered
from fediverse_circle.signing.proof import canonical
from fediverse_circle.vocab.circle.forms import CONTEXT, Hash, Key, Person, written
from fediverse_circle.vocab.circle.types import (
    Admitting,
    Deed,
    Envelope,
    Found,
    Identity,
    Lingering,
    Rules,
)
from fediverse_circle.vocab.circle.writing import write_entry

BEGINNING = datetime(2026, 3, 1, 9, tzinfo=UTC)
HOUSE = Rules(Admitting("members", 1, "either"), 1, "chosen", None, None)
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_SIGNATURE = "z" + "1" * 88


@cache
def base58_of(name: str, length: int) -> str:
    """A text of base58 for a name."""
    number = int.from_bytes(hashlib.sha512(name.encode()).digest())
    return "".join(_BASE58[number // 58**i % 58] for i in range(length))


def key_of(name: str) -> Key:
    """A key with this name."""
    return Key("did:key:z6Mk" + base58_of(name, 44))


@dataclass(slots=True)
class Someone:
    """A person with a server, and the key they sign with at present."""

    name: str
    server: str
    host: str | None = None
    key: Key = field(init=False)
    actor: str = field(init=False)

    def __post_init__(self) -> None:
        self.key = key_of(f"{self.name} key 1")
        home = f"{self.name.lower()}.elsewhere.example" if self.host else self.server
        self.actor = f"https://{home}/users/{self.name}"

    @property
    def person(self) -> Person:
        return Person(key_of(f"{self.name} person"))

    @property
    def inbox(self) -> str:
        return f"https://{self.server}/inbox"

    @property
    def identity(self) -> Identity:
        return Identity(self.actor, self.person, self.key, self.inbox, _SIGNATURE, f"https://{self.server}" if self.host else None)


def someone(name: str, server: str | None = None) -> Someone:
    """Somebody on a server, by default one of their own."""
    return Someone(name, server or f"{name.lower()}.example")


def guest(name: str, host: str) -> Someone:
    """Somebody without a circle server, hosted by one."""
    return Someone(name, host, host=host)


@dataclass(slots=True)
class Pen:
    """Writes entries: keeps each feed's seq and prev."""

    tops: dict[Key, tuple[int, Hash]] = field(default_factory=dict)

    def write(self, who: Someone, deed: Deed, circle: Hash | None, heads: tuple[Hash, ...], at: datetime, key: Key | None = None) -> Entry:
        """The next entry of somebody's feed."""
        signing = key or who.key
        seq, prev = self.tops.get(signing, (0, None))
        entry = sealed(Envelope(who.actor, signing, at, circle, seq + 1, prev, tuple(sorted(set(heads))), deed))
        self.tops[signing] = (seq + 1, entry.hash)
        return entry


def sealed(envelope: Envelope) -> Entry:
    """An entry with a proof that nobody has made."""
    proof = {
        "@context": CONTEXT,
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "proofPurpose": "assertionMethod",
        "verificationMethod": f"{envelope.key}#{envelope.key.removeprefix('did:key:')}",
        "created": written(envelope.published),
        "proofValue": _SIGNATURE,
    }
    return remembered(canonical({**write_entry(envelope), "proof": proof}))


def genesis(founders: list[Someone], rules: Rules = HOUSE, linger: Lingering | None = None, pen: Pen | None = None) -> Entry:
    """The founding of a circle by the first of these."""
    found = Found("u" + "0" * 24, tuple(one.identity for one in founders), rules, None, linger)
    return (pen or Pen()).write(founders[0], found, None, (), BEGINNING)


def later(minutes: float) -> datetime:
    """So many minutes after the beginning."""
    return BEGINNING + timedelta(seconds=round(minutes * 60))
