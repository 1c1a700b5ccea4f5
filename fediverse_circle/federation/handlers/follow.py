"""Somebody elsewhere asks to follow somebody here."""

from datetime import datetime

from fediverse_circle.actions import following
from fediverse_circle.federation.asking import Ask
from fediverse_circle.federation.heard import Do, Drop, Heard, Verdict
from fediverse_circle.site import Site
from fediverse_circle.store import actors, follows, received
from fediverse_circle.store.db import Tx
from fediverse_circle.vocab import Ref


async def decide(here: Site, _: Ask, heard: Heard) -> Verdict:
    """A request, unless it was undone already; only the one who is asked makes it a follow."""
    if not isinstance(heard.activity.object, Ref):
        return Drop()
    uri, db = heard.activity.id, here.db.pool
    target = await actors.by_uri(db, heard.activity.object.id)
    if target is None or not target.local or target.deleted_at is not None or target.suspended_at is not None:
        return Drop()
    follower = await actors.by_id(db, heard.by.id)
    named = await follows.by_uri(db, uri)
    if named is not None and (named.follower_id, named.target_id) != (follower.id, target.id):
        return Drop()

    async def ask(tx: Tx, now: datetime) -> None:
        if not await received.is_undone(tx, follower.id, uri):
            await following.receive_request(tx, now, follower, target, uri)

    return Do(ask)
