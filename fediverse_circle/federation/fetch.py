"""Getting to know strangers and what they have said: asked for at their origin, believed only from there.

What is kept here are actors with their keys; of posts only the documents are fetched, and what becomes of them is decided by who asked.
"""

from fediverse_circle.core.errors import Invalid, NotFound, TooLarge, Trouble, Unreachable
from fediverse_circle.core.ids import ActorId
from fediverse_circle.core.urls import parse_id
from fediverse_circle.domain.actors import Actor
from fediverse_circle.federation import origin, reading
from fediverse_circle.federation.asking import Ask, Document, document
from fediverse_circle.federation.finger import Handle, handle, verified
from fediverse_circle.net.budget import BudgetSpent
from fediverse_circle.site import Site
from fediverse_circle.store import actors, keys
from fediverse_circle.store.db import Violated, begin
from fediverse_circle.vocab import ActorDocument, Note, read_actor, read_note


async def actor(here: Site, ask: Ask, uri: str) -> Actor:
    """The actor of this id: known, or fetched.  NotFound if there is none, or they are gone."""
    known = await actors.by_uri(here.db.pool, uri)
    if known is None:
        return await actor_anew(here, ask, uri)
    if known.deleted_at is not None or known.suspended_at is not None:
        raise NotFound
    return known


async def actor_anew(here: Site, ask: Ask, uri: str) -> Actor:
    """The actor of this id as its server describes it now, kept with its keys.  The server itself asks: that is nobody's secret."""
    url = parse_id(uri)
    if not origin.is_document(uri) or url.origin == here.settings.origin:
        raise NotFound
    return await keep_actor(here, ask, await document(ask, url, here.instance_actor), uri)


async def keep_actor(here: Site, ask: Ask, found: Document, uri: str) -> Actor:
    """The actor in a document that was found at its own id, kept with its keys."""
    said = read_actor(found.body)
    if not said.id == uri == found.url:
        raise Invalid("id", "That is another actor's document.")
    profile = reading.profile(said, await _handle(ask, said), here.now())
    try:
        async with begin(here.db) as tx:
            kept = await actors.keep_remote(tx, here.now(), profile)
            await keys.replace(tx, kept.id, list(reading.public_keys(said, kept.id, here.now())))
    except Violated:
        raise Invalid("followers", "That belongs to another actor.") from None
    return kept


async def note(here: Site, ask: Ask, uri: str, by: ActorId, found: Document | None = None) -> Note:
    """The note of this id, as it is shown to the one of ours who asks; NotFound if it is not for them.  `found`: what they were shown elsewhere.

    Asked for in vain, it rests a while.
    """
    memory, now = f"note {by} {uri}", here.now()
    if (failure := here.manners.in_vain.recall(memory, now)) is not None:
        raise failure
    try:
        if found is None or found.url != uri:
            found = await document(ask, parse_id(uri), by)
        said = read_note(found.body)
    except (NotFound, Invalid, TooLarge):
        here.manners.in_vain.note(memory, NotFound, now)
        raise NotFound from None
    except BudgetSpent:
        raise
    except Unreachable:
        here.manners.in_vain.note(memory, Unreachable, now)
        raise
    if not said.id == uri == found.url or said.attributed_to is None or not origin.is_authored(said, said.attributed_to):
        raise NotFound
    return said


async def has_other_keys(here: Site, actor: ActorId, said: ActorDocument) -> bool:
    """Whether an actor names other keys than those we found at its origin."""
    known = {(key.uri, key.public) for key in await keys.of_actor(here.db.pool, actor)}
    return {(key.uri, key.public) for key in reading.public_keys(said, actor, here.now())} != known


async def _handle(ask: Ask, said: ActorDocument) -> Handle:
    """The handle of an actor: the one it names, if the host in it agrees; else its name at its own host."""
    host = parse_id(said.id).origin.authority
    own = handle(said.username or "", host)
    if own is None:
        raise Invalid("preferredUsername", "That can be nobody's name.")
    name, _, domain = (said.webfinger or "").removeprefix("@").rpartition("@")
    for claimed in dict.fromkeys((handle(name, domain), own)):
        if claimed is None or claimed.username.lower() != own.username.lower():
            continue
        try:
            found = await verified(ask, claimed)
        except Trouble:
            continue
        if found is not None and found.actor == said.id and found.handle.username.lower() == own.username.lower():
            return Handle(own.username, found.handle.host)
    return own


def handle_of(known: Actor) -> Handle:
    """The handle that was found to be theirs."""
    return Handle(known.username, known.host)
