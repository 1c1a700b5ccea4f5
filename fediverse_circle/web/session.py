"""Who looks at a page, and whether what they send was meant.

Two cookies: one for whoever has signed in, one that makes forms ours.  A form bears a token made of both; no other page can know it.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from aiohttp import web

from fediverse_circle import site
from fediverse_circle.core.errors import Forbidden, Unauthenticated
from fediverse_circle.core.ids import new_secret
from fediverse_circle.store import logins
from fediverse_circle.store.db import Tx
from fediverse_circle.store.logins import Login
from fediverse_circle.web.render import page

_LIFETIME: Final = timedelta(days=30)
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever looks; `login` is None if nobody has signed in.  `is_new`: the cookie for forms is still to be given."""

    login: Login | None
    session: str = field(repr=False)
    form_secret: str = field(repr=False)
    is_new: bool

    @property
    def form_token(self) -> str:
        """What a form of ours bears, for this browser and this session alone."""
        return hmac.new(self.form_secret.encode(), self.session.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True, repr=False)
class Form:
    """What somebody has sent with a form of ours."""

    values: Mapping[str, str]

    def text(self, name: str) -> str:
        """A field, as typed; empty if it is not there."""
        return self.values.get(name, "")

    def line(self, name: str) -> str:
        """A field without the spaces around it."""
        return self.text(name).strip()


async def visitor(request: web.Request) -> Visitor:
    """Who looks."""
    here = site.of(request)
    session = _cookie(request, "session")
    login = await logins.by_session(here.db.pool, here.now(), session) if session else None
    form_secret = _cookie(request, "form")
    return Visitor(login, session if login else "", form_secret or new_secret(), is_new=not form_secret)


async def resident(request: web.Request) -> tuple[Visitor, Login]:
    """Who looks, if they have signed in; Unauthenticated (which leads to the sign-in page) otherwise."""
    who = await visitor(request)
    if who.login is None:
        raise Unauthenticated("Please sign in.")
    return who, who.login


async def form(request: web.Request, who: Visitor) -> Form:
    """What was sent with a form; Forbidden if it was not our form, or not for this browser."""
    try:
        sent = Form({name: text for name, text in (await request.post()).items() if isinstance(text, str)})
    except (ValueError, LookupError):  # not a form at all
        sent = Form({})
    if who.is_new or not hmac.compare_digest(sent.text("form_token").encode(), who.form_token.encode()):
        raise Forbidden("This form has grown old, or was not made for this browser. Go back, load the page again, and send it once more.")
    return sent


def form_page(request: web.Request, who: Visitor, template: str, *, status: int = 200, **values: object) -> web.Response:
    """A page with a form on it."""
    response = page(request, template, status=status, form_token=who.form_token, **values)
    if who.is_new:
        _set(request, response, "form", who.form_secret)
    return response


async def begin_session(tx: Tx, request: web.Request, login: Login) -> str:
    """The secret of a new session; `keep_session` gives it to the browser when it is committed."""
    secret, now = new_secret(), site.of(request).now()
    await logins.begin_session(tx, now, login.id, secret, now + _LIFETIME)
    return secret


def keep_session(request: web.Request, response: web.Response, secret: str) -> None:
    """Whoever gets this response has signed in."""
    _set(request, response, "session", secret)


def drop_session(request: web.Request, response: web.Response) -> None:
    """Whoever gets this response has signed out."""
    response.del_cookie(_cookie_name(request, "session"), path="/", secure=_is_secure(request), httponly=True, samesite="Lax")


def to(path: str) -> web.Response:
    """Onwards, by GET."""
    return web.Response(status=303, headers={"Location": path, "Cache-Control": "private, no-store"})


def _is_secure(request: web.Request) -> bool:
    return site.of(request).settings.origin.scheme == "https"


def _cookie_name(request: web.Request, name: str) -> str:
    """Under TLS with the prefix by which browsers promise that no other host has set it."""
    return f"__Host-{name}" if _is_secure(request) else name


def _cookie(request: web.Request, name: str) -> str:
    value = request.cookies.get(_cookie_name(request, name), "")
    return value if _SECRET.fullmatch(value) else ""


def _set(request: web.Request, response: web.Response, name: str, value: str) -> None:
    response.set_cookie(
        _cookie_name(request, name),
        value,
        max_age=int(_LIFETIME.total_seconds()),
        path="/",
        secure=_is_secure(request),
        httponly=True,
        samesite="Lax",
    )
