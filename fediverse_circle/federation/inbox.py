"""The inboxes: who vouches for these bytes, whether they were said before, and what they mean.

The order is fixed: size, syntax of the signature, digest, key, signature, and only then what the bytes say.  Nothing is stored of what nobody
vouched for.
"""

import asyncio
from typing import Any, Final

import msgspec
from aiohttp import web

from fediverse_circle import site
from fediverse_circle.core.errors import Invalid, NotFound, TooLarge, Unauthenticated
from fediverse_circle.core.ids import ActorId
from fediverse_circle.core.urls import parse_id
from fediverse_circle.federation import incoming, keys, origin
from fediverse_circle.federation.heard import Drop, Heard
from fediverse_circle.federation.keys import Vouched
from fediverse_circle.signing import parse
from fediverse_circle.site import Site
from fediverse_circle.store import actors, deliveries
from fediverse_circle.store.actors import Teller
from fediverse_circle.store.db import begin
from fediverse_circle.store.received import Arrival
from fediverse_circle.vocab import LARGEST, Activity, Malformed, NoId, read_activity

routes = web.RouteTableDef()

BODY_SECONDS: Final = 30.0
_FAREWELLS: Final = frozenset({"Delete", "Update"})


@routes.post("/inbox")
@routes.post("/actor/inbox")
async def shared(request: web.Request) -> web.Response:
    """For whoever it is addressed to."""
    return await _received(request, None)


@routes.post("/users/{name}/inbox")
async def personal(request: web.Request) -> web.Response:
    """For one who lives here."""
    return await _received(request, request.match_info["name"])


async def _received(request: web.Request, name: str | None) -> web.Response:
    here = site.of(request)
    body = await _body(request)
    claim = parse(keys.heard(request, body))
    held = await keys.stored(here, claim)
    if held is None:
        if await _is_farewell_of_a_stranger(here, body):
            return _taken()
        held = await keys.asked_for(here, claim)
    vouched = await keys.vouched(here, claim, held)
    inbox_of = await _owner(here, name)
    activity = _activity(body)
    if activity is not None and _is_theirs(activity, vouched, body):
        await _take(here, activity, vouched, inbox_of, body)
    return _taken()


async def _take(here: Site, activity: Activity, vouched: Vouched, inbox_of: ActorId | None, body: bytes) -> None:
    held, fingerprint = vouched.held, vouched.signed.fingerprint
    teller = Teller(held.actor_id, held.actor_uri, held.followers, held.followed)
    verdict = await incoming.at_once(here, Heard(activity, teller, inbox_of, vouched.signed_at))
    if isinstance(verdict, Drop) and not held.resting:
        return  # what means nothing here is not remembered either
    arrival = Arrival(activity.id, activity.type, incoming.about(activity), inbox_of, teller.id, fingerprint, vouched.signed_at)
    async with begin(here.db) as tx:
        if held.resting:
            await deliveries.heard_from(tx, parse_id(held.actor_uri).origin.authority)
        await incoming.take(tx, here.now(), arrival, body, verdict)


async def _body(request: web.Request) -> bytes:
    """The bytes of the request, as they are: counted while they come, in no encoding, and not for ever."""
    if "Content-Encoding" in request.headers:
        raise Invalid("Content-Encoding", "Send the activity as it is, without any encoding.")
    if (request.content_length or 0) > LARGEST:
        raise TooLarge
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for piece in request.content.iter_any():
                body += piece
                if len(body) > LARGEST:
                    raise TooLarge
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    return bytes(body)


async def _owner(here: Site, name: str | None) -> ActorId | None:
    """Whose inbox it is; None for the shared one, NotFound if there is no such inbox."""
    if name is None:
        return None
    owner = await actors.inbox_owner(here.db.pool, name)
    if owner is None:
        raise NotFound
    return owner


def _activity(body: bytes) -> Activity | None:
    """What the bytes say; None for an activity that nothing can refer to."""
    try:
        return read_activity(body)
    except NoId:
        return None


def _is_theirs(activity: Activity, vouched: Vouched, body: bytes) -> bool:
    """Whether the signer says it themselves, under an id of their own origin.

    What is forwarded bears somebody else's proof inside: it is not believed, and not held against the one who brought it.
    """
    if activity.actor == vouched.held.actor_uri:
        return origin.may_say(activity.actor, activity.id)
    if {"signature", "proof"} & msgspec.json.decode(body, type=dict[str, Any]).keys():
        return False
    raise Unauthenticated("The activity's actor is not the owner of the key.")


async def _is_farewell_of_a_stranger(here: Site, body: bytes) -> bool:
    """Whether this says only that somebody we never knew is gone, or different.  Dead accounts send thousands of these; no key is asked for."""
    try:
        activity = read_activity(body)
    except (Malformed, TooLarge):
        return False
    is_about_self = activity.type in _FAREWELLS and incoming.about(activity) == activity.actor
    return is_about_self and await actors.by_uri(here.db.pool, activity.actor) is None


def _taken() -> web.Response:
    return web.Response(status=202)
