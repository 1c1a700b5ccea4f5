"""Who says it: Person, Group, Service, Organization, Application, and the keys that vouch for them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, final

from fediverse_circle.vocab.note import LONGEST_NAME, LONGEST_SUMMARY, Emoji, emoji_from, tag_to
from fediverse_circle.vocab.wire import Document, each, filled, id_in, id_of, kind, link, moment, reference, several, text, written

ACTORS: Final = frozenset({"Person", "Group", "Service", "Organization", "Application"})
_MOST_KEYS: Final = 10
_MOST_PROPERTIES: Final = 50
_MOST_ALIASES: Final = 50
_MOST_EMOJIS: Final = 200
_LONGEST_USERNAME: Final = 255
_LONGEST_PROPERTY: Final = 2047
_LONGEST_KEY: Final = 16_384


@final
@dataclass(frozen=True, slots=True)
class PemKey:
    """A public key as most servers publish it, and whose it says it is."""

    id: str
    owner: str
    pem: str


@final
@dataclass(frozen=True, slots=True)
class Multikey:
    """A public key as FEP-521a has it; `owner` is its controller."""

    id: str
    owner: str
    multibase: str


KeyDocument = PemKey | Multikey


@final
@dataclass(frozen=True, slots=True, repr=False)
class Property:
    """A line of a profile: a name, and HTML of a stranger."""

    name: str
    value: str


@final
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ActorDocument:
    """An actor as its server describes it.  Only the id is certain to be there; `locked` is what it says of itself, and decides nothing."""

    id: str
    type: str = "Person"
    username: str | None = None
    name: str | None = None
    summary: str | None = None
    inbox: str | None = None
    shared_inbox: str | None = None
    outbox: str | None = None
    followers: str | None = None
    following: str | None = None
    featured: str | None = None
    url: str | None = None
    icon: str | None = None
    image: str | None = None
    locked: bool = False
    discoverable: bool = False
    indexable: bool = False
    published: datetime | None = None
    webfinger: str | None = None
    also_known_as: tuple[str, ...] = ()
    moved_to: str | None = None
    keys: tuple[KeyDocument, ...] = ()
    properties: tuple[Property, ...] = ()
    emojis: tuple[Emoji, ...] = ()


def actor_from(wire: Document) -> ActorDocument:
    """The actor in this object."""
    endpoints = wire.get("endpoints")
    aliases = (id_in(alias) for alias in several(wire.get("alsoKnownAs"))[:_MOST_ALIASES])
    return ActorDocument(
        id=id_of(wire.get("id"), "id"),
        type=kind(wire),
        username=text(wire.get("preferredUsername"), _LONGEST_USERNAME),
        name=text(wire.get("name"), LONGEST_NAME),
        summary=text(wire.get("summary"), LONGEST_SUMMARY),
        inbox=link(wire.get("inbox")),
        shared_inbox=link(endpoints.get("sharedInbox")) if isinstance(endpoints, dict) else None,
        outbox=reference(wire.get("outbox")),
        followers=reference(wire.get("followers")),
        following=reference(wire.get("following")),
        featured=reference(wire.get("featured")),
        url=_address(wire.get("url")),
        icon=_address(wire.get("icon")),
        image=_address(wire.get("image")),
        locked=wire.get("manuallyApprovesFollowers") is True,
        discoverable=wire.get("discoverable") is True,
        indexable=wire.get("indexable") is True,
        published=moment(wire.get("published")),
        webfinger=text(wire.get("webfinger"), LONGEST_NAME),
        also_known_as=tuple(alias for alias in aliases if alias is not None),
        moved_to=reference(wire.get("movedTo")),
        keys=keys_from(wire),
        properties=each(_property, wire.get("attachment"), _MOST_PROPERTIES),
        emojis=each(emoji_from, wire.get("tag"), _MOST_EMOJIS),
    )


def keys_from(wire: Document) -> tuple[KeyDocument, ...]:
    """The keys in this object: an actor's, or the one that it is itself."""
    alone = key_from(wire)
    if alone is not None:
        return (alone,)
    pems: tuple[KeyDocument, ...] = each(key_from, wire.get("publicKey"), _MOST_KEYS)
    return pems + each(key_from, wire.get("assertionMethod"), _MOST_KEYS)


def key_from(wire: Document) -> KeyDocument | None:
    """The key that this object is, if it is one."""
    name = id_in(wire.get("id"))
    pem, owner = text(wire.get("publicKeyPem"), _LONGEST_KEY), reference(wire.get("owner"))
    multibase, controller = text(wire.get("publicKeyMultibase"), _LONGEST_KEY), reference(wire.get("controller"))
    if name is not None and pem is not None and owner is not None:
        return PemKey(name, owner, pem)
    if name is not None and multibase is not None and controller is not None:
        return Multikey(name, controller, multibase)
    return None


def key_to(key: KeyDocument) -> Document:
    """The key as an object, without context."""
    match key:
        case PemKey(name, owner, pem):
            return {"id": name, "owner": owner, "publicKeyPem": pem}
        case Multikey(name, owner, multibase):
            return {"id": name, "type": "Multikey", "controller": owner, "publicKeyMultibase": multibase}


def actor_to(actor: ActorDocument) -> Document:
    """The actor as an object, without context.  Servers know one `publicKey`: the first."""
    pems = [key_to(key) for key in actor.keys if isinstance(key, PemKey)]
    multikeys = [key_to(key) for key in actor.keys if isinstance(key, Multikey)]
    return filled(
        {
            "id": actor.id,
            "type": actor.type,
            "preferredUsername": actor.username,
            "name": actor.name,
            "summary": actor.summary,
            "inbox": actor.inbox,
            "endpoints": {"sharedInbox": actor.shared_inbox} if actor.shared_inbox is not None else None,
            "outbox": actor.outbox,
            "followers": actor.followers,
            "following": actor.following,
            "featured": actor.featured,
            "url": actor.url,
            "icon": _image(actor.icon),
            "image": _image(actor.image),
            "manuallyApprovesFollowers": actor.locked,
            "discoverable": actor.discoverable,
            "indexable": actor.indexable,
            "published": written(actor.published) if actor.published is not None else None,
            "webfinger": actor.webfinger,
            "alsoKnownAs": list(actor.also_known_as) or None,
            "movedTo": actor.moved_to,
            "publicKey": pems[0] if pems else None,
            "assertionMethod": multikeys or None,
            "attachment": [{"type": "PropertyValue", "name": line.name, "value": line.value} for line in actor.properties],
            "tag": [tag_to(emoji) for emoji in actor.emojis],
        }
    )


def _property(wire: Document) -> Property | None:
    name, value = text(wire.get("name"), _LONGEST_PROPERTY), text(wire.get("value"), _LONGEST_PROPERTY)
    return Property(name, value) if kind(wire) == "PropertyValue" and name is not None and value is not None else None


def _address(value: object) -> str | None:
    """The address of a page or picture, given as such or as an object; the first of several."""
    for item in several(value)[:_MOST_ALIASES]:
        named = item if not isinstance(item, dict) else item.get("url") or item.get("href")
        for address in several(named)[:_MOST_ALIASES]:
            if (found := link(address.get("href") if isinstance(address, dict) else address)) is not None:
                return found
    return None


def _image(url: str | None) -> Document | None:
    return {"type": "Image", "url": url} if url is not None else None
