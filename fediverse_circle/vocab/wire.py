"""JSON from strangers, and how a value is asked of it.

Whatever arrives is bounded before it is understood: bytes, nesting, lists, the length of each text.  Reading is tolerant where servers differ
(one value or a list, an id or an object), and strict where a difference would be a door: an id is one http(s) URL in its one spelling.
A name that stands in an object twice is refused, for two readers could each believe another of the two values.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, TypeVar

import msgspec

from fediverse_circle.core.errors import Invalid, TooLarge
from fediverse_circle.core.urls import LONGEST, BadUrl, parse_url

LARGEST: Final = 1 << 20
DEEPEST: Final = 32
LONGEST_LIST: Final = 1000
PUBLIC: Final = "https://www.w3.org/ns/activitystreams#Public"
_PUBLIC_NAMES: Final = frozenset({PUBLIC, "as:Public", "Public"})
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}")
_REST: Final = bytes(set(range(256)) - set(b'{}[]"'))

Document = dict[str, Any]
T = TypeVar("T")


class Malformed(Invalid):
    """The document is not what it should be.  `field` names where; the sentence quotes nothing of it."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(field, sentence)


def decode(data: bytes) -> Document:
    """The JSON object that these bytes are."""
    if len(data) > LARGEST:
        raise TooLarge
    if data.count(b"{") + data.count(b"[") > DEEPEST:
        _refuse_depth(data)
    try:
        document = msgspec.json.decode(data)
        again = msgspec.json.encode(document)
    except ValueError as trouble:
        raise Malformed("document", "This is not JSON.") from trouble
    if not isinstance(document, dict):
        raise Malformed("document", "This is not a JSON object.")
    if _quotes(again) != _quotes(data):  # of what stands twice one was dropped, and with it at least its name
        raise Malformed("document", "A name stands twice in an object of this document.")
    return document


def _refuse_depth(data: bytes) -> None:
    """Refuse what nests deeper than we read.  Only brackets between strings are left, then each turn takes away the innermost level."""
    bare = data.replace(b"\\\\", b"").replace(b'\\"', b"").translate(None, _REST)
    brackets = b"".join(bare.split(b'"')[::2])
    for _ in range(DEEPEST):
        if not brackets:
            return
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    if brackets:
        raise Malformed("document", "This document nests too deeply.")


def _quotes(data: bytes) -> int:
    """How many quotes begin or end a string in this JSON."""
    bare = data.replace(b"\\\\", b"")
    return bare.count(b'"') - bare.count(b'\\"')


@lru_cache(maxsize=2048)  # the same actors and followers come again and again
def _spelling(text: str) -> str | None:
    """The one spelling of a URL; None if it is none."""
    try:
        return str(parse_url(text))
    except BadUrl:
        return None


def id_in(value: object) -> str | None:
    """The id here, if it is one: a URL in its one spelling, for ids are compared letter by letter."""
    return value if isinstance(value, str) and len(value) <= LONGEST and _spelling(value) == value else None


def id_of(value: object, field: str) -> str:
    """The one id that must be here."""
    found = id_in(value)
    if found is None:
        raise Malformed(field, f"The {field} must be one URL, in its normal form.")
    return found


def link(value: object) -> str | None:
    """An address to look at or to send to, if here is one."""
    return value if isinstance(value, str) and len(value) <= LONGEST and _spelling(value) is not None else None


def reference(value: object) -> str | None:
    """The id of what stands here, be it named, embedded, or the only one of a list."""
    match value:
        case str():
            return id_in(value)
        case {"id": str(name)}:
            return id_in(name)
        case [str(name)] | [{"id": str(name)}]:
            return id_in(name)
        case _:
            return None


def several(value: object) -> list[Any]:
    """What is here, as a list: nothing, one thing, or a list already."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def recipients(document: Document, field: str) -> tuple[str, ...]:
    """The ids in `to` or `cc`, each once; the public by its one name.  What is no id of anybody addresses nobody."""
    named = several(document.get(field))
    if len(named) > LONGEST_LIST:
        raise Malformed(field, f"There are more than {LONGEST_LIST} addresses in {field}.")
    ids = (PUBLIC if name in _PUBLIC_NAMES else id_in(name) for name in named if isinstance(name, str))
    return tuple(dict.fromkeys(name for name in ids if name is not None))


def text(value: object, longest: int) -> str | None:
    """A text that is not empty, cut to what we keep.  Without NUL, which no database takes."""
    if not isinstance(value, str):
        return None
    return value.replace("\0", "")[:longest] or None


def moment(value: object) -> datetime | None:
    """A time, in UTC."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        when = datetime.fromisoformat(value)
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def count(value: object) -> int | None:
    """A number of things."""
    return value if type(value) is int and 0 <= value < 1 << 31 else None


def language(value: object) -> str | None:
    """A language tag (BCP 47)."""
    return value if isinstance(value, str) and _LANGUAGE.fullmatch(value) else None


def each(read: Callable[[Document], T | None], value: object, most: int) -> tuple[T, ...]:
    """What can be read of the objects here, the first `most` of them; the rest is left out."""
    found = (read(item) for item in several(value)[:most] if isinstance(item, dict))
    return tuple(item for item in found if item is not None)


def kind(document: Document) -> str:
    """The type: the first, of several; empty if there is none."""
    match document.get("type"):
        case str(name) | [str(name), *_] if len(name) <= 100 and name.isprintable():
            return name
    return ""


def written(when: datetime) -> str:
    """A time as it is sent."""
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")


def filled(document: Document) -> Document:
    """The document without what is not said."""
    return {name: value for name, value in document.items() if value is not None}
