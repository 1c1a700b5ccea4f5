"""Web clients live elsewhere: whatever they need may be asked from any page.  Tokens are headers, so no cookie is lent to anybody."""

from collections.abc import Awaitable, Callable

from aiohttp import web

_PREFIXES = ("/api/", "/.well-known/", "/nodeinfo/", "/avatars/", "/headers/")
_PATHS = frozenset({"/oauth/token", "/oauth/revoke", "/oauth/userinfo", "/health"})
_EXPOSED = "Link, Mastodon-Async-Refresh, X-RateLimit-Reset, X-RateLimit-Limit, X-RateLimit-Remaining, X-Request-Id"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def cross_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Lets pages of any origin ask, and read the answer, be it an error: to be installed outside of whatever makes errors into answers."""
    if not (request.path.startswith(_PREFIXES) or request.path.rstrip("/") in _PATHS):
        return await handler(request)
    if request.method == "OPTIONS":
        return _permission(request)
    response = await handler(request)
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = _EXPOSED
    return response


def _permission(request: web.Request) -> web.Response:
    """The answer to a browser that asks first."""
    return web.Response(
        status=204,
        headers={
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
            "Access-Control-Allow-Headers": request.headers.get("Access-Control-Request-Headers", "*"),
            "Access-Control-Expose-Headers": _EXPOSED,
            "Access-Control-Max-Age": "7200",
        },
    )
