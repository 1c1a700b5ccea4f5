"""What clients send, read as typed forms.

JSON, urlencoded and multipart bodies, also under DELETE, and parameters in the query, also under POST and PUT, are one thing: nested names
(`source[privacy]`), arrays (`id[]`) and numbered lines (`fields_attributes[0][name]`) are what nested JSON is.  What a form does not know is
ignored; what does not fit is Invalid and names the field.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError
from msgspec import inspect

from fediverse_circle.core.errors import Invalid, NotFound, TooLarge
from fediverse_circle.core.paging import Page
from fediverse_circle.mastodon.errors import Unreadable

F = TypeVar("F", bound="Form")

MOST_BYTES = 256 << 10
MOST_PARAMETERS = 1000
_HIGHEST = (1 << 63) - 1
_FALSE = frozenset({"0", "f", "false", "off", "no"})
_TRUE = frozenset({"1", "t", "true", "on", "yes"})
_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
# What the reader of multipart bodies raises
_BROKEN = (ValueError, TypeError, LookupError, RuntimeError, AssertionError, HttpProcessingError)
_PLACE = re.compile(r" - at `\$\.?(.*)`$")


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """What a request may say, with what it means to say nothing as defaults."""


class File(msgspec.Struct, frozen=True):
    """That a file was sent: nothing here takes one yet."""

    name: str


class Cursors(Form, frozen=True, kw_only=True):
    """A place in a list, and how much of it."""

    max_id: str | None = None
    since_id: str | None = None
    min_id: str | None = None
    limit: int | None = None

    def page(self, default: int) -> Page:
        """The page asked for: as many as are usual, at most twice that."""
        limit = default if self.limit is None else max(1, min(self.limit, 2 * default))
        return Page.of(
            max_id=place("max_id", self.max_id),
            since_id=place("since_id", self.since_id),
            min_id=place("min_id", self.min_id),
            limit=limit,
        )


async def parse(request: web.Request, form: type[F]) -> F:
    """The form that the request fills in."""
    values = _nested(request.query.items())
    if request.body_exists:
        values.update(await _body(request))
    shaped = _shaped(values, _fields(form))
    try:
        return msgspec.convert(shaped, form, strict=False)
    except msgspec.ValidationError as error:
        raise _misfit(error) from None


def number(text: str) -> int:
    """The number that an id is; what is no number of ours is not there."""
    if not _is_number(text):
        raise NotFound
    return int(text)


def place(field: str, text: str | None) -> int | None:
    """The place in a list that a field names, if it says anything."""
    if not text:
        return None
    try:
        return number(text)
    except NotFound:
        raise Invalid(field, "A place in a list is a number.") from None


def number_in(request: web.Request, name: str) -> int:
    """The number in the path."""
    return number(request.match_info[name])


def numbers(texts: Iterable[str]) -> list[int]:
    """The numbers among these texts, each once."""
    return list(dict.fromkeys(int(text) for text in texts if _is_number(text)))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20 and int(text) < _HIGHEST


def _misfit(error: msgspec.ValidationError) -> Invalid:
    place = _PLACE.search(str(error))
    field = place[1] if place and place[1] else "body"
    return Invalid(field, f"{field} does not hold what it should.")


async def _body(request: web.Request) -> dict[str, Any]:
    if request.content_type.startswith("multipart/"):
        return _nested(await _parts(request))
    body = await _bytes(request)
    if "json" in request.content_type or body.lstrip()[:1] == b"{":
        return _json(body)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise Unreadable from None
    try:
        return _nested(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_PARAMETERS))
    except ValueError:
        raise TooLarge from None


async def _bytes(request: web.Request) -> bytes:
    if (request.content_length or 0) > MOST_BYTES:
        raise TooLarge
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > MOST_BYTES:
            raise TooLarge
    return bytes(body)


def _json(body: bytes) -> dict[str, Any]:
    if not body.strip():
        return {}
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unreadable from None
    if not isinstance(value, dict):
        raise Unreadable
    return value


async def _parts(request: web.Request) -> list[tuple[str, object]]:
    pairs: list[tuple[str, object]] = []
    left = MOST_BYTES
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or len(pairs) >= MOST_PARAMETERS:
                raise Unreadable
            content = bytearray()
            while chunk := await part.read_chunk():
                content += chunk
                left -= len(chunk)
                if left < 0:
                    raise TooLarge
            if part.filename is not None:
                pairs.append((part.name or "", File(part.filename)))
            else:
                pairs.append((part.name or "", bytes(content).decode()))
    except _BROKEN:
        raise Unreadable from None
    return pairs


def _nested(pairs: Iterable[tuple[str, object]]) -> dict[str, Any]:
    """Flat names as the tree they describe; of a name said twice the last counts."""
    tree: dict[str, Any] = {}
    for name, value in pairs:
        parts = _NAME.fullmatch(name)
        if parts is None:
            continue
        keys = [parts[1], *(key[:-1] for key in parts[2].split("[")[1:])]
        _plant(tree, keys, value)
    return tree


def _plant(tree: dict[str, Any], keys: list[str], value: object) -> None:
    """Put a value where its name says.  Lists are kept as dicts by place until a form wants a list; an empty key is the next place."""
    *way, last = keys
    for key in way:
        branch = tree.get(key)
        if not isinstance(branch, dict):
            branch = tree[key] = {}
        tree = branch
    tree[last or str(len(tree))] = value


@cache
def _fields(form: type[Form]) -> inspect.StructType:
    described = inspect.type_info(form)
    assert isinstance(described, inspect.StructType)
    return described


def _shaped(value: object, wanted: inspect.Type) -> object:
    """The value in the shape that a field wants, as far as spellings go; what does not fit stays as it is, to be refused."""
    match wanted:
        case inspect.UnionType(types=types):
            return _shaped(value, _kind(types))
        case inspect.BoolType():
            return _boolean(value)
        case inspect.StrType():
            return _text(value)
        case inspect.VarTupleType(item_type=item):
            return [_shaped(line, item) for line in _lines(value)]
        case inspect.StructType(fields=known) if isinstance(value, Mapping):
            said = {field.encode_name: field.type for field in known if _says(value.get(field.encode_name), field.type)}
            return {name: _shaped(value[name], kind) for name, kind in said.items()}
        case _:
            return value


def _kind(types: Iterable[inspect.Type]) -> inspect.Type:
    return next(kind for kind in types if not isinstance(kind, inspect.NoneType))


def _says(value: object, wanted: inspect.Type) -> bool:
    """Whether a value says anything to a field: null does not, and an empty text only where a text is wanted."""
    kind = _kind(wanted.types) if isinstance(wanted, inspect.UnionType) else wanted
    return value is not None and (value != "" or isinstance(kind, inspect.StrType))


def _boolean(value: object) -> object:
    spelt = str(value).lower() if isinstance(value, str | int) else ""
    return True if spelt in _TRUE else False if spelt in _FALSE else value


def _text(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and "\0" in value:
        raise Unreadable  # no text of ours holds one, and the database refuses it
    return value


def _lines(value: object) -> list[object]:
    if isinstance(value, Mapping) and all(key.isdigit() for key in value):
        return [value[key] for key in sorted(value, key=int)]
    if isinstance(value, list):
        return value
    return [value]
