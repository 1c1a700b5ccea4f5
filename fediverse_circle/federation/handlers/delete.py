"""Somebody elsewhere takes back what they said, or is gone."""

from datetime import datetime

from fediverse_circle.actions import leaving, posting
from fediverse_circle.federation import origin
from fediverse_circle.federation.asking import Ask
from fediverse_circle.federation.heard import Do, Drop, Heard, Verdict
from fediverse_circle.site import Site
from fediverse_circle.store import received
from fediverse_circle.store.db import Tx
from fediverse_circle.vocab import ActorDocument, Note, Ref, Tombstone, Unknown


async def decide(_: Site, __: Ask, heard: Heard) -> Verdict:
    """Only one's own words, and only oneself.  What comes after it, comes too late."""
    match heard.activity.object:
        case Ref(uri) | Tombstone(uri) | Note(id=uri) | ActorDocument(id=uri) | Unknown(_, str(uri)):
            pass
        case _:
            return Drop()
    if uri == heard.by.uri:

        async def leave(tx: Tx, now: datetime) -> None:
            await leaving.receive_departure(tx, now, heard.by.id)
            await received.forget_all_words(tx, heard.by.id)

        return Do(leave)
    if not origin.may_say(heard.by.uri, uri):
        return Drop()

    async def take_back(tx: Tx, now: datetime) -> None:
        await posting.receive_retraction(tx, now, heard.by.id, uri)
        await received.forget_words(tx, heard.by.id, uri)

    return Do(take_back)
