"""Lists that other servers read of us: what everybody may read, and names of lists whose people are nobody's business."""

from typing import Final

from aiohttp import web

from fediverse_circle import site
from fediverse_circle.core.errors import NotFound
from fediverse_circle.core.paging import Page
from fediverse_circle.domain import uris
from fediverse_circle.domain.actors import Actor
from fediverse_circle.federation.builders.create import build_create
from fediverse_circle.federation.documents import OPEN, answer
from fediverse_circle.federation.errors import PRIVATE
from fediverse_circle.federation.keys import asker
from fediverse_circle.federation.telling import telling
from fediverse_circle.store import actors, posts
from fediverse_circle.vocab import Collection, Ref

routes = web.RouteTableDef()

_PAGE: Final = 20


@routes.get("/actor/outbox")
async def server_outbox(request: web.Request) -> web.Response:
    """The server says nothing of its own."""
    return answer(Collection(id=uris.outbox(uris.instance_actor(str(site.of(request).settings.origin))), total=0), OPEN)


@routes.get("/users/{name}/outbox")
async def outbox(request: web.Request) -> web.Response:
    """What somebody here has said to everybody, newest first."""
    here, actor = site.of(request), await _resident(request)
    place = uris.outbox(actor.uri)
    if "page" not in request.query:
        total = await posts.public_count(here.db.pool, actor.id)
        return answer(Collection(id=place, total=total, first=f"{place}?page=true"), OPEN)
    below = _number(request.query.get("max_id", ""))
    found = await posts.by_author(
        here.db.pool, None, actor.id, Page.of(max_id=below, since_id=None, min_id=None, limit=_PAGE), without_replies=False
    )
    said = [build_create((await telling(here.db.pool, post)).note(None)) for post in found]
    return answer(
        Collection(
            id=f"{place}?page=true" + (f"&max_id={below}" if below is not None else ""),
            type="OrderedCollectionPage",
            part_of=place,
            next=f"{place}?page=true&max_id={found[-1].id}" if len(found) == _PAGE else None,
            items=tuple(said),
        ),
        OPEN,
    )


@routes.get("/users/{name}/followers")
async def followers(request: web.Request) -> web.Response:
    """A name to address: how many they are, and who, is not told."""
    return answer(Collection(id=uris.followers((await _resident(request)).uri)), OPEN)


@routes.get("/users/{name}/following")
async def following(request: web.Request) -> web.Response:
    """Whom somebody follows is not told either."""
    return answer(Collection(id=uris.following((await _resident(request)).uri)), OPEN)


@routes.get("/posts/{name}/replies")
async def replies(request: web.Request) -> web.Response:
    """What answers a post, as far as the asker may read it: ids alone, the words are at their origins."""
    here, who = site.of(request), await asker(request)
    uri = f"{here.settings.origin}/posts/{request.match_info['name']}"
    post = await posts.visible_by_uri(here.db.pool, who, uri)
    below = _number(request.query.get("max_id", ""))
    found = await posts.answers(here.db.pool, who, post, Page.of(max_id=below, since_id=None, min_id=None, limit=_PAGE))
    place = f"{uri}/replies"
    page = Collection(
        id=f"{place}?page=true" + (f"&max_id={below}" if below is not None else ""),
        type="CollectionPage",
        part_of=place,
        next=f"{place}?page=true&max_id={found[-1].id}" if len(found) == _PAGE else None,
        items=tuple(Ref(answer.uri) for answer in found),
    )
    return answer(page if "page" in request.query else Collection(id=place, type="Collection", first=page), dict(PRIVATE))


async def _resident(request: web.Request) -> Actor:
    """Who lives here under the name in the path."""
    found = await actors.resident(site.of(request).db.pool, request.match_info["name"])
    if found is None or found.deleted_at is not None or found.suspended_at is not None:
        raise NotFound
    return found


def _number(text: str) -> int | None:
    """The number in a parameter, if it is one that could be a post's."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None
