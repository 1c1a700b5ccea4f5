"""What stands around a post: the conversation, its present version, who liked it."""

from aiohttp import web

from fediverse_circle import site
from fediverse_circle.core.ids import ActorId, PostId, born
from fediverse_circle.domain.post import Post
from fediverse_circle.mastodon import entities
from fediverse_circle.mastodon.answers import answer
from fediverse_circle.mastodon.dates import date
from fediverse_circle.mastodon.forms import number_in
from fediverse_circle.oauth.caller import optional_caller
from fediverse_circle.store import posts

routes = web.RouteTableDef()
MOST, MOST_FOR_STRANGERS = 4096, 60


@routes.get("/api/v1/statuses/{id}/context")
async def context(request: web.Request) -> web.Response:
    """What a post answers, and what answers it, as far as the caller may read it."""
    viewer, post = await _read(request)
    here, most = site.of(request), MOST_FOR_STRANGERS if viewer is None else MOST
    above = await posts.ancestors(here.db.pool, viewer, post, most)
    below = await posts.descendants(here.db.pool, viewer, post, most)
    shown = await entities.statuses(here.db.pool, str(here.settings.origin), viewer, [*above, *below])
    older = {str(post.id) for post in above}
    return answer(
        entities.Context([status for status in shown if status.id in older], [status for status in shown if status.id not in older])
    )


@routes.get("/api/v1/statuses/{id}/history")
async def history(request: web.Request) -> web.Response:
    """The present version alone: what was said before is not kept."""
    viewer, post = await _read(request)
    here = site.of(request)
    status = await entities.status(here.db.pool, str(here.settings.origin), viewer, post)
    return answer(
        [
            entities.StatusEdit(
                content=status.content,
                spoiler_text=status.spoiler_text,
                sensitive=status.sensitive,
                created_at=date(post.edited_at or post.said_at or born(post.id)),
                account=status.account,
            )
        ]
    )


@routes.get("/api/v1/statuses/{id}/favourited_by")
@routes.get("/api/v1/statuses/{id}/reblogged_by")
@routes.get("/api/v1/statuses/{id}/quotes")
async def nobody(request: web.Request) -> web.Response:
    """Nobody has liked, boosted or quoted a post: it cannot be done yet."""
    await _read(request)
    return answer(())


async def _read(request: web.Request) -> tuple[ActorId | None, Post]:
    """Who asks, and the post they ask about."""
    me = await optional_caller(request, "read:statuses")
    viewer = me and me.actor_id
    return viewer, await posts.visible(site.of(request).db.pool, viewer, PostId(number_in(request, "id")))
