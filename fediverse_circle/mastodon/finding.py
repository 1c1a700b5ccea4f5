"""Finding people and posts by what somebody types or pastes: handles, beginnings of handles, addresses.

What nobody here has met yet is looked up elsewhere, in the name of the one who asks, and only if they asked for that.
"""

from fediverse_circle.core.errors import NotFound
from fediverse_circle.core.ids import ActorId
from fediverse_circle.core.urls import BadUrl, parse_url
from fediverse_circle.domain.actors import Actor
from fediverse_circle.domain.post import Post
from fediverse_circle.federation import lookup
from fediverse_circle.mastodon.people import handle
from fediverse_circle.site import Site
from fediverse_circle.store import actors, posts


async def found_accounts(here: Site, me: ActorId, text: str, limit: int, offset: int, *, resolve: bool, following: bool) -> list[ActorId]:
    """People whose handle begins with the text, or is the text; with `following` only those whom I follow."""
    begun = text.strip().removeprefix("@")
    if not begun:
        return []
    if "@" not in begun:
        followed_by = me if following else None
        return [actor.id for actor in await actors.matching(here.db.pool, begun, limit, offset=offset, followed_by=followed_by)]
    if offset or (wanted := handle(here, begun)) is None:
        return []
    actor = await (lookup.by_handle(here, me, *wanted) if resolve else actors.by_handle(here.db.pool, *wanted))
    return [actor.id] if actor is not None and actor.id != here.instance_actor else []


async def by_address(here: Site, me: ActorId, text: str, *, resolve: bool) -> Actor | Post | None:
    """What an address leads to, if it is for me."""
    try:
        url = parse_url(text.strip())
    except BadUrl:
        return None
    if resolve or url.origin == here.settings.origin:
        return await lookup.by_url(here, me, str(url))
    try:
        return await posts.visible_by_uri(here.db.pool, me, str(url))
    except NotFound:
        actor = await actors.by_uri(here.db.pool, str(url))
        return actor if actor and actor.deleted_at is None and actor.suspended_at is None else None
