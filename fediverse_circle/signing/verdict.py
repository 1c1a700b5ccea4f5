"""From bytes that anybody could have sent to bytes that somebody vouches for.

`parse`, then find the key (which is I/O, and not ours), then `verify`:

    claim = parse(request)                        Malformed 400, Unauthenticated 401: no key was asked for
    key = ...                                     of claim.key_id; whose key it is, and whether that is the actor, is federation's to say
    signed = verify(claim, key, now, window)      Unauthenticated 401; WrongKey, if perhaps the key has changed
"""

from dataclasses import InitVar, dataclass, field
from datetime import datetime, timedelta
from typing import Final, final

from fediverse_circle.core.errors import Unauthenticated
from fediverse_circle.signing import cavage, rfc9421
from fediverse_circle.signing.claim import Claim, Malformed, Request, WrongKey, is_plain
from fediverse_circle.signing.keys import PublicKey

LONGEST_WINDOW: Final = timedelta(hours=1)
_SEAL: Final = object()


@final
@dataclass(frozen=True, slots=True)
class Signed:
    """A request, and the key that vouches for it.  Only `verify` makes one.

    `target` is as much of the target as was signed: path and query if `complete`, else the path alone, and then the request may be answered
    with public things alone (5).  Until `until` the same signature could be sent again: who acts on it remembers `fingerprint` that long.
    """

    key_id: str
    method: str
    target: str = field(repr=False)
    body: bytes = field(repr=False)
    complete: bool
    fingerprint: bytes = field(repr=False)
    until: datetime
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("only verify makes a Signed")


def parse(request: Request) -> Claim:
    """What the request claims, with all checked that needs no key: syntax, what is covered, host, digest."""
    fields = request.fields()
    if "signature" not in fields:
        raise Unauthenticated("The request is not signed.")
    if not request.target.startswith("/") or " " in request.target or not is_plain(request.target):
        raise Malformed("The target of the request must be a path.")
    if "signature-input" in fields:  # whoever brings both schemes brings two Signature headers, or one that neither can read (6)
        return rfc9421.read(request, fields)
    return cavage.read(request, fields)


def verify(claim: Claim, key: PublicKey, now: datetime, window: timedelta) -> Signed:
    """The request, if the key signed it within the window about now (at most an hour either way)."""
    if not timedelta(0) < window <= LONGEST_WINDOW:
        raise ValueError("the window for signatures is longer than nothing and at most an hour")
    if claim.created > now + window:
        raise Unauthenticated("The signature is dated in the future.")
    until = claim.created + window  # no overflow: created is near now
    if claim.expires is not None:
        until = min(until, claim.expires)  # may be sooner, never later (4)
    if now > until:
        raise Unauthenticated("The signature is too old.")
    target = claim.proof.vouched(key)
    if target is None:
        raise WrongKey
    request = claim.request
    return Signed(claim.key_id, request.method, target, request.body, target == request.target, claim.fingerprint, until, seal=_SEAL)
