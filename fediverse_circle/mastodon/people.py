"""Whom a caller can see: everybody the server knows, for those who live here; those who live here, for strangers.

A stranger who could ask for actors of elsewhere would learn whom the people here know.
"""

from collections.abc import Collection

from fediverse_circle.core.errors import NotFound
from fediverse_circle.core.ids import ActorId
from fediverse_circle.core.urls import BadUrl, normal_host
from fediverse_circle.site import Site
from fediverse_circle.store import actors
from fediverse_circle.store.actors import Shown


async def seen(here: Site, viewer: ActorId | None, ids: Collection[int]) -> list[Shown]:
    """Those of these actors that the viewer can see, in this order."""
    found = await actors.shown(here.db.pool, viewer, [ActorId(id) for id in ids])
    return [found[ActorId(id)] for id in ids if ActorId(id) in found and _is_seen(here, viewer, found[ActorId(id)])]


async def one_seen(here: Site, viewer: ActorId | None, id: int) -> Shown:
    """The actor; NotFound if the viewer cannot see it."""
    found = await seen(here, viewer, [id])
    if not found:
        raise NotFound
    return found[0]


def _is_seen(here: Site, viewer: ActorId | None, shown: Shown) -> bool:
    return shown.actor.id != here.instance_actor and (viewer is not None or shown.actor.local)


def handle(here: Site, text: str) -> tuple[str, str] | None:
    """The name and the host of a handle, both in lower case; without a host: of somebody who lives here.  None if it is no handle."""
    username, at, host = text.strip().removeprefix("@").lower().partition("@")
    try:
        host = normal_authority(host) if at else here.settings.handle_domain
    except BadUrl:
        return None
    return (username, here.settings.handle_domain if host == here.settings.origin.authority else host) if username else None


def normal_authority(text: str) -> str:
    """The one spelling of the host of a handle, with its port if it has one."""
    host, colon, port = text.partition(":")
    return normal_host(host) + colon + port
