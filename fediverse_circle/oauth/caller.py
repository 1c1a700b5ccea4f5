"""Who is asking: from the token in a request to the one persona it speaks for."""

from collections.abc import Sequence
from dataclasses import InitVar, dataclass
from datetime import timedelta
from typing import final

from aiohttp import web

from fediverse_circle import site
from fediverse_circle.core.errors import Forbidden, Unauthenticated
from fediverse_circle.core.ids import ActorId, AppId, TokenId
from fediverse_circle.oauth.scopes import permits
from fediverse_circle.store import oauth
from fediverse_circle.store.db import begin

_USE_NOTED_EVERY = timedelta(days=1)
_LONGEST_HEADER = 512
_SEAL = object()


@final
@dataclass(frozen=True, slots=True)
class Caller:
    """A persona who asks through an app, with a token that is wide enough.  Only this module makes one."""

    actor_id: ActorId
    token: TokenId
    app: AppId
    app_name: str
    website: str | None
    scopes: Sequence[str]
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("a Caller is made by caller()")

    def may(self, scope: str) -> bool:
        """Whether the token is wide enough for this as well."""
        return permits(self.scopes, scope)


async def caller(request: web.Request, scope: str) -> Caller:
    """The persona who asks; Unauthenticated or Forbidden, in the words that clients compare, if nobody does or the token is too narrow."""
    token = await bearer(request)
    if not permits(token.scopes, scope):
        raise Forbidden("This action is outside the authorized scopes")
    if token.actor_id is None:
        raise Unauthenticated("This method requires an authenticated user")
    return _caller(token, token.actor_id)


async def optional_caller(request: web.Request, scope: str) -> Caller | None:
    """The persona who asks, or None: nobody, or an app for itself, which reads as nobody does.  A token that does not hold is an error."""
    if "Authorization" not in request.headers:
        return None
    token = await bearer(request)
    if token.actor_id is None:
        return None
    if not permits(token.scopes, scope):
        raise Forbidden("This action is outside the authorized scopes")
    return _caller(token, token.actor_id)


async def bearer(request: web.Request) -> oauth.Token:
    """The valid token in the request, be it for a persona or for an app alone."""
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not 0 < len(secret) <= _LONGEST_HEADER:
        raise Unauthenticated
    here = site.of(request)
    token = await oauth.token(here.db.pool, secret.strip())
    if token is None:
        raise Unauthenticated
    if token.disabled:
        raise Forbidden("Your login is currently disabled")
    if token.revoked_at is not None:
        raise Unauthenticated("The access token was revoked")
    now = here.now()
    if token.used_at is None or token.used_at < now - _USE_NOTED_EVERY:
        async with begin(here.db) as tx:
            await oauth.used(tx, now, token.id)
    return token


def _caller(token: oauth.Token, actor: ActorId) -> Caller:
    return Caller(actor, token.id, token.app_id, token.app_name, token.website, tuple(token.scopes), _SEAL)
