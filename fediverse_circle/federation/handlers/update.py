"""Somebody elsewhere says something again in other words, or describes themselves anew.

An edit changes words and nothing else: whoever could read them may, nobody new.
"""

from datetime import datetime, timedelta

from fediverse_circle.actions import posting
from fediverse_circle.federation import fetch, notes, origin, reading
from fediverse_circle.federation.asking import Ask
from fediverse_circle.federation.handlers import create
from fediverse_circle.federation.heard import Do, Drop, Heard, Keep, Verdict, nothing
from fediverse_circle.site import Site
from fediverse_circle.store import actors, posts
from fediverse_circle.store.db import Tx
from fediverse_circle.vocab import ActorDocument, Note, Ref

RECENT = timedelta(days=1)  # an edit of something older that never came tells nobody here anything


async def decide(here: Site, ask: Ask, heard: Heard) -> Verdict:
    """One's own words, or oneself."""
    match heard.activity.object:
        case ActorDocument() as document:
            return await _profile(here, ask, heard, document)
        case Note() as note:
            return await _words(here, ask, heard, note)
        case Ref(uri) if uri == heard.by.uri:
            await fetch.actor_anew(here, ask, uri)
            return Do(nothing)
        case Ref(uri) if origin.may_say(heard.by.uri, uri):
            return await _words(here, ask, heard, await create.fetched(here, ask, heard, uri))
        case Ref():
            return Drop()
        case _:
            return Keep()


async def _words(here: Site, ask: Ask, heard: Heard, note: Note) -> Verdict:
    if not origin.is_authored(note, heard.by.uri):
        return Drop()
    if not notes.is_a_post(note):
        return Keep()
    if await posts.known(here.db.pool, note.id) is None:
        return await _never_seen(here, ask, heard, note)
    to, cc = notes.addressed(note, heard.activity)
    words = reading.words(note, notes.mentioned(note, await actors.named(here.db.pool, heard.by, {*to, *cc, *notes.tagged(note)})))
    edited_at = note.updated or heard.activity.published or heard.signed_at

    async def edit(tx: Tx, now: datetime) -> None:
        await posting.receive_edit(tx, now, heard.by.id, note.id, words, edited_at)

    return Do(edit)


async def _never_seen(here: Site, ask: Ask, heard: Heard, note: Note) -> Verdict:
    """What was said lately and missed is fetched from its origin, where it is known for whom it is."""
    to, cc = notes.addressed(note, heard.activity)
    is_recent = note.published is not None and here.now() - note.published < RECENT
    if not is_recent or not (await actors.named(here.db.pool, heard.by, {*to, *cc})).concerns_us:
        return Drop()
    return await create.said(here, ask, heard, await create.fetched(here, ask, heard, note.id))


async def _profile(here: Site, ask: Ask, heard: Heard, document: ActorDocument) -> Verdict:
    """What they say of themselves is theirs to say; but keys, and names, are asked for at their origin."""
    if document.id != heard.by.uri:
        return Drop()
    known = await actors.by_id(here.db.pool, heard.by.id)
    if (document.username or "").lower() != known.username.lower() or await fetch.has_other_keys(here, heard.by.id, document):
        await fetch.actor_anew(here, ask, document.id)
        return Do(nothing)
    profile = reading.profile(document, fetch.handle_of(known), here.now())

    async def describe(tx: Tx, now: datetime) -> None:
        await actors.keep_remote(tx, now, profile)

    return Do(describe)
