"""Letting an app in: who one is, as which persona, how far; and the answer to the app."""

from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from fediverse_circle import site
from fediverse_circle.core.errors import Invalid
from fediverse_circle.core.urls import BadUrl, parse_url
from fediverse_circle.domain.actors import Actor
from fediverse_circle.oauth import consent
from fediverse_circle.oauth.consent import Asked
from fediverse_circle.oauth.fields import fields
from fediverse_circle.site import Site
from fediverse_circle.store import actors, logins
from fediverse_circle.store.db import begin
from fediverse_circle.store.logins import Login
from fediverse_circle.web.errors import sign_in_then
from fediverse_circle.web.render import page
from fediverse_circle.web.session import Visitor, form, form_page, to, visitor
from fediverse_circle.web.wording import explained

_TRUE: Final = ("true", "1", "on", "yes", "t")

routes = web.RouteTableDef()


@routes.get("/oauth/authorize")
async def ask(request: web.Request) -> web.Response:
    """The question, once it is clear who is asked."""
    here, given = site.of(request), await fields(request)
    asked = await consent.asked(here.db.pool, given)
    who = await visitor(request)
    if who.login is None or (given.text("force_login") or "").lower() in _TRUE:
        return to(sign_in_then(_again(asked)))
    return await _page(request, who, who.login, asked, wrong=None)


@routes.post("/oauth/authorize")
async def answer(request: web.Request) -> web.Response:
    """The answer: a code for the persona that was chosen, or No."""
    here, who = site.of(request), await visitor(request)
    sent = await form(request, who)
    asked = await consent.asked(here.db.pool, await fields(request))
    if who.login is None:
        return to(sign_in_then(_again(asked)))
    if sent.text("answer") != "yes":
        return _refused(request, asked)
    chosen = next((actor for actor in await _personas(here, who.login) if str(actor.id) == sent.text("persona")), None)
    if chosen is None:
        wrong = Invalid("persona", "Please choose as whom the app may speak.")
        return await _page(request, who, who.login, asked, wrong=wrong)
    async with begin(here.db) as tx:
        code = await consent.consent(tx, here.now(), asked, chosen.id)
    return page(request, "code", asked=asked, code=code) if asked.out_of_band else to(asked.answered(code=code))


def _refused(request: web.Request, asked: Asked) -> web.Response:
    if asked.out_of_band:
        return page(request, "code", asked=asked, code=None)
    return to(asked.answered(error="access_denied", error_description="The person has said no."))


async def _page(request: web.Request, who: Visitor, login: Login, asked: Asked, *, wrong: Invalid | None) -> web.Response:
    return form_page(
        request,
        who,
        "authorise",
        status=422 if wrong else 200,
        asked=asked,
        wants=explained(asked.scopes),
        goes_to=_destination(asked),
        login=login,
        personas=await _personas(site.of(request), login),
        somebody_else=sign_in_then(_again(asked)),
        wrong=wrong,
    )


async def _personas(here: Site, login: Login) -> list[Actor]:
    known = await actors.by_ids(here.db.pool, await logins.personas(here.db.pool, login.id))
    return [known[id] for id in sorted(known)]


def _destination(asked: Asked) -> str | None:
    """Where the answer goes, as far as a name tells; None where it stays on the person's own device."""
    try:
        return parse_url(asked.redirect_uri).origin.authority
    except BadUrl:
        return None


def _again(asked: Asked) -> str:
    """The same question once more, without the demand to sign in for it."""
    return f"/oauth/authorize?{urlencode(asked.fields())}"
