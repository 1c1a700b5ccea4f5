"""Who lives here, as other servers see them.

Without `followers`, GoToSocial shows nobody what is for followers; the key's id is a fragment of the actor's, which saves everybody a fetch.  The
server's own actor is an Application that has neither followers nor anybody it follows.
"""

from collections.abc import Sequence

from fediverse_circle.domain import uris
from fediverse_circle.domain.actors import Actor
from fediverse_circle.store.keys import ActorKey
from fediverse_circle.vocab import ActorDocument, KeyDocument, Multikey, PemKey, Property


def build_actor(actor: Actor, public_keys: Sequence[ActorKey]) -> ActorDocument:
    """The document of an actor who lives here."""
    is_person = actor.followers is not None
    return ActorDocument(
        id=actor.uri,
        type=actor.kind,
        username=actor.username,
        name=actor.name,
        summary=actor.note,
        inbox=actor.inbox,
        shared_inbox=actor.shared_inbox,
        outbox=uris.outbox(actor.uri),
        followers=actor.followers,
        following=uris.following(actor.uri) if is_person else None,
        url=actor.url,
        icon=actor.avatar,
        image=actor.header,
        locked=actor.locked,
        discoverable=actor.discoverable,
        indexable=False,
        published=actor.published_at,
        webfinger=f"{actor.username}@{actor.host}",
        keys=tuple(_key(actor, key) for key in public_keys),
        properties=tuple(Property(field.name, field.value) for field in actor.fields),
    )


def _key(actor: Actor, key: ActorKey) -> KeyDocument:
    match key.kind:
        case "rsa":
            return PemKey(key.uri, actor.uri, key.public)
        case "ed25519":
            return Multikey(key.uri, actor.uri, key.public)
