"""Somebody elsewhere lets somebody here follow."""

from datetime import datetime

from fediverse_circle.actions import following
from fediverse_circle.federation.asking import Ask
from fediverse_circle.federation.handlers.requests import answered
from fediverse_circle.federation.heard import Do, Drop, Heard, Keep, Verdict
from fediverse_circle.site import Site
from fediverse_circle.store.db import Tx
from fediverse_circle.vocab import EmbeddedActivity


async def decide(here: Site, _: Ask, heard: Heard) -> Verdict:
    """Theirs to say only if it is they who were asked."""
    if isinstance(heard.activity.object, EmbeddedActivity) and heard.activity.object.type != "Follow":
        return Keep()
    follow = await answered(here, heard)
    if follow is None:
        return Drop()

    async def accept(tx: Tx, now: datetime) -> None:
        await following.receive_acceptance(tx, now, heard.by.id, follow.follower_id, heard.activity.published or heard.signed_at)

    return Do(accept)
