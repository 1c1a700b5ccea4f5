"""The two pictures of whoever has none: clients need real ones, and know these names for “there is none”."""

from pathlib import Path

from aiohttp import web

from fediverse_circle.mastodon.entities.people import AVATAR, HEADER

routes = web.RouteTableDef()

_STATIC = Path(__file__).parent / "static"
_LASTING = {"Cache-Control": "public, max-age=604800"}


@routes.get(AVATAR)
async def avatar(_: web.Request) -> web.StreamResponse:
    """A face."""
    return web.FileResponse(_STATIC / "avatar.png", headers=_LASTING)


@routes.get(HEADER)
async def header(_: web.Request) -> web.StreamResponse:
    """A landscape."""
    return web.FileResponse(_STATIC / "header.png", headers=_LASTING)
