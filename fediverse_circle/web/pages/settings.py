"""What somebody who lives here decides: their personas, who may speak for them, their password."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast, get_args

from aiohttp import web

from fediverse_circle import site
from fediverse_circle.actions import accounts
from fediverse_circle.core.errors import Invalid, NotFound
from fediverse_circle.core.ids import ActorId, TokenId
from fediverse_circle.domain.actors import Account, Actor
from fediverse_circle.domain.audience import Visibility
from fediverse_circle.domain.credentials import DisplayName, Password, Username
from fediverse_circle.oauth import passwords
from fediverse_circle.oauth.proof import proven
from fediverse_circle.site import Site
from fediverse_circle.store import actors, logins, oauth
from fediverse_circle.store.db import begin
from fediverse_circle.store.logins import Login
from fediverse_circle.web.session import Visitor, begin_session, form, form_page, keep_session, resident, to

_DONE: Final[Mapping[str, str]] = {
    "persona": "The persona was changed.",
    "new_persona": "The persona was made.",
    "password": "The password was changed. Other browsers must sign in again.",
    "app": "The app has no access any more.",
}

routes = web.RouteTableDef()


@dataclass(frozen=True, slots=True)
class Persona:
    """An actor who lives here, with their settings."""

    actor: Actor
    account: Account


@routes.get("/settings")
async def settings(request: web.Request) -> web.Response:
    """Everything at a glance."""
    who, login = await resident(request)
    return await _page(request, who, login, done=_DONE.get(request.query.get("done", "")))


@routes.post("/settings/personas")
async def add_persona(request: web.Request) -> web.Response:
    """A further face."""
    here, (who, login) = site.of(request), await resident(request)
    sent = await form(request, who)
    said = {"username": sent.line("username"), "name": sent.line("name")}
    try:
        username, name = Username(said["username"].removeprefix("@")), DisplayName(said["name"])
        face = accounts.Face(username, name, await accounts.new_key_pairs())
        async with begin(here.db) as tx:
            await accounts.add_persona(tx, here.now(), here.settings, login.id, face)
    except Invalid as wrong:
        return await _page(request, who, login, status=422, wrong=wrong, said=said)
    return to("/settings?done=new_persona#personas")


@routes.post(r"/settings/personas/{id:[0-9]{1,19}}")
async def adjust(request: web.Request) -> web.Response:
    """How widely a persona may speak, and whether it is asked before somebody follows."""
    here, (who, login) = site.of(request), await resident(request)
    sent = await form(request, who)
    ceiling = sent.text("ceiling")
    if ceiling not in get_args(Visibility):
        raise Invalid("ceiling", "Please choose how widely this persona may speak.")
    async with begin(here.db) as tx:
        persona = ActorId(int(request.match_info["id"]))
        if persona not in await logins.personas(tx, login.id):
            raise NotFound
        await accounts.adjust(tx, persona, ceiling=cast(Visibility, ceiling), locked=sent.text("locked") == "yes")
    return to("/settings?done=persona#personas")


@routes.post(r"/settings/apps/{id:[0-9]{1,19}}/revoke")
async def revoke(request: web.Request) -> web.Response:
    """An app speaks for a persona no longer."""
    here, (who, login) = site.of(request), await resident(request)
    await form(request, who)
    async with begin(here.db) as tx:
        token = TokenId(int(request.match_info["id"]))
        if token not in {known.id for known in await oauth.tokens(tx, await logins.personas(tx, login.id))}:
            raise NotFound
        await oauth.revoke(tx, here.now(), token)
    return to("/settings?done=app#apps")


@routes.post("/settings/password")
async def change_password(request: web.Request) -> web.Response:
    """A new password, for whoever knows the old one."""
    here, (who, login) = site.of(request), await resident(request)
    sent = await form(request, who)
    try:
        password = Password(sent.text("new_password"))
        if sent.text("new_password") != sent.text("password_again"):
            raise Invalid("password_again", "The two passwords differ.")
        await _prove(request, login, sent.text("old_password"))
    except Invalid as wrong:
        return await _page(request, who, login, status=422, wrong=wrong)
    password_hash = await passwords.of(request).hashed(password)
    async with begin(here.db) as tx:
        await accounts.change_password(tx, here.now(), login.id, password_hash, sign_out_apps=sent.text("sign_out_apps") == "yes")
        secret = await begin_session(tx, request, login)
    response = to("/settings?done=password#password")
    keep_session(request, response, secret)
    return response


async def _prove(request: web.Request, login: Login, old_password: str) -> None:
    try:
        await proven(request, login.email, old_password)
    except Invalid:
        raise Invalid("old_password", "That is not the password you have now.") from None


async def _page(
    request: web.Request,
    who: Visitor,
    login: Login,
    *,
    status: int = 200,
    done: str | None = None,
    wrong: Invalid | None = None,
    said: Mapping[str, str] | None = None,
) -> web.Response:
    here = site.of(request)
    personas = await _personas(here, login)
    apps = await oauth.tokens(here.db.pool, personas.keys())
    return form_page(
        request, who, "settings", status=status, login=login, personas=personas, apps=apps, done=done, wrong=wrong, said=said or {}
    )


async def _personas(here: Site, login: Login) -> dict[ActorId, Persona]:
    known = await actors.by_ids(here.db.pool, await logins.personas(here.db.pool, login.id))
    return {id: Persona(actor, await logins.account(here.db.pool, id)) for id, actor in sorted(known.items())}
