"""Finding the key that a signature names, and whose it is.

A key vouches for an actor if the actor's own document lists it, and both have one origin.  What is stored was found so; what is not stored is asked
for once, at the key and at its owner.  When a signature does not fit, the owner may have a new key: they are asked again, but not often.  No
message brings a key, and no key of ours comes from elsewhere.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import final

from aiohttp import web

from fediverse_circle import site
from fediverse_circle.core.errors import Invalid, NotFound, TooLarge, Trouble, Unauthenticated, Unreachable
from fediverse_circle.core.ids import ActorId
from fediverse_circle.core.urls import BadUrl, Url, parse_id, same_origin
from fediverse_circle.federation import fetch
from fediverse_circle.federation.asking import Asking, document
from fediverse_circle.signing import (
    Claim,
    PublicKey,
    Request,
    Signed,
    UnusableKey,
    WrongKey,
    parse,
    public_key_from_multibase,
    public_key_from_pem,
    verify,
)
from fediverse_circle.site import Site
from fediverse_circle.store import keys
from fediverse_circle.store.keys import Held, KeyKind
from fediverse_circle.vocab import read_keys

REQUESTS, SECONDS = 8, 20.0


@final
@dataclass(frozen=True, slots=True)
class Vouched:
    """A request, and the actor elsewhere whose key signed it, when by their clock."""

    signed: Signed
    held: Held
    signed_at: datetime


def heard(request: web.Request, body: bytes) -> Request:
    """The request as it came, addressed to the one name that we have."""
    origin = site.of(request).settings.origin
    return Request(
        method=request.method,
        target=request.raw_path,
        headers=tuple(
            (name.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape")) for name, value in request.raw_headers
        ),
        body=body,
        origins=(origin,),
    )


async def asker(request: web.Request) -> ActorId | None:
    """The person who asks for a document; None for a stranger, and for servers: their own actors speak for no person.

    A signature that does not hold is refused whatever the path: it cannot tell what is there from what is not.
    """
    if not {"Signature", "Signature-Input"} & request.headers.keys():
        return None
    here = site.of(request)
    claim = parse(heard(request, b""))
    found = await vouched(here, claim, await stored(here, claim) or await asked_for(here, claim))
    return found.held.actor_id if found.signed.complete and found.held.actor_kind != "Application" else None


async def stored(here: Site, claim: Claim) -> Held | None:
    """The key that a request names, if it is known; refused if it is ours, or its owner's word counts no more."""
    held = await keys.held(here.db.pool, claim.key_id, _named(claim).origin.authority)
    if held is not None and (held.local or held.gone):
        raise Unauthenticated("The owner of that key cannot sign here.")
    return held


async def asked_for(here: Site, claim: Claim) -> Held:
    """The key that a request names, asked for at its origin; what was asked in vain lately is not asked again."""
    url, now = _named(claim), here.now()
    if url.origin == here.settings.origin:
        raise Unauthenticated("No key of ours comes from elsewhere.")
    memory = f"key {url}"
    if (failure := here.manners.in_vain.recall(memory, now)) is not None:
        raise failure
    try:
        async with here.manners.turn(url.origin.host):
            held = await stored(here, claim)
            if held is None:
                await _learn(here, url)
                held = await stored(here, claim)
    except Unreachable:
        here.manners.in_vain.note(memory, Unreachable, now)
        raise
    except (NotFound, Invalid, TooLarge, UnusableKey) as trouble:
        here.manners.in_vain.note(memory, Unlisted, now)
        raise Unlisted from trouble
    if held is None:
        here.manners.in_vain.note(memory, Unlisted, now)
        raise Unlisted
    return held


class Unlisted(Unauthenticated):
    """There is no such key, or its owner does not know it."""

    sentence = "That key could not be found at its owner."


async def vouched(here: Site, claim: Claim, held: Held) -> Vouched:
    """The request, if the key signed it.  If it did not, the owner is asked once in a while whether they have another."""
    window = here.settings.signature_window
    try:
        signed = verify(claim, _public(held.kind, held.public), here.now(), window)
    except WrongKey:
        held = await _asked_again(here, claim, held)
        signed = verify(claim, _public(held.kind, held.public), here.now(), window)
    return Vouched(signed, held, claim.created)


async def _asked_again(here: Site, claim: Claim, held: Held) -> Held:
    memory, now = f"changed {held.actor_uri}", here.now()
    if here.manners.in_vain.recall(memory, now) is not None:
        raise WrongKey
    here.manners.in_vain.note(memory, WrongKey, now)
    try:
        async with here.manners.turn(_named(claim).origin.host):
            await fetch.actor_anew(here, Asking(here, requests=REQUESTS, seconds=SECONDS), held.actor_uri)
    except Unauthenticated:
        raise
    except Trouble:
        raise WrongKey from None
    fresh = await stored(here, claim)
    if fresh is None or fresh.public == held.public:
        raise WrongKey
    return fresh


async def _learn(here: Site, url: Url) -> None:
    """Ask the key's document for its owner, and the owner for their keys; who the owner lists is stored."""
    ask = Asking(here, requests=REQUESTS, seconds=SECONDS)
    found = await document(ask, url, here.instance_actor)
    if found.url != url.document:
        raise Unlisted
    owner = next((key.owner for key in read_keys(found.body) if key.id == str(url)), None)
    if owner is None or not same_origin(owner, str(url)):
        raise Unlisted
    if owner == found.url:
        await fetch.keep_actor(here, ask, found, owner)
    else:
        await fetch.actor_anew(here, ask, owner)


def _named(claim: Claim) -> Url:
    try:
        return parse_id(claim.key_id)
    except BadUrl:
        raise Unauthenticated("The key id must be the URL of a key, in its normal form.") from None


@lru_cache(maxsize=2000)
def _public(kind: KeyKind, text: str) -> PublicKey:
    """The key that a text is.  The same key checks its second signature in half the time."""
    match kind:
        case "rsa":
            return public_key_from_pem(text)
        case "ed25519":
            return public_key_from_multibase(text)
