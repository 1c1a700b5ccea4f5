"""Notifications: who named the caller, follows them, asks to."""

from typing import get_args

from aiohttp import web

from fediverse_circle import site
from fediverse_circle.core.errors import NotFound
from fediverse_circle.core.ids import ActorId
from fediverse_circle.core.paging import Page
from fediverse_circle.mastodon import entities
from fediverse_circle.mastodon.answers import answer
from fediverse_circle.mastodon.forms import Cursors, number, number_in, parse
from fediverse_circle.mastodon.links import link
from fediverse_circle.oauth.caller import caller
from fediverse_circle.store import markers, notifications
from fediverse_circle.store.db import begin
from fediverse_circle.store.notifications import Kind

routes = web.RouteTableDef()
KINDS: tuple[Kind, ...] = get_args(Kind)
MOST_UNREAD = 100


class Asked(Cursors, frozen=True):
    """Which ones."""

    types: tuple[str, ...] | None = None
    exclude_types: tuple[str, ...] = ()
    account_id: str | None = None

    @property
    def kinds(self) -> list[Kind] | None:
        return None if self.types is None else [kind for kind in KINDS if kind in self.types]

    @property
    def without(self) -> list[Kind]:
        return [kind for kind in KINDS if kind in self.exclude_types]

    @property
    def by(self) -> ActorId | None:
        return ActorId(number(self.account_id)) if self.account_id else None


@routes.get("/api/v1/notifications")
async def recent(request: web.Request) -> web.Response:
    """What the caller was told, newest first."""
    here, me = site.of(request), await caller(request, "read:notifications")
    asked = await parse(request, Asked)
    page = asked.page(40)
    found = await notifications.recent(here.db.pool, me.actor_id, page, kinds=asked.kinds, without=asked.without, by=asked.by)
    shown = await entities.notifications(here.db.pool, str(here.settings.origin), me.actor_id, found)
    return answer(shown, link=link(request, page, [item.id for item in found]))


@routes.get("/api/v1/notifications/unread_count")
async def unread(request: web.Request) -> web.Response:
    """How many came since the caller last looked, as far as one counts."""
    here, me = site.of(request), await caller(request, "read:notifications")
    asked = await parse(request, Asked)
    marks = await markers.of(here.db.pool, me.actor_id, ["notifications"])
    since = Page(above=marks[0].last_read_id if marks else 0, limit=MOST_UNREAD)
    found = await notifications.recent(here.db.pool, me.actor_id, since, kinds=asked.kinds, without=asked.without, by=asked.by)
    return answer({"count": len(found)})


@routes.get(r"/api/v1/notifications/{id}")
async def one(request: web.Request) -> web.Response:
    """One thing the caller was told."""
    here, me = site.of(request), await caller(request, "read:notifications")
    number = number_in(request, "id")
    only = Page(below=number + 1, above=number - 1, limit=1)
    found = await notifications.recent(here.db.pool, me.actor_id, only, kinds=None, without=(), by=None)
    shown = await entities.notifications(here.db.pool, str(here.settings.origin), me.actor_id, found)
    if not shown:
        raise NotFound
    return answer(shown[0])


@routes.post("/api/v1/notifications/clear")
async def clear(request: web.Request) -> web.Response:
    """Forget all that the caller was told."""
    here, me = site.of(request), await caller(request, "write:notifications")
    async with begin(here.db) as tx:
        await notifications.clear(tx, me.actor_id)
    return answer({})


@routes.post("/api/v1/notifications/{id}/dismiss")
async def dismiss(request: web.Request) -> web.Response:
    """Forget one thing."""
    here, me = site.of(request), await caller(request, "write:notifications")
    async with begin(here.db) as tx:
        await notifications.dismiss(tx, me.actor_id, number_in(request, "id"))
    return answer({})
