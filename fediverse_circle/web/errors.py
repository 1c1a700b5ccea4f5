"""How the pages say that something went wrong.  "Not there" and "not for you" are one page, byte for byte."""

import re
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from fediverse_circle import site
from fediverse_circle.core.errors import Conflict, Forbidden, Invalid, NotFound, TooLarge, TooMany, Trouble, Unauthenticated, Unreachable
from fediverse_circle.web.render import page
from fediverse_circle.web.session import to

_OURS = re.compile(r"/(?:settings|welcome|oauth/authorize\?[!-~]*)")
AFTER_SIGN_IN: Final = "/settings"


def refusal(request: web.Request, trouble: Trouble) -> web.Response:
    """The page that says it, or the way to the sign-in page."""
    match trouble:
        case Unauthenticated():
            return to(sign_in_then(request.path_qs if request.method in ("GET", "HEAD") else AFTER_SIGN_IN))
        case NotFound():
            return page(request, "error", status=404, title="Nothing here", sentence="There is nothing here, or it is not for you to see.")
        case Forbidden():
            return page(request, "error", status=403, title="Not allowed", sentence=trouble.sentence)
        case Conflict():
            return page(request, "error", status=409, title="That changed meanwhile", sentence=trouble.sentence)
        case TooLarge():
            return page(request, "error", status=413, title="Too much at once", sentence=trouble.sentence)
        case Invalid():
            return page(request, "error", status=422, title="That does not work", sentence=trouble.sentence)
        case TooMany():
            seconds = max(1, round((trouble.until - site.of(request).now()).total_seconds()))
            response = page(request, "error", status=429, title="Too often", sentence=f"{trouble.sentence} {_soon(seconds)}")
            response.headers["Retry-After"] = str(seconds)
            return response
        case Unreachable():
            return page(request, "error", status=503, title="Not just now", sentence=trouble.sentence)
        case _:
            return page(request, "error", status=500, title="Something went wrong", sentence=trouble.sentence)


def sign_in_then(path: str) -> str:
    """The address of the sign-in page, from which one goes on to a page of ours."""
    return f"/auth/sign_in?{urlencode({'next': safe(path)})}"


def safe(path: str) -> str:
    """The path, if it is one of those that ask people to sign in first; else the usual one.  Never somewhere else."""
    return path if _OURS.fullmatch(path) else AFTER_SIGN_IN


def _soon(seconds: int) -> str:
    minutes = -(-seconds // 60)
    return "The next try is welcome in a minute." if minutes == 1 else f"The next try is welcome in {minutes} minutes."
