"""Whether the server can do its work: for whoever watches over it."""

from aiohttp import web

from fediverse_circle import site
from fediverse_circle.mastodon.answers import answer
from fediverse_circle.store import logins

routes = web.RouteTableDef()


@routes.get("/health")
async def health(request: web.Request) -> web.Response:
    """It answers, and so does the database; 503 otherwise."""
    await logins.exists(site.of(request).db.pool)
    return answer({"status": "OK"})
