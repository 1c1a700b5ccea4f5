"""Looking somebody or something up because a person here asks for it.

Handles of ours never leave the house.  Posts are asked for in the asker's name, and kept only if they are for the asker: whoever else lives here and
could read them is of no use to them.
"""

import re
from collections.abc import Awaitable, Callable
from typing import TypeVar

from fediverse_circle.actions import posting
from fediverse_circle.core.errors import NotFound, Trouble
from fediverse_circle.core.ids import ActorId, PostId
from fediverse_circle.core.urls import BadUrl, Url, parse_url
from fediverse_circle.domain.actors import Actor
from fediverse_circle.domain.audience import resolved
from fediverse_circle.domain.post import Post
from fediverse_circle.federation import fetch, notes, reading
from fediverse_circle.federation.asking import Ask, Asking, document
from fediverse_circle.federation.finger import Handle, handle, verified
from fediverse_circle.site import Site
from fediverse_circle.store import actors, posts
from fediverse_circle.store.actors import Teller
from fediverse_circle.store.db import DatabaseUnreachable, begin
from fediverse_circle.vocab import ActorDocument, Note, read

T = TypeVar("T")

REQUESTS, SECONDS = 12, 15.0
_PROFILE = re.compile(r"/(?:users/|@)([A-Za-z0-9_]+)")
_PAGE = re.compile(r"/@([A-Za-z0-9_]+)/([0-9]{1,19})")


async def by_handle(here: Site, asker: ActorId, username: str, host: str) -> Actor | None:
    """Whoever bears a handle, here or anywhere; None if nobody does, or it cannot be found out just now."""
    asked = handle(username, host)
    if asked is None:
        return None
    if asked.host in (here.settings.handle_domain, here.settings.origin.authority):
        return _present(await actors.resident(here.db.pool, username))
    known = await actors.by_handle(here.db.pool, asked.username, asked.host)
    return known or await _unless_in_vain(here, asked.resource.lower(), lambda: _fingered(here, asked))


async def by_url(here: Site, asker: ActorId, url: str) -> Actor | Post | None:
    """The actor or post at an address, as far as it is for the asker; None if there is none, or it cannot be found out just now."""
    try:
        there = parse_url(url)
    except BadUrl:
        return None
    if there.origin == here.settings.origin:
        return await _ours(here, asker, there)
    known = await actors.by_uri(here.db.pool, str(there))
    if known is not None:
        return _present(known)
    try:
        return await posts.visible_by_uri(here.db.pool, asker, str(there))
    except NotFound:
        return await _unless_in_vain(here, f"url {asker} {there}", lambda: _found(here, asker, there))


async def keep_post(here: Site, ask: Ask, note: Note, reader: ActorId) -> Post:
    """A note that was fetched for somebody here, kept as what it is; NotFound, and nothing kept, if it is not for them."""
    if note.attributed_to is None or not notes.is_a_post(note):
        raise NotFound
    author = await fetch.actor(here, ask, note.attributed_to)
    teller = Teller(author.id, author.uri, author.followers, followed=False)
    to, cc = notes.addressed(note, None)
    named = await actors.named(here.db.pool, teller, {*to, *cc, *notes.tagged(note)})
    parent = await notes.known_parent(here.db.pool, author.id, note)
    of_parent = await posts.addressing(here.db.pool, parent) if parent is not None else None
    addressing = resolved(to, cc, author.id, of_parent, None, named.known)
    if addressing is None:
        raise NotFound
    place, words = reading.origin(note, author.id, parent, here.now()), reading.words(note, notes.mentioned(note, named))
    async with begin(here.db) as tx:
        return await posting.look_up(tx, here.now(), reader, place, words, addressing)


async def _fingered(here: Site, asked: Handle) -> Actor | None:
    ask = Asking(here, requests=REQUESTS, seconds=SECONDS)
    found = await verified(ask, asked)
    return await fetch.actor(here, ask, found.actor) if found is not None else None


async def _found(here: Site, asker: ActorId, there: Url) -> Actor | Post | None:
    """What is at an address of others, asked for by the asker; if it has another id, there once more."""
    ask = Asking(here, requests=REQUESTS, seconds=SECONDS)
    found = await document(ask, there, asker)
    match read(found.body):
        case ActorDocument(id=uri):
            return await fetch.keep_actor(here, ask, found, uri) if uri == found.url else await fetch.actor(here, ask, uri)
        case Note(id=uri):
            return await keep_post(here, ask, await fetch.note(here, ask, uri, asker, found), asker)
        case _:
            return None


async def _ours(here: Site, asker: ActorId, there: Url) -> Actor | Post | None:
    """What is at an address of ours."""
    if there.query is not None or there.fragment is not None:
        return None
    if profile := _PROFILE.fullmatch(there.path):
        return _present(await actors.resident(here.db.pool, profile[1]))
    try:
        if page := _PAGE.fullmatch(there.path):
            return await posts.visible(here.db.pool, asker, PostId(int(page[2]) & (1 << 63) - 1))
        return await posts.visible_by_uri(here.db.pool, asker, str(there))
    except NotFound:
        return None


def _present(actor: Actor | None) -> Actor | None:
    return actor if actor is not None and actor.deleted_at is None and actor.suspended_at is None else None


async def _unless_in_vain(here: Site, memory: str, find: Callable[[], Awaitable[T | None]]) -> T | None:
    """What is found; nothing, unasked, if it was looked for in vain lately."""
    if here.manners.in_vain.recall(memory, here.now()) is not None:
        return None
    try:
        found = await find()
    except DatabaseUnreachable:
        raise
    except Trouble:
        found = None
    if found is None:
        here.manners.in_vain.note(memory, NotFound, here.now())
    return found
