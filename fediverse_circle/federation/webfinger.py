"""From a handle to an actor: WebFinger and host-meta, for those who live here and for the server itself."""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from fediverse_circle import site
from fediverse_circle.config import Settings
from fediverse_circle.core.errors import Invalid, NotFound
from fediverse_circle.core.urls import BadUrl, normal_host, parse_url
from fediverse_circle.domain import uris
from fediverse_circle.store import actors
from fediverse_circle.vocab import ACTIVITY_JSON, Jrd, JrdLink, encode, webfinger
from fediverse_circle.vocab import host_meta as described_host

routes = web.RouteTableDef()

_SERVICE: Final = "https://www.w3.org/ns/activitystreams#Service"
_HEADERS: Final = {"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=600"}


@dataclass(frozen=True, slots=True)
class _Persona:
    """Somebody who may live here."""

    username: str


@dataclass(frozen=True, slots=True)
class _Server:
    """The server itself (FEP-d556)."""


@routes.get("/.well-known/webfinger")
async def finger(request: web.Request) -> web.Response:
    """The actor behind a handle or an address of ours."""
    here = site.of(request)
    if len(resources := request.query.getall("resource", [])) != 1:
        raise Invalid("resource", "Ask for one resource, such as acct:name@domain.")
    match _meant(here.settings, resources[0]):
        case _Server():
            return _answer(_server(here.settings, resources[0]))
        case _Persona(username):
            actor = await actors.resident(here.db.pool, username)
            if actor is None or actor.suspended_at is not None:
                raise NotFound
            if actor.deleted_at is not None:
                return web.Response(status=410, headers=_HEADERS)
            page = uris.profile_page(str(here.settings.origin), actor.username)
            return _answer(webfinger(actor.username, here.settings.handle_domain, actor.uri, page))


@routes.get("/.well-known/host-meta")
async def host_meta(request: web.Request) -> web.Response:
    """Where WebFinger is, for servers that ask (a name apart from the server's own)."""
    document = described_host(str(site.of(request).settings.origin))
    return web.Response(text=document, content_type="application/xrd+xml", charset="utf-8", headers=_HEADERS)


def _meant(settings: Settings, resource: str) -> _Persona | _Server:
    """Whom a resource names; NotFound if nobody who could live here."""
    if resource.startswith("acct:"):
        username, _, host = resource.removeprefix("acct:").removeprefix("@").rpartition("@")
        if not username or not _is_ours(settings, host):
            raise NotFound
        return _Server() if _is_ours(settings, username) else _Persona(username)
    try:
        url = parse_url(resource)
    except BadUrl:
        raise Invalid("resource", "A resource is acct:name@domain or a web address.") from None
    if url.origin != settings.origin or url.query is not None or url.fragment is not None:
        raise NotFound
    match url.path.split("/"):
        case [""] | ["", ""] | ["", "actor"]:
            return _Server()
        case ["", "users", username] if username:
            return _Persona(username)
        case ["", page] if page.startswith("@") and len(page) > 1:
            return _Persona(page[1:])
        case _:
            raise NotFound


def _is_ours(settings: Settings, host: str) -> bool:
    """Whether handles of ours may end so: with the domain, or with the name of the server itself."""
    name, colon, port = host.partition(":")
    try:
        return normal_host(name) + colon + port in (settings.handle_domain, settings.origin.authority)
    except BadUrl:
        return False


def _server(settings: Settings, resource: str) -> Jrd:
    """The server's own actor.  Mastodon believes in it only if a handle that it asks for is the subject."""
    origin = str(settings.origin)
    actor, handle = uris.instance_actor(origin), f"acct:{settings.handle_domain}@{settings.handle_domain}"
    links = (JrdLink("self", ACTIVITY_JSON, actor), JrdLink(_SERVICE, ACTIVITY_JSON, actor))
    return Jrd(handle if resource.startswith("acct:") else f"{origin}/", (handle, f"{origin}/", actor), links)


def _answer(found: Jrd) -> web.Response:
    return web.Response(body=encode(found), content_type="application/jrd+json", headers=_HEADERS)
