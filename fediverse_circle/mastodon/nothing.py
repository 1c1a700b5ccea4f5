"""What a person has none of, because it does not exist here yet, or by principle: truthful lists with nothing in them.

Deeds on such things have no routes: they are not there.  Trends and suggestions never will be (no contest); nor lists of peers.
"""

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from fediverse_circle import site
from fediverse_circle.core.errors import Forbidden
from fediverse_circle.mastodon import people
from fediverse_circle.mastodon.answers import answer
from fediverse_circle.mastodon.forms import number_in
from fediverse_circle.oauth.caller import caller

routes = web.RouteTableDef()

MINE: Mapping[str, str] = {  # path under /api: the scope that may read it
    "v1/announcements": "read:accounts",
    "v1/blocks": "read:blocks",
    "v1/bookmarks": "read:bookmarks",
    "v1/conversations": "read:statuses",
    "v1/domain_blocks": "read:blocks",
    "v1/endorsements": "read:accounts",
    "v1/favourites": "read:favourites",
    "v1/featured_tags": "read:accounts",
    "v1/featured_tags/suggestions": "read:accounts",
    "v1/filters": "read:filters",
    "v1/followed_tags": "read:follows",
    "v1/lists": "read:lists",
    "v1/mutes": "read:mutes",
    "v1/scheduled_statuses": "read:statuses",
    "v1/suggestions": "read:accounts",
    "v1/timelines/link": "read:statuses",
    "v2/filters": "read:filters",
    "v2/suggestions": "read:accounts",
}
EVERYBODYS = (
    "v1/custom_emojis",
    "v1/directory",
    "v1/instance/activity",
    "v1/instance/domain_blocks",
    "v1/instance/peers",
    "v1/instance/rules",
    "v1/trends",
    "v1/trends/links",
    "v1/trends/statuses",
    "v1/trends/tags",
)
OF_SOMEBODY: Mapping[str, str] = {
    "endorsements": "read:accounts",
    "featured_tags": "read:accounts",
    "identity_proofs": "read:accounts",
    "lists": "read:lists",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _none_of_mine(scope: str) -> Handler:
    async def none(request: web.Request) -> web.StreamResponse:
        """None of the caller's."""
        await caller(request, scope)
        return answer(())

    return none


async def _none(_: web.Request) -> web.StreamResponse:
    """None at all."""
    return answer(())


def _none_of_somebody(scope: str) -> Handler:
    async def none(request: web.Request) -> web.StreamResponse:
        """None of somebody whom the caller can see."""
        me = await caller(request, scope)
        await people.one_seen(site.of(request), me.actor_id, number_in(request, "id"))
        return answer(())

    return none


for _path, _scope in MINE.items():
    routes.get(f"/api/{_path}")(_none_of_mine(_scope))
for _path in EVERYBODYS:
    routes.get(f"/api/{_path}")(_none)
for _path, _scope in OF_SOMEBODY.items():
    routes.get(f"/api/v1/accounts/{{id}}/{_path}")(_none_of_somebody(_scope))


@routes.get("/api/v1/annual_reports")
async def reports(request: web.Request) -> web.Response:
    """Nobody's year is counted."""
    await caller(request, "read:accounts")
    return answer({"annual_reports": (), "accounts": (), "statuses": ()})


@routes.get("/api/v1/annual_reports/{year}/state")
async def report(request: web.Request) -> web.Response:
    """Nor will it be."""
    await caller(request, "read:accounts")
    return answer({"state": "ineligible"})


@routes.get("/api/v1/instance/translation_languages")
async def translations(_: web.Request) -> web.Response:
    """Nothing is sent to be translated."""
    return answer({})


@routes.post("/api/v1/emails/confirmations")
async def confirm(request: web.Request) -> web.Response:
    """Addresses are not confirmed here, so there is nothing to send again."""
    await caller(request, "write:accounts")
    raise Forbidden("This server does not confirm e-mail addresses.")
