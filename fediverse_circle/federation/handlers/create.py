"""Somebody elsewhere has said something.

Its audience is its addressing, resolved here once and for all (INTEROP 5.3); whoever is not in it does not see it, whatever inbox it came to.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from fediverse_circle.actions import posting
from fediverse_circle.core.errors import NotFound, Trouble
from fediverse_circle.core.ids import ActorId
from fediverse_circle.domain.audience import PUBLIC_NAMES, Addressing, resolved
from fediverse_circle.domain.post import Post
from fediverse_circle.federation import fetch, lookup, notes, origin, reading
from fediverse_circle.federation.asking import Ask
from fediverse_circle.federation.heard import Do, Drop, Heard, Keep, Verdict
from fediverse_circle.site import Site
from fediverse_circle.store import actors, follows, posts
from fediverse_circle.store.actors import Named, Teller
from fediverse_circle.store.db import Tx
from fediverse_circle.vocab import Note, Ref

ASKED_OF_ONE_POST = 5  # people it names, unknown so far


async def decide(here: Site, ask: Ask, heard: Heard) -> Verdict:
    """One's own words at one's own origin, embedded or to be fetched; a vote is none."""
    match heard.activity.object:
        case Note() as note:
            return await said(here, ask, heard, note)
        case Ref(uri) if origin.may_say(heard.by.uri, uri):
            return await said(here, ask, heard, await fetched(here, ask, heard, uri))
        case Ref():
            return Drop()
        case _:
            return Keep()


async def said(here: Site, ask: Ask, heard: Heard, note: Note) -> Verdict:
    """What becomes of a note that the speaker has said."""
    if not origin.is_authored(note, heard.by.uri):
        return Drop()
    if not notes.is_a_post(note):
        return Keep()
    if not origin.is_document(note.id):
        return Drop()
    gathered = await gather(here, ask, heard, note)
    if gathered is None:
        return Drop()
    words = reading.words(note, notes.mentioned(note, gathered.named))
    place = reading.origin(note, heard.by.id, gathered.parent, here.now())

    async def receive(tx: Tx, now: datetime) -> None:
        if await posting.receive(tx, now, place, words, gathered.addressing) is None:
            await posting.receive_again(tx, now, heard.by.id, note.id, gathered.further)

    return Do(receive)


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a note means here.  `further`: the one whom nothing but the inbox names."""

    addressing: Addressing
    further: ActorId | None
    parent: Post | None
    named: Named


async def gather(here: Site, ask: Ask, heard: Heard, note: Note) -> Gathered | None:
    """For whom a note is, and what it answers; None if it concerns nobody here."""
    db, (to, cc) = here.db.pool, notes.addressed(note, heard.activity)
    everybody, people = {*to, *cc}, notes.tagged(note)
    named = await actors.named(db, heard.by, everybody | people)
    parent = await notes.known_parent(db, heard.by.id, note)
    if not named.concerns_us and parent is None and resolved(to, cc, heard.by.id, None, None, named.known) is not None:
        return None
    unknown = people & everybody - named.known.actors.keys()
    if unknown and not PUBLIC_NAMES & everybody:
        named = await _introduced(here, ask, heard.by, unknown, everybody | people)
    if parent is None and note.in_reply_to is not None:
        parent = await _fetched_parent(here, ask, heard, note.in_reply_to, everybody)
    of_parent = await posts.addressing(db, parent) if parent is not None else None
    meant = resolved(to, cc, heard.by.id, of_parent, None, named.known)
    addressing = meant or resolved(to, cc, heard.by.id, of_parent, heard.inbox_of, named.known)
    return Gathered(addressing, heard.inbox_of if meant is None else None, parent, named) if addressing is not None else None


async def fetched(here: Site, ask: Ask, heard: Heard, uri: str) -> Note:
    """A note that is named by its id: asked for by somebody for whom it may be.  NotFound if there is nobody, or it is not for them."""
    reader = heard.inbox_of or await follows.reader_here(here.db.pool, heard.by.id, {*heard.activity.to, *heard.activity.cc})
    if reader is None or reader == here.instance_actor:
        raise NotFound
    return await fetch.note(here, ask, uri, reader)


async def _fetched_parent(here: Site, ask: Ask, heard: Heard, uri: str, addressees: Collection[str]) -> Post | None:
    """What a note answers and we have not seen, as far as a reader of the note may read it; None if nobody here may, or it cannot be had now."""
    if await posts.known(here.db.pool, uri) is not None:
        return None
    reader = await follows.reader_here(here.db.pool, heard.by.id, addressees)
    if reader is None:
        return None
    try:
        await lookup.keep_post(here, ask, await fetch.note(here, ask, uri, reader), reader)
        return await posts.visible_by_uri(here.db.pool, heard.by.id, uri)
    except Trouble:
        return None


async def _introduced(here: Site, ask: Ask, author: Teller, unknown: Collection[str], everybody: Collection[str]) -> Named:
    """Those whom a private note names, some of them asked for now: who is left out of its audience would be left out of the answers."""
    for uri in sorted(unknown)[:ASKED_OF_ONE_POST]:
        try:
            await fetch.actor(here, ask, uri)
        except Trouble:
            continue
    return await actors.named(here.db.pool, author, everybody)
