"""Answers in JSON, as every client of this surface gets them."""

from collections.abc import Mapping

import msgspec
from aiohttp import web

_encoder = msgspec.json.Encoder()

PRIVATE: Mapping[str, str] = {  # two who ask never share an answer
    "Cache-Control": "private, no-store",
    "Vary": "Accept, Signature, Signature-Input, Authorization, Cookie",
}


def answer(value: object, *, status: int = 200, link: str | None = None, more: Mapping[str, str] | None = None) -> web.Response:
    """The value as JSON; `link` is the Link header of a page."""
    headers = {**PRIVATE, **(more or {})}
    if link:
        headers["Link"] = link
    return web.Response(body=_encoder.encode(value), status=status, content_type="application/json", charset="utf-8", headers=headers)
