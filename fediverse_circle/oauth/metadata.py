"""What apps can learn before they ask: where everything is (RFC 8414), and who consented (userinfo)."""

from aiohttp import web

from fediverse_circle import site
from fediverse_circle.oauth.caller import caller
from fediverse_circle.oauth.errors import NO_STORE
from fediverse_circle.oauth.scopes import SCOPES
from fediverse_circle.store import actors

routes = web.RouteTableDef()


@routes.get("/.well-known/oauth-authorization-server")
async def authorization_server(request: web.Request) -> web.Response:
    """Where to register, authorise, exchange and revoke, and what is understood there."""
    origin = site.of(request).settings.origin
    return web.json_response(
        {
            "issuer": f"{origin}/",
            "service_documentation": "https://docs.joinmastodon.org/",
            "authorization_endpoint": f"{origin}/oauth/authorize",
            "token_endpoint": f"{origin}/oauth/token",
            "app_registration_endpoint": f"{origin}/api/v1/apps",
            "revocation_endpoint": f"{origin}/oauth/revoke",
            "userinfo_endpoint": f"{origin}/oauth/userinfo",
            "scopes_supported": list(SCOPES),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "client_credentials"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }
    )


@routes.get("/oauth/userinfo")
async def userinfo(request: web.Request) -> web.Response:
    """The persona that the token speaks for, in the words of OpenID Connect."""
    here, me = site.of(request), await caller(request, "profile")
    actor = await actors.by_id(here.db.pool, me.actor_id)
    known = {
        "iss": f"{here.settings.origin}/",
        "sub": actor.uri,
        "name": actor.name,
        "preferred_username": actor.username,
        "profile": actor.url,
        "picture": actor.avatar,
    }
    return web.json_response({name: value for name, value in known.items() if value is not None}, headers=NO_STORE)
