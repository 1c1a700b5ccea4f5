"""What a persona says of itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from fediverse_circle.core.errors import Invalid
from fediverse_circle.core.urls import parse_url
from fediverse_circle.domain import uris
from fediverse_circle.domain.actors import Actor, Field, Kind
from fediverse_circle.domain.credentials import LONGEST_DISPLAY_NAME
from fediverse_circle.store import actors, logins
from fediverse_circle.store.db import Tx
from fediverse_circle.text.length import length
from fediverse_circle.text.plain import calm_line
from fediverse_circle.text.render import rendered

LONGEST_NOTE = 1000
MOST_LINES = 8
LONGEST_LINE = 255


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a profile, as typed."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be different, as typed; None: as it was."""

    name: str | None
    note: str | None
    lines: Sequence[Line] | None
    locked: bool | None
    automatic: bool | None
    discoverable: bool | None
    language: str | None


async def revise(tx: Tx, me: Actor, changes: Changes) -> None:
    """Change what I say of myself."""
    await actors.rewrite(
        tx,
        me.id,
        kind=me.kind if changes.automatic is None else _kind(me.kind, automatic=changes.automatic),
        name=me.name if changes.name is None else _name(changes.name),
        note=me.note if changes.note is None else _note(me, changes.note),
        fields=me.fields if changes.lines is None else _fields(me, changes.lines),
        locked=me.locked if changes.locked is None else changes.locked,
        discoverable=me.discoverable if changes.discoverable is None else changes.discoverable,
    )
    if changes.language is not None:
        await logins.speak(tx, me.id, changes.language)


def _kind(kind: Kind, *, automatic: bool) -> Kind:
    """A person or a program; a group stays one."""
    return kind if kind not in ("Person", "Service") else "Service" if automatic else "Person"


def _name(text: str) -> str:
    if len(text.strip()) > LONGEST_DISPLAY_NAME:
        raise Invalid("display_name", f"A name has at most {LONGEST_DISPLAY_NAME} characters.", "ERR_TOO_LONG")
    return calm_line(text, LONGEST_DISPLAY_NAME)


def _note(me: Actor, text: str) -> str:
    if length(text, "") > LONGEST_NOTE:
        raise Invalid("note", f"What you say about yourself has at most {LONGEST_NOTE} characters.", "ERR_TOO_LONG")
    return _html(me, text)


def _fields(me: Actor, lines: Sequence[Line]) -> tuple[Field, ...]:
    said = [Line(line.name.strip(), line.value.strip()) for line in lines if line.name.strip() or line.value.strip()]
    if len(said) > MOST_LINES:
        raise Invalid("fields_attributes", f"A profile has at most {MOST_LINES} lines.", "ERR_TOO_MANY")
    if any(max(len(line.name), len(line.value)) > LONGEST_LINE for line in said):
        raise Invalid("fields_attributes", f"A line of a profile has at most {LONGEST_LINE} characters.", "ERR_TOO_LONG")
    return tuple(
        Field(calm_line(line.name, LONGEST_LINE), _html(me, calm_line(line.value, LONGEST_LINE)).removeprefix("<p>").removesuffix("</p>"))
        for line in said
    )


def _html(me: Actor, text: str) -> str:
    """Typed text as HTML; names in it stay text, since nobody is addressed by a profile."""
    origin = str(parse_url(me.uri).origin)
    return rendered(text, {}, lambda tag: uris.tag_page(origin, tag)).html
