"""How this surface says no.

"Not there" and "not for you" are one answer, byte for byte, and so are its headers: whatever may depend on the asker bears `PRIVATE`.
"""

from collections.abc import Mapping
from datetime import timedelta

import msgspec
from aiohttp import web

from fediverse_circle import site
from fediverse_circle.core.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    TooLarge,
    TooMany,
    Trouble,
    Unauthenticated,
    Unreachable,
)

PRIVATE: Mapping[str, str] = {
    "Cache-Control": "private, no-store",
    "Vary": "Accept, Signature, Signature-Input, Authorization, Cookie",
}
PATIENCE = timedelta(seconds=60)

_STATUS: Mapping[type[Trouble], int] = {
    NotFound: 404,
    Invalid: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    Conflict: 409,
    TooLarge: 413,
    TooMany: 429,
    Unreachable: 503,
}


def refusal(request: web.Request, trouble: Trouble) -> web.Response:
    """The answer of this surface to a trouble; what it does not know is a fault of ours."""
    status = next((_STATUS[kind] for kind in type(trouble).__mro__ if kind in _STATUS), 500)
    headers = dict(PRIVATE)
    if isinstance(trouble, TooMany):
        headers["Retry-After"] = str(max(1, round((trouble.until - site.of(request).now()).total_seconds())))
    elif status == 503:
        headers["Retry-After"] = str(round(PATIENCE.total_seconds()))
    sentence = NotFound.sentence if status == 404 else trouble.sentence
    return web.Response(
        status=status, body=msgspec.json.encode({"error": sentence}), content_type="application/json", charset="utf-8", headers=headers
    )
