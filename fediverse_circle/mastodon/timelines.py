"""Timelines."""

from aiohttp import web

from fediverse_circle import site
from fediverse_circle.mastodon import entities
from fediverse_circle.mastodon.answers import answer
from fediverse_circle.mastodon.forms import Cursors, parse
from fediverse_circle.mastodon.links import link
from fediverse_circle.oauth.caller import caller
from fediverse_circle.store import timelines

routes = web.RouteTableDef()


@routes.get("/api/v1/timelines/home")
async def home(request: web.Request) -> web.Response:
    """What those whom the caller follows have said to them, and they themselves, newest first."""
    here, me = site.of(request), await caller(request, "read:statuses")
    page = (await parse(request, Cursors)).page(20)
    found = await timelines.home(here.db.pool, me.actor_id, page)
    shown = await entities.statuses(here.db.pool, str(here.settings.origin), me.actor_id, found)
    return answer(shown, link=link(request, page, [post.id for post in found]))
