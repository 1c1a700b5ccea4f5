"""What other servers read of us: actors, posts, activities, each as far as the person who asks may.

Who asks is settled before the path is looked at.  What is not for the asker is not there: the same answer, the same questions to the database.
"""

from typing import Final

from aiohttp import web

from fediverse_circle import site
from fediverse_circle.core.errors import NotFound
from fediverse_circle.core.ids import ActorId
from fediverse_circle.core.urls import parse_id
from fediverse_circle.domain import uris
from fediverse_circle.domain.post import Post
from fediverse_circle.federation.builders.actor import build_actor
from fediverse_circle.federation.builders.create import build_create
from fediverse_circle.federation.builders.follow import build_follow
from fediverse_circle.federation.errors import PRIVATE
from fediverse_circle.federation.keys import asker
from fediverse_circle.federation.telling import Telling, telling
from fediverse_circle.site import Site
from fediverse_circle.store import actors, deliveries, follows, keys, posts
from fediverse_circle.store.db import begin
from fediverse_circle.store.deliveries import Inbox
from fediverse_circle.vocab import Tombstone, Writable, encode

routes = web.RouteTableDef()

OPEN: Final = {"Cache-Control": "public, max-age=180", "Vary": "Accept"}
_ACTIVITY: Final = ("application/activity+json", "application/ld+json")


def answer(thing: Writable, headers: dict[str, str], status: int = 200) -> web.Response:
    """A document as ActivityPub."""
    return web.Response(status=status, body=encode(thing), content_type="application/activity+json", charset="utf-8", headers=headers)


def wants_a_page(request: web.Request) -> bool:
    """Whether a browser asks: it wants HTML and knows nothing of ActivityPub."""
    accept = request.headers.get("Accept", "")
    return "text/html" in accept and not any(kind in accept for kind in _ACTIVITY)


@routes.get("/actor")
async def server_actor(request: web.Request) -> web.Response:
    """The server's own actor: without a signature, else two servers that both ask for one would wait for each other."""
    here = site.of(request)
    actor = await actors.by_id(here.db.pool, here.instance_actor)
    return answer(build_actor(actor, await keys.of_actor(here.db.pool, actor.id)), OPEN)


@routes.get("/users/{name}")
async def actor(request: web.Request) -> web.Response:
    """Who lives here, for everybody."""
    here, name = site.of(request), request.match_info["name"]
    found = await actors.resident(here.db.pool, name)
    if found is None or found.suspended_at is not None:
        raise NotFound
    if found.deleted_at is not None:
        return answer(Tombstone(found.uri), OPEN, status=410)
    if wants_a_page(request):
        return web.Response(status=303, headers=OPEN | {"Location": uris.profile_page(str(here.settings.origin), found.username)})
    return answer(build_actor(found, await keys.of_actor(here.db.pool, found.id)), OPEN)


@routes.get("/posts/{name}")
async def post(request: web.Request) -> web.Response:
    """Something said here, for its readers."""
    here, who = site.of(request), await asker(request)
    try:
        told = await _told(here, who, request.match_info["name"])
    except NotFound:
        return await _left(here, who, request.match_info["name"])
    page = told.note(None).url
    if told.addressing.is_public and wants_a_page(request) and page is not None:
        return web.Response(status=303, headers=dict(PRIVATE) | {"Location": page})
    return answer(told.note(await _noted(here, who, told.post)), dict(PRIVATE))


@routes.get("/posts/{name}/activity")
async def post_activity(request: web.Request) -> web.Response:
    """That it was said, for its readers."""
    here, who = site.of(request), await asker(request)
    told = await _told(here, who, request.match_info["name"])
    return answer(build_create(told.note(await _noted(here, who, told.post))), dict(PRIVATE))


@routes.get("/activities/{name}")
async def activity(request: web.Request) -> web.Response:
    """A request to follow, for the one who is asked; all else is told once and not kept."""
    here, who = site.of(request), await asker(request)
    follow = await follows.by_uri(here.db.pool, f"{here.settings.origin}/activities/{request.match_info['name']}")
    if follow is None or follow.target_id != who:
        raise NotFound
    people = await actors.by_ids(here.db.pool, [follow.follower_id, follow.target_id])
    if len(people) != 2:
        raise NotFound
    return answer(build_follow(follow.uri, people[follow.follower_id], people[follow.target_id]), dict(PRIVATE))


async def _told(here: Site, who: ActorId | None, name: str) -> Telling:
    """A post of ours that is for the asker."""
    found = await posts.visible_by_uri(here.db.pool, who, f"{here.settings.origin}/posts/{name}")
    return await telling(here.db.pool, found)


async def _left(here: Site, who: ActorId | None, name: str) -> web.Response:
    """What is left of a post that was for the asker."""
    buried = await posts.buried_by_uri(here.db.pool, who, f"{here.settings.origin}/posts/{name}")
    return answer(Tombstone(buried.uri), dict(PRIVATE), status=410)


async def _noted(here: Site, who: ActorId | None, found: Post) -> str | None:
    """The server of the person who reads, to whose inbox a retraction will go from now on; None if a stranger reads."""
    if who is None:
        return None
    reader = await actors.by_id(here.db.pool, who)
    async with begin(here.db) as tx:
        await deliveries.fetched(tx, found.id, Inbox(reader.inbox, parse_id(reader.inbox).origin.authority))
    return parse_id(reader.uri).origin.authority
