"""Coming to live here: by a link that works once, or by oneself where the server is open."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from aiohttp import web

from fediverse_circle import site
from fediverse_circle.actions import accounts
from fediverse_circle.core.errors import Invalid, NotFound, TooMany
from fediverse_circle.domain.actors import Role
from fediverse_circle.domain.credentials import DisplayName, Email, Password, Username
from fediverse_circle.oauth import passwords
from fediverse_circle.oauth.addresses import of_asker
from fediverse_circle.site import Site
from fediverse_circle.store import attempts, logins
from fediverse_circle.store.attempts import Limit
from fediverse_circle.store.db import Reader, Tx, begin
from fediverse_circle.web.session import Form, begin_session, form, form_page, keep_session, to, visitor

LOGINS_FROM_ONE_ADDRESS: Final = Limit("new logins from an address", 10, timedelta(hours=1))

routes = web.RouteTableDef()


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What somebody chose, checked."""

    email: Email = field(repr=False)
    password: Password
    username: Username
    name: DisplayName


@routes.get("/join")
@routes.get("/join/{secret}")
async def ask(request: web.Request) -> web.Response:
    """The form; NotFound where the link leads nowhere (any more)."""
    here = site.of(request)
    role = await _role(here, here.db.pool, request)
    return form_page(request, await visitor(request), "join", here=request.path, role=role, said={}, wrong=None)


@routes.post("/join")
@routes.post("/join/{secret}")
async def join(request: web.Request) -> web.Response:
    """A login and its first persona; the link is used up with them."""
    here, who = site.of(request), await visitor(request)
    sent = await form(request, who)
    role = await _role(here, here.db.pool, request)
    try:
        newcomer = _newcomer(sent)
        password_hash = await passwords.of(request).hashed(newcomer.password)
        face = accounts.Face(newcomer.username, newcomer.name, await accounts.new_key_pairs())
        async with begin(here.db) as tx:
            role = await _use(here, tx, request)
            login, _ = await accounts.open_login(tx, here.now(), here.settings, newcomer.email, password_hash, role, face)
            secret = await begin_session(tx, request, login)
    except Invalid as wrong:
        said = {name: sent.line(name) for name in ("email", "username", "name")}
        return form_page(request, who, "join", status=422, here=request.path, role=role, said=said, wrong=wrong)
    response = to("/welcome")
    keep_session(request, response, secret)
    return response


def _newcomer(sent: Form) -> Newcomer:
    username, name, email = Username(sent.line("username").removeprefix("@")), DisplayName(sent.line("name")), Email(sent.line("email"))
    if sent.text("password") != sent.text("password_again"):
        raise Invalid("password_again", "The two passwords differ.", "ERR_INVALID")
    return Newcomer(email, Password(sent.text("password")), username, name)


async def _role(here: Site, db: Reader, request: web.Request) -> Role:
    """What one becomes by this address; NotFound if nothing."""
    secret = request.match_info.get("secret")
    if secret is None and here.settings.registration == "open":
        return "member"
    role = await logins.invited(db, here.now(), secret) if secret is not None and await _invitations_count(here, db) else None
    if role is None:
        raise NotFound
    return role


async def _use(here: Site, tx: Tx, request: web.Request) -> Role:
    role = await _role(here, tx, request)
    secret = request.match_info.get("secret")
    if secret is None:
        until = await attempts.begin(tx, here.now(), LOGINS_FROM_ONE_ADDRESS, of_asker(request))
        if until is not None:
            raise TooMany(until)
        return role
    used = await logins.use_invitation(tx, here.now(), secret)
    if used is None:
        raise NotFound
    return used


async def _invitations_count(here: Site, db: Reader) -> bool:
    """Where registration is closed, only the very first link opens."""
    return here.settings.registration != "closed" or not await logins.exists(db)
