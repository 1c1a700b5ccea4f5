"""Posts: to say, to say again, to take back, to read."""

import hashlib

import msgspec
from aiohttp import web

from fediverse_circle import site
from fediverse_circle.actions import addressing, posting
from fediverse_circle.core.errors import Conflict, Invalid
from fediverse_circle.core.ids import ActorId, PostId
from fediverse_circle.domain.post import Post
from fediverse_circle.mastodon import entities, writing
from fediverse_circle.mastodon.answers import answer
from fediverse_circle.mastodon.forms import Form, number_in, numbers, parse
from fediverse_circle.oauth.caller import caller, optional_caller
from fediverse_circle.site import Site
from fediverse_circle.store import actors, idempotency, logins, posts
from fediverse_circle.store.db import Tx, begin
from fediverse_circle.store.idempotency import Use
from fediverse_circle.text.plain import plain

routes = web.RouteTableDef()
MOST_AT_ONCE = 40
_LONGEST_KEY = 255


class Several(Form, frozen=True):
    """Which posts."""

    id: tuple[str, ...] = ()


@routes.post("/api/v1/statuses")
async def create(request: web.Request) -> web.Response:
    """Say something.  With an Idempotency-Key the same request says it once, however often it comes within an hour."""
    here, me = site.of(request), await caller(request, "write:statuses")
    letter = await parse(request, writing.Letter)
    said, asked, key = writing.said(letter), writing.asked(letter), _key(request)
    mentioned = await writing.mentioned(here, me.actor_id, said.text)
    async with begin(here.db) as tx:
        first = await _first(here, tx, me.actor_id, key, letter)
        if first is None:
            author, account = await actors.by_id(tx, me.actor_id), await logins.account(tx, me.actor_id)
            draft = writing.draft(said, asked, letter.in_reply_to_id, account.language, mentioned)
            first = await posting.publish(tx, here.now(), author, draft, await addressing.decide(tx, account, draft))
            await _remember(here, tx, me.actor_id, key, letter, first)
    return answer(await entities.status(here.db.pool, str(here.settings.origin), me.actor_id, first))


@routes.get("/api/v1/statuses")
async def several(request: web.Request) -> web.Response:
    """Those of some posts that the caller may read."""
    here, me = site.of(request), await optional_caller(request, "read:statuses")
    wanted = [PostId(id) for id in numbers((await parse(request, Several)).id)[:MOST_AT_ONCE]]
    viewer = me and me.actor_id
    found = await posts.all_visible(here.db.pool, viewer, wanted)
    return answer(await entities.statuses(here.db.pool, str(here.settings.origin), viewer, [found[id] for id in wanted if id in found]))


@routes.get("/api/v1/statuses/{id}")
async def one(request: web.Request) -> web.Response:
    """A post."""
    here, me = site.of(request), await optional_caller(request, "read:statuses")
    viewer = me and me.actor_id
    post = await posts.visible(here.db.pool, viewer, PostId(number_in(request, "id")))
    return answer(await entities.status(here.db.pool, str(here.settings.origin), viewer, post))


@routes.put("/api/v1/statuses/{id}")
async def edit(request: web.Request) -> web.Response:
    """Say it again in other words, to the same readers."""
    here, me = site.of(request), await caller(request, "write:statuses")
    post = await posts.mine(here.db.pool, me.actor_id, PostId(number_in(request, "id")))
    said = writing.said(await parse(request, writing.Words))
    mentioned = await writing.mentioned(here, me.actor_id, said.text)
    async with begin(here.db) as tx:
        post = await posts.mine(tx, me.actor_id, post.id)
        author = await actors.by_id(tx, me.actor_id)
        post = await posting.edit(tx, here.now(), author, post, writing.draft(said, None, None, post.language, mentioned))
    return answer(await entities.status(here.db.pool, str(here.settings.origin), me.actor_id, post))


@routes.delete("/api/v1/statuses/{id}")
async def remove(request: web.Request) -> web.Response:
    """Take it back.  The answer holds the words once more, for who wants to say them better."""
    here, me = site.of(request), await caller(request, "write:statuses")
    async with begin(here.db) as tx:
        post = await posts.mine(tx, me.actor_id, PostId(number_in(request, "id")))
        gone = await entities.status(tx, str(here.settings.origin), me.actor_id, post)
        await posting.retract(tx, here.now(), post)
    return answer(entities.TextStatus(**msgspec.structs.asdict(gone), text=_typed(post)))


@routes.get("/api/v1/statuses/{id}/source")
async def source(request: web.Request) -> web.Response:
    """The caller's own post as it was typed."""
    here, me = site.of(request), await caller(request, "read:statuses")
    post = await posts.mine(here.db.pool, me.actor_id, PostId(number_in(request, "id")))
    return answer(entities.StatusSource(str(post.id), _typed(post), post.summary))


def _typed(post: Post) -> str:
    return plain(post.content) if post.source is None else post.source


def _key(request: web.Request) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and (len(key) > _LONGEST_KEY or not key.isprintable()):
        raise Invalid("Idempotency-Key", f"A key has at most {_LONGEST_KEY} characters.", "ERR_TOO_LONG")
    return key or None


async def _first(here: Site, tx: Tx, me: ActorId, key: str | None, letter: writing.Letter) -> Post | None:
    """The post that this request has made already."""
    used = await idempotency.reserve(tx, here.now(), me, key) if key else None
    if used is None:
        return None
    if used.digest != _digest(letter):
        raise Conflict("This Idempotency-Key was used for another post.")
    return await posts.mine(tx, me, used.post_id)


async def _remember(here: Site, tx: Tx, me: ActorId, key: str | None, letter: writing.Letter, post: Post) -> None:
    if key:
        await idempotency.note(tx, here.now(), me, key, Use(_digest(letter), post.id))


def _digest(letter: writing.Letter) -> bytes:
    return hashlib.sha256(msgspec.json.encode(letter)).digest()
