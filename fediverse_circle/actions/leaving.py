"""Leaving for good."""

from datetime import datetime

from fediverse_circle.core.ids import ActorId
from fediverse_circle.store import actors, posts
from fediverse_circle.store.db import Tx


async def receive_departure(tx: Tx, now: datetime, actor: ActorId) -> None:
    """Somebody elsewhere is gone: their words are erased, they follow and are followed no more, and nobody comes back under their id."""
    await posts.erase_all(tx, now, actor)
    await actors.bury(tx, now, actor)
