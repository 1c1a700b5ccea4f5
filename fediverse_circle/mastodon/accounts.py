"""Accounts: oneself and others, to look at and to find."""

from aiohttp import web

from fediverse_circle import site
from fediverse_circle.core.errors import NotFound
from fediverse_circle.core.ids import ActorId
from fediverse_circle.core.paging import Page
from fediverse_circle.mastodon import entities, people
from fediverse_circle.mastodon.answers import answer
from fediverse_circle.mastodon.finding import Wanted, people_found
from fediverse_circle.mastodon.forms import Cursors, Form, number_in, numbers, parse
from fediverse_circle.mastodon.links import link
from fediverse_circle.oauth.caller import caller, optional_caller
from fediverse_circle.store import actors, follows, posts
from fediverse_circle.store.follows import Listed

routes = web.RouteTableDef()
MOST_AT_ONCE = 80


class Several(Form, frozen=True):
    """Of whom."""

    id: tuple[str, ...] = ()


class Lookup(Form, frozen=True):
    """A handle."""

    acct: str = ""


class OfOne(Cursors, frozen=True):
    """Which posts of somebody.  Nothing is pinned and nothing has media yet."""

    exclude_replies: bool = False
    only_media: bool = False
    pinned: bool = False


@routes.get("/api/v1/accounts/verify_credentials")
async def myself(request: web.Request) -> web.Response:
    """Who the caller is."""
    here, me = site.of(request), await caller(request, "profile")
    return answer(await entities.credentials(here.db.pool, str(here.settings.origin), me.actor_id))


@routes.get("/api/v1/accounts/lookup")
async def lookup(request: web.Request) -> web.Response:
    """Whoever bears a handle, if known here already."""
    here, me = site.of(request), await optional_caller(request, "read:accounts")
    wanted = people.handle(here, (await parse(request, Lookup)).acct)
    actor = await actors.by_handle(here.db.pool, *wanted) if wanted else None
    if actor is None:
        raise NotFound
    return answer(entities.account(str(here.settings.origin), await people.one_seen(here, me and me.actor_id, actor.id)))


@routes.get("/api/v1/accounts/search")
async def search(request: web.Request) -> web.Response:
    """People by the beginning of their handle; by the whole of it also those nobody here has met."""
    here, me = site.of(request), await caller(request, "read:accounts")
    found = await people_found(here, me.actor_id, await parse(request, Wanted))
    return answer(await entities.accounts(here.db.pool, str(here.settings.origin), me.actor_id, found))


@routes.get("/api/v1/accounts/relationships")
async def relationships(request: web.Request) -> web.Response:
    """What others are to the caller."""
    here, me = site.of(request), await caller(request, "read:follows")
    others = numbers((await parse(request, Several)).id)[:MOST_AT_ONCE]
    return answer(await entities.relationships(here.db.pool, me.actor_id, [ActorId(other) for other in others]))


@routes.get("/api/v1/accounts/familiar_followers")
async def familiar(request: web.Request) -> web.Response:
    """Whom the caller knows among the followers of others: nobody is told who follows whom."""
    here, me = site.of(request), await caller(request, "read:follows")
    others = await people.seen(here, me.actor_id, numbers((await parse(request, Several)).id)[:MOST_AT_ONCE])
    return answer([{"id": str(other.actor.id), "accounts": ()} for other in others])


@routes.get("/api/v1/accounts")
async def several(request: web.Request) -> web.Response:
    """Those of some accounts that are there."""
    here, me = site.of(request), await optional_caller(request, "read:accounts")
    wanted = numbers((await parse(request, Several)).id)[:MOST_AT_ONCE]
    found = await people.seen(here, me and me.actor_id, wanted)
    return answer([entities.account(str(here.settings.origin), shown) for shown in found])


@routes.get("/api/v1/accounts/{id}")
async def one(request: web.Request) -> web.Response:
    """One account."""
    here, me = site.of(request), await optional_caller(request, "read:accounts")
    shown = await people.one_seen(here, me and me.actor_id, number_in(request, "id"))
    return answer(entities.account(str(here.settings.origin), shown))


@routes.get("/api/v1/accounts/{id}/statuses")
async def statuses(request: web.Request) -> web.Response:
    """What the caller may read of somebody, newest first."""
    here, me = site.of(request), await optional_caller(request, "read:statuses")
    viewer = me and me.actor_id
    author = (await people.one_seen(here, viewer, number_in(request, "id"))).actor.id
    asked = await parse(request, OfOne)
    page = asked.page(20)
    if asked.pinned or asked.only_media:
        return answer(())
    found = await posts.by_author(here.db.pool, viewer, author, page, without_replies=asked.exclude_replies)
    shown = await entities.statuses(here.db.pool, str(here.settings.origin), viewer, found)
    return answer(shown, link=link(request, page, [post.id for post in found]))


@routes.get("/api/v1/accounts/{id}/followers")
async def followers(request: web.Request) -> web.Response:
    """Who follows the caller; of others nobody is told."""
    here, me = site.of(request), await caller(request, "read:accounts")
    whose, page = number_in(request, "id"), (await parse(request, Cursors)).page(40)
    found = await follows.followers(here.db.pool, me.actor_id, page) if whose == me.actor_id else []
    return await _listed(request, me.actor_id, whose, page, found)


@routes.get("/api/v1/accounts/{id}/following")
async def following(request: web.Request) -> web.Response:
    """Whom the caller follows; of others nobody is told."""
    here, me = site.of(request), await caller(request, "read:accounts")
    whose, page = number_in(request, "id"), (await parse(request, Cursors)).page(40)
    found = await follows.following(here.db.pool, me.actor_id, page) if whose == me.actor_id else []
    return await _listed(request, me.actor_id, whose, page, found)


async def _listed(request: web.Request, me: ActorId, whose: int, page: Page, found: list[Listed]) -> web.Response:
    here = site.of(request)
    await people.one_seen(here, me, whose)
    shown = await entities.accounts(here.db.pool, str(here.settings.origin), me, [line.actor_id for line in found])
    return answer(shown, link=link(request, page, [line.id for line in found]))
