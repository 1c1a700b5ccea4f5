"""A request, and what its signature says of it: heard, not yet believed.

Rules in comments bear the numbers of our verifier's list: 1 the key's type fixes the algorithm, 2 what must be covered, 3 host and digest,
4 the window, 5 the query, 6 one signature, said once.
"""

from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final, Protocol, final

from fediverse_circle.core.errors import Invalid, Unauthenticated
from fediverse_circle.core.urls import Origin
from fediverse_circle.signing.keys import PublicKey

SEAL: Final = object()  # for the readers of this room: whoever holds it has checked what a Claim says has been checked
LONGEST_KEY_ID: Final = 2048
READING: Final = frozenset({"GET", "HEAD"})

Fields = Mapping[str, tuple[str, ...]]


class Malformed(Invalid):
    """The signature headers are not what they should look like: said to be wrong, not merely doubted (400)."""

    def __init__(self, sentence: str) -> None:
        super().__init__("Signature", sentence)


class WrongKey(Unauthenticated):
    """The claim is in order, but this key did not sign it.  The only refusal that fetching the key anew could mend."""

    sentence = "The signature does not fit the key."


class Scheme(StrEnum):
    """How the request was signed."""

    CAVAGE = "draft-cavage"
    RFC9421 = "rfc9421"


@final
@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came.

    `target` is the path with the query, byte for byte as sent; `headers` are all of them, in order; `origins` are ours, by configuration:
    what the request itself says of its host only chooses among them.
    """

    method: str
    target: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)
    origins: tuple[Origin, ...]

    def fields(self) -> Fields:
        """The headers by lower-case name, each with its values in order."""
        found: dict[str, tuple[str, ...]] = {}
        for name, value in self.headers:
            key = name.lower()
            found[key] = (*found.get(key, ()), value.strip(" \t"))
        return found

    def digest_demanded(self) -> bool:
        """Whether the signature must cover the body: only a request that brings none, by its method and in fact, is excused (2)."""
        return self.method not in READING or self.body != b""

    def addressed(self, fields: Fields) -> Origin:
        """Which of our origins the request asks (3).  A Host without port may stand for the name on any port: Mastodon never sends one."""
        host = only(fields, "host").lower()
        exactly = [origin for origin in self.origins if host == origin.authority]
        by_name = [origin for origin in self.origins if host in (origin.host, f"[{origin.host}]")]
        if not (exactly or by_name):
            raise Unauthenticated("The request is addressed to another host.")
        return (exactly or by_name)[0]


class Proof(Protocol):
    """The signature itself, and what it is over."""

    def vouched(self, key: PublicKey) -> str | None:
        """The target that the key vouches for (path, and query if it was covered); None if the key did not sign."""


@final
@dataclass(frozen=True, slots=True)
class Claim:
    """What a request says of itself.  Only `parse` makes one.

    Everything but key and time has been checked: what must be covered is, host and digest are right.  `created` is read from a covered
    component; an `expires` that is not covered can only shorten.
    """

    scheme: Scheme
    key_id: str
    covered: frozenset[str]
    created: datetime
    expires: datetime | None
    signature: bytes = field(repr=False)
    request: Request
    proof: Proof = field(repr=False)
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not SEAL:
            raise TypeError("only parse makes a Claim")

    @property
    def fingerprint(self) -> bytes:
        """32 bytes that are the same for every repetition of this signature, however its headers are spelt; for the memory of replays."""
        return sha256(self.signature).digest()


def only(fields: Fields, name: str) -> str:
    """The value of a header that may come once."""
    match fields.get(name, ()):
        case (value,):
            return value
        case ():
            raise Unauthenticated(f"The request has no header {name}.")
        case _:
            raise Unauthenticated(f"The request has more than one header {name}.")


def demand(covered: frozenset[str], *needed: str) -> None:
    """Refuse unless the signature covers all that our decision rests on (2)."""
    if missing := [name for name in needed if name not in covered]:
        raise Unauthenticated(f"The signature must cover {' and '.join(missing)}.")


def plain_key_id(text: str) -> str:
    """The key id, if it can be one; whose key it is, and whether we may ask for it, is decided elsewhere."""
    if not text or len(text) > LONGEST_KEY_ID or not is_plain(text) or " " in text:
        raise Malformed("The key id must be a URL.")
    return text


def is_plain(text: str) -> bool:
    """Whether the text is printable ASCII: what may stand in a signing string without pretending to be two lines of it."""
    return text.isascii() and text.isprintable()


def moment(seconds: int) -> datetime:
    """The time of a Unix timestamp."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as trouble:
        raise Malformed("The time of the signature is out of range.") from trouble
