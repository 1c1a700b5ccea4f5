"""What is done: activities, and the things they are done to."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, final

from fediverse_circle.vocab.actor import ACTORS, ActorDocument, actor_from, actor_to
from fediverse_circle.vocab.note import NOTES, Note, note_from, note_to
from fediverse_circle.vocab.wire import (
    LONGEST_LIST,
    Document,
    Malformed,
    filled,
    id_in,
    id_of,
    kind,
    moment,
    recipients,
    reference,
    written,
)

ACTIVITIES: Final = frozenset(
    (
        *(
            "Accept",
            "Add",
            "Announce",
            "Block",
            "Create",
            "Delete",
            "EmojiReact",
            "Flag",
            "Follow",
            "Ignore",
            "Invite",
            "Join",
            "Leave",
            "Like",
        ),
        *("Listen", "Move", "Offer", "QuoteRequest", "Read", "Reject", "Remove", "TentativeAccept", "TentativeReject", "Travel", "Undo"),
        *("Update", "View"),
    )
)


class NoId(Malformed):
    """An activity without an id: nothing can refer to it, so it is accepted and ignored (202)."""

    def __init__(self) -> None:
        super().__init__("id", "The activity has no id.")


@final
@dataclass(frozen=True, slots=True, repr=False)
class Ref:
    """Something named by its id alone."""

    id: str


@final
@dataclass(frozen=True, slots=True, repr=False)
class Tombstone:
    """What is left of something that was deleted."""

    id: str


@final
@dataclass(frozen=True, slots=True, repr=False)
class EmbeddedActivity:
    """An activity within another: the Follow that is accepted or undone.  A repetition of somebody's words, and so never believed alone."""

    type: str
    id: str | None
    actor: str | None
    object: str | None


@final
@dataclass(frozen=True, slots=True, repr=False)
class Unknown:
    """Something we have no word for."""

    type: str
    id: str | None


@final
@dataclass(frozen=True, slots=True, repr=False)
class Several:
    """More than one thing: what a Flag is about."""

    objects: "tuple[Ref | Note | ActorDocument | Tombstone | EmbeddedActivity | Unknown, ...]"


Object = Ref | Note | ActorDocument | Tombstone | EmbeddedActivity | Unknown
Objects = Object | Several


@final
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Activity:
    """Something that an actor says it does.  `raw` is the document as it came, for what we understand only later."""

    id: str
    type: str
    actor: str
    object: Objects | None = None
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    published: datetime | None = None
    target: str | None = None
    raw: bytes = field(default=b"", compare=False)


def activity_from(wire: Document, raw: bytes = b"") -> Activity:
    """The activity in this object: a type, one id, one actor; everything else as far as it can be read."""
    if "id" not in wire:
        raise NoId
    name = kind(wire)
    if not name:
        raise Malformed("type", "The activity has no type.")
    return Activity(
        id=id_of(wire["id"], "id"),
        type=name,
        actor=id_of(wire.get("actor"), "actor"),
        object=objects_from(wire.get("object")),
        to=recipients(wire, "to"),
        cc=recipients(wire, "cc"),
        published=moment(wire.get("published")),
        target=reference(wire.get("target")),
        raw=raw,
    )


def activity_to(activity: Activity) -> Document:
    """The activity as an object, without context.  Follows and the like are embedded whole: some servers ignore a bare id."""
    return filled(
        {
            "id": activity.id,
            "type": activity.type,
            "actor": activity.actor,
            "object": _objects_to(activity.object) if activity.object is not None else None,
            "target": activity.target,
            "published": written(activity.published) if activity.published is not None else None,
            "to": list(activity.to),
            "cc": list(activity.cc),
        }
    )


def objects_from(value: object) -> Objects | None:
    """What an activity is done to."""
    if not isinstance(value, list):
        return object_from(value) if value is not None else None
    if len(value) > LONGEST_LIST:
        raise Malformed("object", f"There are more than {LONGEST_LIST} objects.")
    found = tuple(object_from(item) for item in value)
    return found[0] if len(found) == 1 else Several(found) if found else None


def object_from(value: object) -> Object:
    """One thing, named or embedded.  What is embedded and of a kind we know must have an id that is one."""
    if isinstance(value, str):
        named = id_in(value)
        return Ref(named) if named is not None else Unknown("", None)
    if not isinstance(value, dict):
        return Unknown("", None)
    name = kind(value)
    if name in _READERS:
        return _READERS[name](value)
    known = id_in(value.get("id"))
    return Ref(known) if known is not None and not name else Unknown(name, known)


def object_to(thing: Object) -> Document | str:
    """The thing as it stands in an activity."""
    match thing:
        case Ref(name):
            return name
        case Note():
            return note_to(thing)
        case ActorDocument():
            return actor_to(thing)
        case Tombstone(name):
            return {"id": name, "type": "Tombstone"}
        case EmbeddedActivity(what, name, actor, named):
            return filled({"id": name, "type": what, "actor": actor, "object": named})
        case Unknown(what, name):
            return filled({"id": name, "type": what})


def _objects_to(objects: Objects) -> Document | str | list[Document | str]:
    return [object_to(thing) for thing in objects.objects] if isinstance(objects, Several) else object_to(objects)


def _embedded(wire: Document) -> EmbeddedActivity:
    name = id_of(wire["id"], "id") if wire.get("id") is not None else None
    return EmbeddedActivity(kind(wire), name, reference(wire.get("actor")), reference(wire.get("object")))


def _tombstone(wire: Document) -> Tombstone:
    return Tombstone(id_of(wire.get("id"), "id"))


_READERS: Final[dict[str, Callable[[Document], Object]]] = {
    **dict.fromkeys(NOTES, note_from),
    **dict.fromkeys(ACTORS, actor_from),
    **dict.fromkeys(ACTIVITIES, _embedded),
    "Tombstone": _tombstone,
}


def create(id: str, note: Note) -> Activity:
    """The note is said: by its author, to whom it is addressed."""
    return Activity(id=id, type="Create", actor=_author(note), object=note, to=note.to, cc=note.cc, published=note.published)


def update(id: str, thing: Note | ActorDocument, to: tuple[str, ...], cc: tuple[str, ...] = ()) -> Activity:
    """The note or the profile is different now."""
    actor = thing.id if isinstance(thing, ActorDocument) else _author(thing)
    return Activity(id=id, type="Update", actor=actor, object=thing, to=to, cc=cc)


def delete(id: str, actor: str, thing: Tombstone | Ref, to: tuple[str, ...], cc: tuple[str, ...] = ()) -> Activity:
    """The thing is gone: a Tombstone for words, the bare id for the actor itself."""
    return Activity(id=id, type="Delete", actor=actor, object=thing, to=to, cc=cc)


def follow(id: str, actor: str, whom: str) -> Activity:
    """The actor asks to follow."""
    return Activity(id=id, type="Follow", actor=actor, object=Ref(whom), to=(whom,))


def accept(id: str, actor: str, request: EmbeddedActivity) -> Activity:
    """Yes to a request, which goes back whole."""
    return _answer(id, "Accept", actor, request)


def reject(id: str, actor: str, request: EmbeddedActivity) -> Activity:
    """No to a request, or no longer."""
    return _answer(id, "Reject", actor, request)


def undo(id: str, actor: str, done: EmbeddedActivity, to: tuple[str, ...]) -> Activity:
    """What the actor did is undone."""
    return Activity(id=id, type="Undo", actor=actor, object=done, to=to)


def _answer(id: str, what: str, actor: str, request: EmbeddedActivity) -> Activity:
    if request.actor is None:
        raise ValueError("an answer goes to whoever asked")
    return Activity(id=id, type=what, actor=actor, object=request, to=(request.actor,))


def _author(note: Note) -> str:
    if note.attributed_to is None:
        raise ValueError("a note of ours has an author")
    return note.attributed_to
