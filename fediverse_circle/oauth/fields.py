"""What a request says in fields: JSON, a form or the query, whichever the client chose, whatever it called it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, final
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from fediverse_circle.core.errors import Invalid

_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
_MOST: Final = 100


@final
@dataclass(frozen=True, slots=True, repr=False)
class Fields:
    """Names with their texts.  Nothing here is printed: there are secrets among them."""

    texts: Mapping[str, list[str]]

    def text(self, name: str) -> str | None:
        """The text of a field; None if it is not there or empty.  Invalid if it is there twice: two readers might each see another."""
        match self.texts.get(name, []):
            case []:
                return None
            case [only]:
                return only or None
            case _:
                raise Invalid(name, f"{name} may be given only once.")

    def all(self, name: str) -> list[str]:
        """The texts of a field that may be there several times."""
        return [text for text in (*self.texts.get(name, []), *self.texts.get(f"{name}[]", [])) if text]


async def fields(request: web.Request) -> Fields:
    """The fields of body and query; Invalid if the body is none of the forms it may have."""
    gathered: dict[str, list[str]] = {}
    for name, text in (*request.query.items(), *await _of_body(request)):
        if text not in gathered.setdefault(name, []) or name.endswith("[]"):
            gathered[name].append(text)
    return Fields(gathered)


async def _of_body(request: web.Request) -> list[tuple[str, str]]:
    if request.content_type in _FORMS:
        try:
            form = await request.post()
        except (ValueError, LookupError):
            raise Invalid("body", "The form in the body cannot be read.") from None
        return [(name, text) for name, text in form.items() if isinstance(text, str)]
    body = await request.read()
    if body.lstrip().startswith(b"{"):
        return list(_of_json(body))
    try:
        return parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST)
    except ValueError:
        raise Invalid("body", "The body is neither JSON nor a form.") from None


def _of_json(body: bytes) -> Iterator[tuple[str, str]]:
    try:
        said = msgspec.json.decode(body, type=dict[str, object])
    except msgspec.DecodeError:
        raise Invalid("body", "The JSON in the body cannot be read.") from None
    for name, value in said.items():
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str):
                yield f"{name}[]" if isinstance(value, list) else name, text
