"""Strangers' documents as rows of ours: their HTML sanitised, their texts calm, their keys weighed."""

from collections.abc import Collection, Sequence
from datetime import datetime
from html import escape

from fediverse_circle.core.errors import Invalid
from fediverse_circle.core.ids import ActorId
from fediverse_circle.core.urls import same_origin
from fediverse_circle.domain.actors import Field, Kind
from fediverse_circle.domain.post import Post, Words
from fediverse_circle.federation.finger import Handle
from fediverse_circle.signing import (
    Ed25519Key,
    PublicKey,
    RsaKey,
    UnusableKey,
    multibase,
    pem,
    public_key_from_multibase,
    public_key_from_pem,
)
from fediverse_circle.store.actors import Profile
from fediverse_circle.store.keys import ActorKey
from fediverse_circle.store.posts import Origin
from fediverse_circle.text.language import language_tag
from fediverse_circle.text.plain import calm_line
from fediverse_circle.text.sanitise import sanitise
from fediverse_circle.vocab import ActorDocument, Attachment, KeyDocument, Multikey, Note, PemKey

_KINDS: dict[str, Kind] = {kind: kind for kind in ("Person", "Group", "Service", "Application", "Organization")}
_LONGEST_NAME, _LONGEST_WARNING = 255, 2000


def words(note: Note, mentioned: Collection[ActorId]) -> Words:
    """What a note says.  What is attached to it becomes links: nothing of it is shown, or fetched, before somebody asks."""
    attached = "".join(map(_linked, note.attachments))
    return Words(
        content=sanitise(note.content + attached),
        source=None,
        summary=calm_line(note.summary or "", _LONGEST_WARNING),
        sensitive=note.sensitive,
        language=language_tag(note.language or ""),
        mentioned=frozenset(mentioned),
    )


def origin(note: Note, author: ActorId, parent: Post | None, now: datetime) -> Origin:
    """Where and when it was said, in answer to what."""
    return Origin(
        uri=note.id,
        url=note.url if note.url is not None and same_origin(note.url, note.id) else None,
        author=author,
        in_reply_to=parent.id if parent is not None else None,
        in_reply_to_uri=note.in_reply_to,
        kind=note.type,
        said_at=note.published or now,
    )


def profile(document: ActorDocument, handle: Handle, now: datetime) -> Profile:
    """What an actor says of itself.  What it names must be its own: inbox, followers and page at its origin."""
    if document.inbox is None or not same_origin(document.inbox, document.id):
        raise Invalid("inbox", "An actor needs an inbox of its own.")
    return Profile(
        uri=document.id,
        kind=_KINDS[document.type],
        username=handle.username,
        host=handle.host,
        name=calm_line(document.name or "", _LONGEST_NAME),
        note=sanitise(document.summary or ""),
        url=_own(document, document.url),
        avatar=document.icon,
        header=document.image,
        fields=[Field(calm_line(line.name, _LONGEST_NAME), sanitise(line.value)) for line in document.properties],
        inbox=document.inbox,
        shared_inbox=_own(document, document.shared_inbox),
        followers=_own(document, document.followers),
        locked=document.locked,
        discoverable=document.discoverable,
        published_at=min(document.published or now, now),
    )


def public_keys(document: ActorDocument, actor: ActorId, now: datetime) -> Sequence[ActorKey]:
    """The keys that an actor lists as its own, as far as they can vouch for anything."""
    found: dict[str, ActorKey] = {}
    for key in document.keys:
        if key.owner != document.id or not same_origin(key.id, document.id):
            continue
        try:
            match public := _public(key):
                case RsaKey():
                    found.setdefault(key.id, ActorKey(key.id, actor, "rsa", pem(public), now))
                case Ed25519Key():
                    found.setdefault(key.id, ActorKey(key.id, actor, "ed25519", multibase(public), now))
        except UnusableKey:
            continue
    return list(found.values())


def _public(key: KeyDocument) -> PublicKey:
    match key:
        case PemKey(_, _, text):
            return public_key_from_pem(text)
        case Multikey(_, _, text):
            return public_key_from_multibase(text)


def _own(document: ActorDocument, url: str | None) -> str | None:
    return url if url is not None and same_origin(url, document.id) else None


def _linked(attachment: Attachment) -> str:
    shown = calm_line(attachment.description or attachment.url, _LONGEST_NAME)
    return f'<p><a href="{escape(attachment.url)}">{escape(shown)}</a></p>'
