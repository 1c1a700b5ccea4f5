"""The surface for servers: ActivityPub, in and out.

In: `inbox` receives and `incoming` understands, by `handlers`, one a file; `keys` finds who vouches, `fetch` and `finger` ask strangers, `reading`
makes rows of what they say, `lookup` finds what a person asks for.  Out: `outgoing` makes of what happened what is said, by `builders`; `delivery`
brings it.  What others read of us: `documents`, `collections`, `webfinger`, `nodeinfo`.  Not here: what a deed does (actions), who may read (store).
"""

from collections.abc import Sequence
from typing import Final

from aiohttp import web

from fediverse_circle.federation.collections import routes as collections_routes
from fediverse_circle.federation.documents import routes as documents_routes
from fediverse_circle.federation.errors import refusal
from fediverse_circle.federation.inbox import routes as inbox_routes
from fediverse_circle.federation.nodeinfo import routes as nodeinfo_routes
from fediverse_circle.federation.webfinger import routes as webfinger_routes

ROUTES: Final[Sequence[web.RouteTableDef]] = (inbox_routes, documents_routes, collections_routes, webfinger_routes, nodeinfo_routes)

__all__ = ["ROUTES", "refusal"]
