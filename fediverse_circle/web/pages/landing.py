"""What this server is, for whoever comes by; and how an app is connected, for whoever has just come to live here."""

from aiohttp import web

from fediverse_circle import site
from fediverse_circle.store import logins
from fediverse_circle.web.render import page
from fediverse_circle.web.session import form_page, resident, visitor

routes = web.RouteTableDef()


@routes.get("/")
async def landing(request: web.Request) -> web.Response:
    """The first page."""
    who = await visitor(request)
    nobody_yet = who.login is None and not await logins.exists(site.of(request).db.pool)
    return page(request, "landing", signed_in=who.login is not None, nobody_yet=nobody_yet)


@routes.get("/welcome")
async def welcome(request: web.Request) -> web.Response:
    """How to connect an app."""
    who, _ = await resident(request)
    return form_page(request, who, "welcome")
