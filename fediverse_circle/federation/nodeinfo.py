"""What this server tells everybody about itself: NodeInfo, and what robots may read.

It counts nothing: how many people live here and how much they say is nobody's business.
"""

from typing import Final, Literal

from aiohttp import web

from fediverse_circle import __version__, site
from fediverse_circle.domain import uris
from fediverse_circle.vocab import NodeInfo, encode, nodeinfo, nodeinfo_links

routes = web.RouteTableDef()

_SHORT: Final = {"Cache-Control": "public, max-age=1800"}
_ROBOTS: Final = """User-agent: *
Allow: /.well-known/
Allow: /nodeinfo/
Disallow: /
"""


@routes.get("/.well-known/nodeinfo")
async def links(request: web.Request) -> web.Response:
    """Where the documents are, and who speaks for the server (FEP-2677)."""
    origin = str(site.of(request).settings.origin)
    said = encode(nodeinfo_links(origin, uris.instance_actor(origin)))
    return web.Response(body=said, content_type="application/json", headers=_SHORT)


@routes.get("/nodeinfo/2.0")
async def older(request: web.Request) -> web.Response:
    """What NodeInfo 2.0 tells."""
    return _told(request, "2.0")


@routes.get("/nodeinfo/2.1")
async def newer(request: web.Request) -> web.Response:
    """What NodeInfo 2.1 tells."""
    return _told(request, "2.1")


@routes.get("/robots.txt")
async def robots(_: web.Request) -> web.Response:
    """What robots may read: what the server says of itself.  Nobody here asked to be indexed."""
    return web.Response(text=_ROBOTS, headers=_SHORT)


def _told(request: web.Request, schema: Literal["2.0", "2.1"]) -> web.Response:
    is_open = site.of(request).settings.registration == "open"
    said = nodeinfo(NodeInfo(version=__version__, open_registrations=is_open, software="fediverse-circle"), schema)
    kind = f'application/json; profile="http://nodeinfo.diaspora.software/ns/schema/{schema}#"; charset=utf-8'
    return web.Response(body=encode(said), headers=_SHORT | {"Content-Type": kind})
