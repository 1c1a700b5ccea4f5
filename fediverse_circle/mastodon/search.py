"""Search: people by handle, people and posts by address.  Words are not searched yet."""

import msgspec
from aiohttp import web

from fediverse_circle import site
from fediverse_circle.core.errors import Invalid
from fediverse_circle.core.ids import ActorId
from fediverse_circle.domain.actors import Actor
from fediverse_circle.domain.post import Post
from fediverse_circle.mastodon import entities
from fediverse_circle.mastodon.answers import answer
from fediverse_circle.mastodon.entities.people import Account
from fediverse_circle.mastodon.entities.posts import Status
from fediverse_circle.mastodon.finding import Wanted, by_address, people_found
from fediverse_circle.mastodon.forms import parse
from fediverse_circle.oauth.caller import caller
from fediverse_circle.store.db import Reader

routes = web.RouteTableDef()


class Asked(Wanted, frozen=True):
    """What to find, and which kind of it."""

    type: str | None = None


class Found(msgspec.Struct, frozen=True):
    """What was found."""

    accounts: list[Account] = []
    statuses: list[Status] = []
    hashtags: tuple[()] = ()


@routes.get("/api/v2/search")
async def search(request: web.Request) -> web.Response:
    """People and posts; with `resolve` also those that nobody here has met."""
    here, me = site.of(request), await caller(request, "read:search")
    asked = await parse(request, Asked)
    if not asked.q.strip():
        raise Invalid("q", "Say what to search for.", "ERR_BLANK")
    db, origin = here.db.pool, str(here.settings.origin)
    if "://" in asked.q:
        found = None if asked.after else await by_address(here, me.actor_id, asked.q, resolve=asked.resolve)
        return answer(await _one(db, origin, me.actor_id, found, asked.type))
    if asked.type not in (None, "", "accounts"):
        return answer(Found())
    people = await people_found(here, me.actor_id, asked)
    return answer(Found(accounts=await entities.accounts(db, origin, me.actor_id, people)))


async def _one(db: Reader, origin: str, me: ActorId, found: Actor | Post | None, kind: str | None) -> Found:
    match found:
        case Post() if kind in (None, "", "statuses"):
            return Found(statuses=await entities.statuses(db, origin, me, [found]))
        case Actor() if kind in (None, "", "accounts"):
            return Found(accounts=await entities.accounts(db, origin, me, [found.id]))
        case _:
            return Found()
