"""How this surface says no: Mastodon's bodies, with a whole sentence for the person.

What is not there, what is not for the asker, an unknown path and an unknown method are one answer, byte for byte.
"""

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
from fediverse_circle.mastodon.answers import answer
from fediverse_circle.mastodon.dates import date


class Unreadable(Trouble):
    """The body is not what it says it is."""

    sentence = "The body of the request could not be read."


_STATUS: tuple[tuple[type[Trouble], int], ...] = (
    (Unreadable, 400),
    (Unauthenticated, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (Conflict, 409),
    (TooLarge, 413),
    (Invalid, 422),
    (TooMany, 429),
    (Unreachable, 503),
)


def refusal(request: web.Request, trouble: Trouble) -> web.Response:
    """The trouble in the words that clients of Mastodon's API expect."""
    status = next((status for kind, status in _STATUS if isinstance(trouble, kind)), 500)
    body: dict[str, object] = {"error": trouble.sentence}
    headers: dict[str, str] = {}
    if isinstance(trouble, Invalid):
        body = {
            "error": f"Validation failed: {trouble.sentence}",
            "details": {trouble.field: [{"error": trouble.code, "description": trouble.sentence}]},
        }
    elif isinstance(trouble, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    elif isinstance(trouble, TooMany):
        wait = (trouble.until - site.of(request).now()).total_seconds()
        headers = {"Retry-After": str(max(1, int(wait + 1))), "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": date(trouble.until)}
    return answer(body, status=status, more=headers)
