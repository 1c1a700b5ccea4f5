"""Following: to ask, to end; who asks, to let them or not."""

from aiohttp import web

from fediverse_circle import site
from fediverse_circle.actions import following
from fediverse_circle.core.errors import NotFound
from fediverse_circle.core.ids import ActorId
from fediverse_circle.domain.actors import Actor
from fediverse_circle.mastodon import entities
from fediverse_circle.mastodon.answers import answer
from fediverse_circle.mastodon.forms import Cursors, number_in, parse
from fediverse_circle.mastodon.links import link
from fediverse_circle.oauth.caller import caller
from fediverse_circle.site import Site
from fediverse_circle.store import actors, follows
from fediverse_circle.store.db import Tx, begin

routes = web.RouteTableDef()


@routes.post("/api/v1/accounts/{id}/follow")
async def follow(request: web.Request) -> web.Response:
    """Follow somebody, or ask to.  There is nothing yet that `reblogs` and `notify` could change, and the answer says so."""
    here, me = site.of(request), await caller(request, "write:follows")
    async with begin(here.db) as tx:
        myself, other = await _pair(here, tx, me.actor_id, number_in(request, "id"))
        await following.request(tx, here.now(), myself, other)
        relationship = await entities.relationship(tx, myself.id, other.id)
    return answer(relationship)


@routes.post("/api/v1/accounts/{id}/unfollow")
async def unfollow(request: web.Request) -> web.Response:
    """Follow no more, or take the request back."""
    here, me = site.of(request), await caller(request, "write:follows")
    async with begin(here.db) as tx:
        myself, other = await _pair(here, tx, me.actor_id, number_in(request, "id"))
        await following.undo(tx, here.now(), myself, other)
        relationship = await entities.relationship(tx, myself.id, other.id)
    return answer(relationship)


@routes.post("/api/v1/accounts/{id}/remove_from_followers")
async def remove(request: web.Request) -> web.Response:
    """Somebody follows the caller no more; nothing happens if they did not."""
    here, me = site.of(request), await caller(request, "write:follows")
    async with begin(here.db) as tx:
        myself, other = await _pair(here, tx, me.actor_id, number_in(request, "id"))
        known = await follows.of_pair(tx, other.id, myself.id)
        if known is not None and known.state == "accepted":
            await following.reject(tx, here.now(), myself, other)
        relationship = await entities.relationship(tx, myself.id, other.id)
    return answer(relationship)


@routes.get("/api/v1/follow_requests")
async def requests(request: web.Request) -> web.Response:
    """Who asks to follow the caller, newest first."""
    here, me = site.of(request), await caller(request, "read:follows")
    page = (await parse(request, Cursors)).page(40)
    found = await follows.requests(here.db.pool, me.actor_id, page)
    shown = await entities.accounts(here.db.pool, str(here.settings.origin), me.actor_id, [line.actor_id for line in found])
    return answer(shown, link=link(request, page, [line.id for line in found]))


@routes.post("/api/v1/follow_requests/{account_id}/authorize")
async def authorize(request: web.Request) -> web.Response:
    """Let somebody follow who asks to."""
    here, me = site.of(request), await caller(request, "write:follows")
    async with begin(here.db) as tx:
        myself, other = await _pair(here, tx, me.actor_id, number_in(request, "account_id"))
        await following.accept(tx, here.now(), myself, other)
        relationship = await entities.relationship(tx, myself.id, other.id)
    return answer(relationship)


@routes.post("/api/v1/follow_requests/{account_id}/reject")
async def reject(request: web.Request) -> web.Response:
    """Do not let somebody follow who asks to."""
    here, me = site.of(request), await caller(request, "write:follows")
    async with begin(here.db) as tx:
        myself, other = await _pair(here, tx, me.actor_id, number_in(request, "account_id"))
        known = await follows.of_pair(tx, other.id, myself.id)
        if known is None or known.state != "requested":
            raise NotFound
        await following.reject(tx, here.now(), myself, other)
        relationship = await entities.relationship(tx, myself.id, other.id)
    return answer(relationship)


async def _pair(here: Site, tx: Tx, me: ActorId, other: int) -> tuple[Actor, Actor]:
    """The caller and somebody else; NotFound if that one is not there.  The server's own actor is nobody."""
    found = await actors.by_ids(tx, [me, ActorId(other)])
    if me not in found or ActorId(other) not in found or other == here.instance_actor:
        raise NotFound
    return found[me], found[ActorId(other)]
