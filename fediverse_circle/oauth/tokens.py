"""Tokens: what a code or an app's secret is exchanged for, and their end."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from aiohttp import web

from fediverse_circle import site
from fediverse_circle.core.errors import TooMany
from fediverse_circle.core.ids import ActorId, AppId, TokenId, new_secret
from fediverse_circle.oauth.addresses import of_asker
from fediverse_circle.oauth.apps import REGISTRATIONS, authenticated
from fediverse_circle.oauth.errors import NO_STORE, InvalidGrant, InvalidScope, NotYours, UnsupportedGrant
from fediverse_circle.oauth.fields import Fields, fields
from fediverse_circle.oauth.scopes import parsed, permits
from fediverse_circle.store import attempts, oauth
from fediverse_circle.store.attempts import Limit
from fediverse_circle.store.db import Tx, begin

FAILURES: Final = Limit("token", 60, timedelta(minutes=5))

routes = web.RouteTableDef()


@routes.post("/oauth/token")
async def exchange(request: web.Request) -> web.Response:
    """A token, for a code (it speaks for the persona that consented) or for the app itself (it speaks for nobody)."""
    here, now, asker = site.of(request), site.of(request).now(), of_asker(request)
    given = await fields(request)
    async with begin(here.db) as tx:
        until = await attempts.begin(tx, now, FAILURES, asker)
    if until is not None:
        raise TooMany(until)
    app = await authenticated(here.db.pool, request, given)
    match given.text("grant_type"):
        case "authorization_code":
            issued = await _by_code(request, app, given)
        case "client_credentials":
            issued = await _by_itself(request, app, given)
        case _:
            raise UnsupportedGrant
    async with begin(here.db) as tx:
        await attempts.succeeded(tx, now, FAILURES, asker)
    return web.json_response(issued, headers=NO_STORE)


@routes.post("/oauth/revoke")
async def revoke(request: web.Request) -> web.Response:
    """The app gives a token back: from now on it opens nothing.  One that opens nothing already is as good."""
    here, given = site.of(request), await fields(request)
    app = await authenticated(here.db.pool, request, given)
    token = await oauth.token(here.db.pool, given.text("token") or "")
    if token is not None and token.app_id != app.id:
        raise NotYours
    if token is not None:
        async with begin(here.db) as tx:
            await oauth.revoke(tx, here.now(), token.id)
    return web.json_response({}, headers=NO_STORE)


async def issue(tx: Tx, now: datetime, app: AppId, persona: ActorId | None, scopes: Sequence[str]) -> tuple[TokenId, str]:
    """A new token for one persona, or for the app alone: its number, and the secret, which is shown once."""
    secret = new_secret()
    return await oauth.insert_token(tx, now, secret, app, persona, scopes), secret


async def _by_code(request: web.Request, app: oauth.App, given: Fields) -> dict[str, object]:
    here, now = site.of(request), site.of(request).now()
    secret = given.text("code") or ""
    async with begin(here.db) as tx:
        code = await oauth.code_for_exchange(tx, secret, app.id)
        if code is not None and code.token_id is None and _holds(code, given, now):
            token, shown = await issue(tx, now, app.id, code.actor_id, code.scopes)
            await oauth.exchanged(tx, secret, token)
            return _entity(shown, code.scopes, now)
        if code is not None and code.token_id is not None:
            await oauth.revoke(tx, now, code.token_id)  # somebody has seen the code: neither of the two is believed
    raise InvalidGrant


def _holds(code: oauth.Code, given: Fields, now: datetime) -> bool:
    return code.expires_at > now and code.redirect_uri == given.text("redirect_uri") and _is_verified(code, given.text("code_verifier"))


def _is_verified(code: oauth.Code, verifier: str | None) -> bool:
    """Whether who exchanges is who began: with a challenge the verifier must fit it, without one there must be none."""
    if code.challenge is None or verifier is None:
        return code.challenge is None and verifier is None
    proof = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    return hmac.compare_digest(proof, code.challenge)


async def _by_itself(request: web.Request, app: oauth.App, given: Fields) -> dict[str, object]:
    here, now = site.of(request), site.of(request).now()
    scopes = parsed(given.text("scope") or "")
    if scopes is None or not all(permits(app.scopes, scope) for scope in scopes):
        raise InvalidScope
    async with begin(here.db) as tx:
        until = await attempts.begin(tx, now, REGISTRATIONS, of_asker(request))
        if until is not None:
            raise TooMany(until)
        _, shown = await issue(tx, now, app.id, None, scopes)
    return _entity(shown, scopes, now)


def _entity(secret: str, scopes: Sequence[str], now: datetime) -> dict[str, object]:
    return {"access_token": secret, "token_type": "Bearer", "scope": " ".join(scopes), "created_at": int(now.timestamp())}
