"""The surface for apps: Mastodon's client API, a module a resource.

Handlers are four steps: who asks (`oauth.caller`), what they ask (`forms`), the deed (`actions`), the answer (`entities`).  Here: what clients
send and decode, and nothing that decides.  Not here: sign-in and tokens (oauth), who reads a post (`visible_posts`), to whom a new one goes
(`actions.addressing`).  The client's word can only narrow; whatever is not for the caller is not there.
"""

from collections.abc import Sequence

from aiohttp import web

from fediverse_circle.mastodon import (
    accounts,
    follows,
    health,
    instance,
    markers,
    nothing,
    notifications,
    pictures,
    preferences,
    profile,
    search,
    statuses,
    threads,
    timelines,
)
from fediverse_circle.mastodon.errors import refusal

__all__ = ["ROUTES", "refusal"]

ROUTES: Sequence[web.RouteTableDef] = (
    accounts.routes,
    follows.routes,
    health.routes,
    instance.routes,
    markers.routes,
    nothing.routes,
    notifications.routes,
    pictures.routes,
    preferences.routes,
    profile.routes,
    search.routes,
    statuses.routes,
    threads.routes,
    timelines.routes,
)
