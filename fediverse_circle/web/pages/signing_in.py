"""Signing in and out."""

from aiohttp import web

from fediverse_circle import site
from fediverse_circle.core.errors import Invalid
from fediverse_circle.oauth.proof import proven
from fediverse_circle.store import logins
from fediverse_circle.store.db import begin
from fediverse_circle.web.errors import safe
from fediverse_circle.web.session import begin_session, drop_session, form, form_page, keep_session, to, visitor

routes = web.RouteTableDef()


@routes.get("/auth/sign_in")
async def ask(request: web.Request) -> web.Response:
    """The form."""
    then = safe(request.query.get("next", ""))
    return form_page(request, await visitor(request), "sign_in", then=then, email="", wrong=None)


@routes.post("/auth/sign_in")
async def sign_in(request: web.Request) -> web.Response:
    """Somebody says who they are."""
    here, who = site.of(request), await visitor(request)
    sent = await form(request, who)
    then = safe(sent.text("next"))
    try:
        login = await proven(request, sent.line("email"), sent.text("password"))
    except Invalid as wrong:
        return form_page(request, who, "sign_in", status=422, then=then, email=sent.line("email"), wrong=wrong)
    async with begin(here.db) as tx:
        await logins.end_session(tx, who.session)
        secret = await begin_session(tx, request, login)
    response = to(then)
    keep_session(request, response, secret)
    return response


@routes.post("/auth/sign_out")
async def sign_out(request: web.Request) -> web.Response:
    """Somebody leaves this browser."""
    who = await visitor(request)
    await form(request, who)
    async with begin(site.of(request).db) as tx:
        await logins.end_session(tx, who.session)
    response = to("/")
    drop_session(request, response)
    return response
