"""Somebody elsewhere undoes what they did: here, that they follow or asked to."""

from datetime import datetime

from fediverse_circle.actions import following
from fediverse_circle.federation.asking import Ask
from fediverse_circle.federation.heard import Do, Drop, Heard, Keep, Verdict, nothing
from fediverse_circle.site import Site
from fediverse_circle.store import actors, follows
from fediverse_circle.store.db import Tx
from fediverse_circle.vocab import EmbeddedActivity, Ref


async def decide(here: Site, _: Ask, heard: Heard) -> Verdict:
    """Only one's own deeds can be undone.  What is undone stays so (`received` remembers): a Follow that arrives later, or again, is none."""
    db = here.db.pool
    match heard.activity.object:
        case Ref(uri):
            follow = await follows.by_uri(db, uri)
            if follow is None:
                return Keep()
        case EmbeddedActivity("Follow", uri, actor, named):
            if actor is not None and actor != heard.by.uri:
                return Drop()
            if uri is not None:
                follow = await follows.by_uri(db, uri)
            elif named is not None and (target := await actors.by_uri(db, named)) is not None:
                follow = await follows.of_pair(db, heard.by.id, target.id)
            else:
                return Drop()
        case EmbeddedActivity(_, _, actor, _):
            return Keep() if actor == heard.by.uri else Drop()
        case _:
            return Keep()
    if follow is None:
        return Do(nothing)
    if follow.follower_id != heard.by.id:
        return Drop()
    target_id = follow.target_id

    async def undo(tx: Tx, _: datetime) -> None:
        await following.receive_undo(tx, heard.by.id, target_id)

    return Do(undo)
