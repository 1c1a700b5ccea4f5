"""Preferences: how new posts begin.  For followers, quoted by nobody: nothing an app sends by default is wider."""

from aiohttp import web

from fediverse_circle import site
from fediverse_circle.mastodon.answers import answer
from fediverse_circle.oauth.caller import caller
from fediverse_circle.store import logins

routes = web.RouteTableDef()


@routes.get("/api/v1/preferences")
async def preferences(request: web.Request) -> web.Response:
    """The caller's preferences."""
    here, me = site.of(request), await caller(request, "read:accounts")
    account = await logins.account(here.db.pool, me.actor_id)
    return answer(
        {
            "posting:default:visibility": "private",
            "posting:default:sensitive": False,
            "posting:default:language": account.language,
            "posting:default:quote_policy": "nobody",
            "reading:expand:media": "default",
            "reading:expand:spoilers": False,
            "reading:autoplay:gifs": False,
        }
    )
