"""A persona and its posts, as far as a stranger may see them: who looks makes no difference here."""

from aiohttp import web

from fediverse_circle import site
from fediverse_circle.core.errors import NotFound
from fediverse_circle.core.ids import PostId
from fediverse_circle.core.paging import Page
from fediverse_circle.domain.actors import Actor
from fediverse_circle.site import Site
from fediverse_circle.store import actors, posts
from fediverse_circle.web.render import page

_HIGHEST = (1 << 63) - 1

routes = web.RouteTableDef()


@routes.get("/@{username:[A-Za-z0-9_]{1,30}}")
async def profile(request: web.Request) -> web.Response:
    """Name, words about oneself, public posts."""
    here = site.of(request)
    actor = await _actor(here, request)
    older_than = request.query.get("max_id", "")
    window = Page.of(max_id=_number(older_than) if older_than else None, since_id=None, min_id=None, limit=20)
    shown = await posts.by_author(here.db.pool, None, actor.id, window, without_replies=True)
    older = shown[-1].id if len(shown) == window.limit else None
    return page(request, "profile", actor=actor, posts=shown, older=older)


@routes.get("/@{username:[A-Za-z0-9_]{1,30}}/{id:[0-9]{1,19}}")
async def post(request: web.Request) -> web.Response:
    """One post, if everybody may read it; NotFound alike if it is not there and if it is not for everybody."""
    here = site.of(request)
    actor = await _actor(here, request)
    shown = await posts.visible(here.db.pool, None, PostId(_number(request.match_info["id"])))
    if shown.author_id != actor.id:
        raise NotFound
    return page(request, "post", actor=actor, post=shown)


async def _actor(here: Site, request: web.Request) -> Actor:
    actor = await actors.by_handle(here.db.pool, request.match_info["username"], here.settings.handle_domain)
    if actor is None or not actor.local or actor.kind == "Application":
        raise NotFound
    return actor


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or int(text) > _HIGHEST:
        raise NotFound
    return int(text)
