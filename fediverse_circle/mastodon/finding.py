"""Finding people and posts by what somebody types or pastes: handles, beginnings of handles, addresses.

What nobody here has met yet is looked up elsewhere, in the name of the one who asks, and only if they asked for that.
"""

from fediverse_circle.core.errors import NotFound
from fediverse_circle.core.ids import ActorId
from fediverse_circle.core.urls import BadUrl, parse_url
from fediverse_circle.domain.actors import Actor
from fediverse_circle.domain.post import Post
from fediverse_circle.federation import lookup
from fediverse_circle.mastodon.forms import Form
from fediverse_circle.mastodon.people import handle
from fediverse_circle.site import Site
from fediverse_circle.store import actors, posts

FURTHEST = 10_000  # nobody leafs so far


class Wanted(Form, frozen=True):
    """What to find, among whom; `resolve`: also what nobody here has met."""

    q: str = ""
    limit: int | None = None
    offset: int = 0
    resolve: bool = False
    following: bool = False

    @property
    def most(self) -> int:
        return 40 if self.limit is None else max(1, min(self.limit, 80))

    @property
    def after(self) -> int:
        return max(0, min(self.offset, FURTHEST))


async def people_found(here: Site, me: ActorId, wanted: Wanted) -> list[ActorId]:
    """People whose handle begins with the text, or is the text; with `following` only those whom I follow."""
    begun = wanted.q.strip().removeprefix("@")
    if not begun:
        return []
    if "@" not in begun:
        among = me if wanted.following else None
        found = await actors.matching(here.db.pool, begun, wanted.most, offset=wanted.after, followed_by=among)
        return [actor.id for actor in found]
    if wanted.after or (named := handle(here, begun)) is None:
        return []
    actor = await (lookup.by_handle(here, me, *named) if wanted.resolve else actors.by_handle(here.db.pool, *named))
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
