"""What a handler may reach: settings, database, the way out, the clock.  Everything else is passed to it."""

from dataclasses import dataclass, field

from aiohttp import web

from fediverse_circle.config import Settings
from fediverse_circle.core.clock import Clock
from fediverse_circle.core.ids import ActorId
from fediverse_circle.net.client import Client
from fediverse_circle.net.manners import Manners
from fediverse_circle.store.db import Database


@dataclass(frozen=True, slots=True)
class Site:
    """One running server.  `instance_actor` is its own actor, which signs what no person asks."""

    settings: Settings
    db: Database
    client: Client
    now: Clock
    instance_actor: ActorId
    manners: Manners = field(default_factory=Manners)


SITE = web.AppKey("site", Site)


def of(request: web.Request) -> Site:
    """The server that this request came to."""
    return request.config_dict[SITE]
