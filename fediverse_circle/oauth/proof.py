"""Somebody proves who they are, with an address and a password."""

from datetime import timedelta
from typing import Final

from aiohttp import web

from fediverse_circle import site
from fediverse_circle.core.errors import Forbidden, Invalid, TooMany
from fediverse_circle.oauth import passwords
from fediverse_circle.oauth.addresses import of_asker
from fediverse_circle.store import attempts, logins
from fediverse_circle.store.attempts import Limit
from fediverse_circle.store.db import begin
from fediverse_circle.store.logins import Login

FROM_ONE_ADDRESS: Final = Limit("sign-in from an address", 30, timedelta(minutes=5))
FOR_ONE_LOGIN: Final = Limit("sign-in of a login", 20, timedelta(hours=1))
_LONGEST_EMAIL: Final = 320


async def proven(request: web.Request, email: str, password: str) -> Login:
    """The login of this address and password.

    Invalid if they do not belong together, be it that there is no such address: same words, same work.  An attempt is counted before it is
    checked, so that many at once are no way round the limit.
    """
    here, now = site.of(request), site.of(request).now()
    address = email.strip()[:_LONGEST_EMAIL]
    limits = ((FROM_ONE_ADDRESS, of_asker(request)), (FOR_ONE_LOGIN, address.lower()))
    async with begin(here.db) as tx:
        for limit, subject in limits:
            until = await attempts.begin(tx, now, limit, subject)
            if until is not None:
                raise TooMany(until, "That was tried too often. Wait a little, then try again.")
    login = await logins.by_email(here.db.pool, address)
    if not await passwords.of(request).holds(login.password_hash if login else None, password) or login is None:
        raise Invalid("password", "The e-mail address and the password do not belong together.", "ERR_INVALID")
    async with begin(here.db) as tx:
        for limit, subject in limits:
            await attempts.succeeded(tx, now, limit, subject)
    if login.disabled_at is not None:
        raise Forbidden("This login is disabled. Whoever runs this server can tell you more.")
    return login
