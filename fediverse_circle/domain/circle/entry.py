"""The gate: from JSON to an `Entry` whose proof holds, and to `Words` that are those committed to.  Rules as in CIRCLES.md, sections 3 to 5.

Nothing else of the program takes an entry or words that did not pass here.
"""

import json
from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from typing import Final, final

from fediverse_circle.signing.keys import Ed25519SecretKey
from fediverse_circle.signing.proof import (
    NotCanonical,
    canonical,
    digest,
    hash_of,
    sign_document,
    sign_value,
    verify_document,
    verify_value,
)
from fediverse_circle.vocab.circle.forms import Hash, Key, Person, Refused, Rule, written
from fediverse_circle.vocab.circle.reading import read_entry
from fediverse_circle.vocab.circle.types import Admit, Create, Describe, Envelope, Found, Identity, Move, Offer, Operation, Update
from fediverse_circle.vocab.circle.words import Gap, Push, Terms, read_terms, refuse_words
from fediverse_circle.vocab.circle.writing import write_binding, write_entry, write_possession

LARGEST_OPERATION: Final = 8_192
LARGEST_ENVELOPE: Final = 4_096
LARGEST_WORDS: Final = 65_536
_SEAL = object()


@final
@dataclass(frozen=True, slots=True)
class Entry:
    """A signed step of somebody in a circle.  Its proof holds; whether it may stand is decided by the log.

    `body` is the entry as it came, in canonical form, proof included: what is kept and passed on (R22).
    """

    hash: Hash
    said: Envelope
    body: bytes = field(repr=False, compare=False)
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("an Entry is made by verified, signed or remembered")

    @property
    def circle(self) -> Hash:
        """The circle it belongs to; a genesis is its circle's name."""
        return self.said.circle or self.hash

    @property
    def is_operation(self) -> bool:
        """Whether it changes the log, and is no content."""
        return isinstance(self.said.deed, Operation)


@final
@dataclass(frozen=True, slots=True, repr=False)
class Words:
    """The words of an entry: those committed to.  `body` is the object in canonical form; it and `salt` can be erased, and the entry stays."""

    terms: Terms
    body: bytes
    salt: str
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("Words are made by matching")


@final
@dataclass(frozen=True, slots=True, repr=False)
class Arrival:
    """What came with an activity, or as an item of a sync.  `dropped`: the rule for which the words were dropped."""

    entry: Entry
    words: Words | None
    dropped: Rule | None
    gaps: tuple[Gap, ...]
    state: Hash | None


def received(push: Push) -> Arrival:
    """The entry, verified, and its words if they are those committed to.  Refused if the entry cannot be taken at all."""
    entry = verified(push.entry)
    words, dropped = None, None
    if push.words is not None:
        try:
            words = matching(entry, push.words, push.salt)
        except Refused as refusal:
            dropped = refusal.rule
    return Arrival(entry, words, dropped, push.gaps, push.state)


def verified(value: Mapping[str, object]) -> Entry:
    """The entry, if its form is right (R3, R4, R8, R11, R23 to R25, R67) and all signatures in it hold (R3, R5, R24)."""
    envelope = read_entry(value)
    entry = _named(value, envelope)
    match envelope.deed:
        case Found(founders=founders):
            for founder in founders:
                _check_binding(founder)
        case Offer(change=Admit(who=who)):
            _check_binding(who)
        case Move(person, actor, key, _, possession):
            if not verify_value(write_possession(actor, entry.circle, key, person), possession, key):
                raise Refused("R24")
        case _:
            pass
    if not verify_document(value, envelope.key):
        raise Refused("R3")
    return entry


def signed(envelope: Envelope, secret: Ed25519SecretKey) -> Entry:
    """The entry that this key makes of the envelope, which must name it."""
    method = f"{envelope.key}#{envelope.key.removeprefix('did:key:')}"
    document = sign_document(write_entry(envelope), secret, method, written(envelope.published))
    return verified(document)


def remembered(body: bytes) -> Entry:
    """An entry from our own store: it was verified when it came, and is not verified again."""
    value: dict[str, object] = json.loads(body)
    return Entry(Hash(hash_of(value)), read_entry(value), body, _SEAL)


def bound(actor: str, key: Key, person: Person, secret: Ed25519SecretKey) -> str:
    """The binding of a person object (R5): the person key vouches for the circle key."""
    return sign_value(write_binding(actor, key, person), secret)


def possessed(actor: str, circle: Hash, key: Key, person: Person, secret: Ed25519SecretKey) -> str:
    """The possession in a `Move` (R24): the new key shows that it is held."""
    return sign_value(write_possession(actor, circle, key, person), secret)


def commitment(words: Mapping[str, object], salt: str) -> Hash:
    """R17: what the envelope says of words."""
    return Hash(digest({"object": words, "salt": salt}))


def matching(entry: Entry, words: object, salt: object) -> Words:
    """The words, if they are those that the entry commits to.  R1, R9, R15 to R19."""
    thing = refuse_words(entry.said, words, salt)
    committed = entry.said.deed.commitment if isinstance(entry.said.deed, Create | Update | Describe) else None
    try:
        body = canonical(thing)
        if len(body) > LARGEST_WORDS:
            raise Refused("R9")
        if commitment(thing, str(salt)) != committed:
            raise Refused("R17")
    except NotCanonical:
        raise Refused("R1") from None
    return Words(read_terms(thing), body, str(salt), _SEAL)


def _named(value: Mapping[str, object], envelope: Envelope) -> Entry:
    """R9: not too long."""
    try:
        entry = Entry(Hash(hash_of(value)), envelope, canonical(value), _SEAL)
    except NotCanonical:
        raise Refused("R1") from None
    if len(entry.body) > (LARGEST_OPERATION if entry.is_operation else LARGEST_ENVELOPE):
        raise Refused("R9")
    return entry


def _check_binding(who: Identity) -> None:
    """R5: the person key vouches for the circle key."""
    if who.binding is not None and not verify_value(write_binding(who.actor, who.key, who.person), who.binding, who.person):
        raise Refused("R5")
