"""Apps: registered by anybody, known by a secret, answered only where they said they would be."""

import hmac
import re
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from aiohttp import web

from fediverse_circle import site
from fediverse_circle.core.errors import Invalid, TooMany
from fediverse_circle.core.ids import new_secret
from fediverse_circle.core.urls import BadUrl, parse_url
from fediverse_circle.oauth.addresses import of_asker
from fediverse_circle.oauth.caller import bearer
from fediverse_circle.oauth.errors import NO_STORE, InvalidClient
from fediverse_circle.oauth.fields import Fields, fields
from fediverse_circle.oauth.scopes import parsed
from fediverse_circle.store import attempts, oauth
from fediverse_circle.store.attempts import Limit
from fediverse_circle.store.db import Reader, Tx, begin
from fediverse_circle.store.logins import digest

OUT_OF_BAND: Final = "urn:ietf:wg:oauth:2.0:oob"
REGISTRATIONS: Final = Limit("rows for apps", 100, timedelta(hours=1))
_LONGEST_NAME, _LONGEST_URL, _MOST_URIS = 100, 2000, 20
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):\S+")
_NOT_AN_APP: Final = frozenset({"about", "blob", "data", "file", "filesystem", "javascript", "mailto", "tel", "vbscript", "view-source"})

routes = web.RouteTableDef()


@dataclass(frozen=True, slots=True)
class Registration:
    """What an app says of itself, checked."""

    name: str
    website: str | None
    redirect_uris: Sequence[str]
    scopes: Sequence[str]


@routes.post("/api/v1/apps")
async def create(request: web.Request) -> web.Response:
    """Register an app."""
    here, asked = site.of(request), registration(await fields(request))
    async with begin(here.db) as tx:
        until = await attempts.begin(tx, here.now(), REGISTRATIONS, of_asker(request))
        if until is not None:
            raise TooMany(until)
        app, secret = await register(tx, here.now(), asked)
    known = {"client_id": app.client_id, "client_secret": secret, "client_secret_expires_at": 0}
    return web.json_response(_entity(app) | known, headers=NO_STORE)


@routes.get("/api/v1/apps/verify_credentials")
async def verify_credentials(request: web.Request) -> web.Response:
    """The app whose token this is, be it for a persona or for the app alone."""
    token = await bearer(request)
    return web.json_response(_entity(await oauth.app_by_id(site.of(request).db.pool, token.app_id)), headers=NO_STORE)


async def register(tx: Tx, now: datetime, asked: Registration) -> tuple[oauth.App, str]:
    """The new app, and its secret, which is shown once."""
    secret = new_secret()
    return await oauth.insert_app(tx, now, new_secret(), secret, asked.name, asked.website, asked.redirect_uris, asked.scopes), secret


async def authenticated(db: Reader, request: web.Request, given: Fields) -> oauth.App:
    """The app that proves itself with its secret, in the body or as Basic; InvalidClient otherwise."""
    client_id, secret = _basic(request) or (given.text("client_id"), given.text("client_secret"))
    app = await oauth.app_by_client_id(db, client_id) if client_id else None
    if app is None or secret is None or not hmac.compare_digest(app.secret_digest, digest(secret)):
        raise InvalidClient
    return app


def registration(given: Fields) -> Registration:
    """What these fields register; Invalid says what does not fit."""
    name, website, scopes = given.text("client_name"), given.text("website"), parsed(given.text("scopes") or "")
    redirect_uris = [uri for text in given.all("redirect_uris") for uri in text.split()]
    if not name:
        raise Invalid("client_name", "The app needs a client_name.", "ERR_BLANK")
    if len(name) > _LONGEST_NAME or not name.isprintable():
        raise Invalid("client_name", f"client_name is one line of at most {_LONGEST_NAME} characters.")
    if scopes is None:
        raise Invalid("scopes", "scopes must be among those that this server lists.")
    if not redirect_uris:
        raise Invalid("redirect_uri", "The app needs at least one redirect_uri.", "ERR_BLANK")
    if len(redirect_uris) > _MOST_URIS or not all(_may_be_answered_at(uri) for uri in redirect_uris):
        raise Invalid("redirect_uri", "Each redirect_uri must be an absolute URI without user name and fragment.")
    if website and not _is_website(website):
        raise Invalid("website", "website must be a web address.")
    return Registration(name, website, tuple(dict.fromkeys(redirect_uris)), scopes)


def _may_be_answered_at(uri: str) -> bool:
    if uri == OUT_OF_BAND:
        return True
    scheme = _SCHEME.fullmatch(uri)
    if scheme is None or len(uri) > _LONGEST_URL or not uri.isprintable() or "#" in uri or "\\" in uri:
        return False
    if scheme[1].lower() in ("http", "https"):
        return _is_website(uri)
    return scheme[1].lower() not in _NOT_AN_APP


def _is_website(text: str) -> bool:
    try:
        parse_url(text)
    except BadUrl:
        return False
    return True


def _basic(request: web.Request) -> tuple[str, str] | None:
    kind, _, coded = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        client_id, _, secret = b64decode(coded, validate=True).decode("ascii").partition(":")
    except ValueError:
        raise InvalidClient from None
    return client_id, secret


def _entity(app: oauth.App) -> dict[str, object]:
    return {
        "id": str(app.id),
        "name": app.name,
        "website": app.website,
        "scopes": list(app.scopes),
        "redirect_uri": "\n".join(app.redirect_uris),
        "redirect_uris": list(app.redirect_uris),
        "vapid_key": "",  # push is not offered
    }
