"""Whole documents: bytes to a value of this room, and back with the contexts that other servers need."""

from typing import Final

import msgspec

from fediverse_circle.vocab.activity import ACTIVITIES, Activity, Object, Several, activity_from, activity_to, object_from, object_to
from fediverse_circle.vocab.actor import ACTORS, ActorDocument, KeyDocument, actor_from, keys_from
from fediverse_circle.vocab.collection import COLLECTIONS, Collection, collection_from, collection_to
from fediverse_circle.vocab.discovery import Jrd, jrd_from, jrd_to
from fediverse_circle.vocab.note import NOTES, Note, note_from
from fediverse_circle.vocab.wire import Document, Malformed, decode, kind

ACTIVITY_STREAMS: Final = "https://www.w3.org/ns/activitystreams"
_GOTOSOCIAL: Final = "https://gotosocial.org/ns"
_ACTOR_CONTEXTS: Final = (
    "https://w3id.org/security/v1",
    "https://www.w3.org/ns/cid/v1",
    "https://purl.archive.org/socialweb/webfinger",
    {
        "toot": "http://joinmastodon.org/ns#",
        "schema": "http://schema.org#",
        "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
        "alsoKnownAs": {"@id": "as:alsoKnownAs", "@type": "@id"},
        "movedTo": {"@id": "as:movedTo", "@type": "@id"},
        "featured": {"@id": "toot:featured", "@type": "@id"},
        "discoverable": "toot:discoverable",
        "indexable": "toot:indexable",
        "Emoji": "toot:Emoji",
        "PropertyValue": "schema:PropertyValue",
        "value": "schema:value",
    },
)
_NOTE_TERMS: Final = {
    "toot": "http://joinmastodon.org/ns#",
    "sensitive": "as:sensitive",
    "Hashtag": "as:Hashtag",
    "Emoji": "toot:Emoji",
    "votersCount": "toot:votersCount",
    "blurhash": "toot:blurhash",
    "focalPoint": {"@container": "@list", "@id": "toot:focalPoint"},
    "quote": {"@id": "https://w3id.org/fep/044f#quote", "@type": "@id"},
    "quoteAuthorization": {"@id": "https://w3id.org/fep/044f#quoteAuthorization", "@type": "@id"},
}

Readable = Activity | Object | Collection
Writable = Activity | Object | Collection | Jrd


def read_activity(data: bytes) -> Activity:
    """The activity that was sent to an inbox."""
    return activity_from(decode(data), data)


def read_note(data: bytes) -> Note:
    """The note that was fetched."""
    wire = decode(data)
    if kind(wire) not in NOTES:
        raise Malformed("type", "This is not something said.")
    return note_from(wire)


def read_actor(data: bytes) -> ActorDocument:
    """The actor that was fetched."""
    wire = decode(data)
    if kind(wire) not in ACTORS:
        raise Malformed("type", "This is not an actor.")
    return actor_from(wire)


def read_keys(data: bytes) -> tuple[KeyDocument, ...]:
    """The keys in what a key id led to: an actor, a stub of one, or the key alone."""
    return keys_from(decode(data))


def read_collection(data: bytes) -> Collection:
    """The collection that was fetched, or the page."""
    wire = decode(data)
    if kind(wire) not in COLLECTIONS:
        raise Malformed("type", "This is not a collection.")
    return collection_from(wire)


def read_jrd(data: bytes) -> Jrd:
    """The answer of a WebFinger."""
    return jrd_from(decode(data))


def read(data: bytes) -> Readable:
    """Whatever was fetched."""
    wire = decode(data)
    if kind(wire) in ACTIVITIES:
        return activity_from(wire, data)
    if kind(wire) in COLLECTIONS:
        return collection_from(wire)
    return object_from(wire)


def encode(thing: Writable | Document) -> bytes:
    """The bytes of a document: a value of this room, or one that is JSON already."""
    return msgspec.json.encode(thing if isinstance(thing, dict) else document(thing))


def document(thing: Writable) -> Document:
    """The document of a thing: its context, a list with ActivityStreams first, and all it says."""
    if isinstance(thing, Jrd):
        return jrd_to(thing)
    return {"@context": _context(thing), **_body(thing)}


def _body(thing: Activity | Object | Collection) -> Document:
    if isinstance(thing, Activity):
        return activity_to(thing)
    if isinstance(thing, Collection):
        return collection_to(thing)
    body = object_to(thing)
    return body if isinstance(body, dict) else {"id": body}


def _context(thing: object) -> list[object]:
    contexts: list[object] = [ACTIVITY_STREAMS]
    parts = _parts(thing)
    if any(isinstance(part, ActorDocument) for part in parts):
        contexts += _ACTOR_CONTEXTS
    notes = [part for part in parts if isinstance(part, Note)]
    if any(note.policy is not None for note in notes):
        contexts.append(_GOTOSOCIAL)
    return [*contexts, _NOTE_TERMS] if notes else contexts


def _parts(thing: object) -> list[object]:
    """The thing, and what stands in it in full."""
    match thing:
        case Activity(object=Several(objects)):
            return list(objects)
        case Activity(object=inner):
            return [inner]
        case Collection(items=items, first=first):
            inside = [part for item in items or () for part in _parts(item)]
            return inside + (_parts(first) if isinstance(first, Collection) else [])
        case _:
            return [thing]
