"""How OAuth says no: `{"error", "error_description"}`, the first a fixed word, the second a sentence for whoever writes the app."""

from typing import Final

from aiohttp import web

from fediverse_circle import site
from fediverse_circle.core.errors import Conflict, Forbidden, Invalid, NotFound, TooLarge, TooMany, Trouble, Unauthenticated, Unreachable

NO_STORE: Final = {"Cache-Control": "private, no-store", "Pragma": "no-cache"}


class Refused(Trouble):
    """A refusal in OAuth's own words (RFC 6749 5.2, RFC 7009); what cannot be read at all is `Invalid`."""

    code, status = "invalid_request", 400


class InvalidClient(Refused):
    """No such app, or not its secret."""

    code, status = "invalid_client", 401
    sentence = "No app of this client_id and client_secret is registered here: register it again."


class InvalidGrant(Refused):
    """The code opens nothing."""

    code = "invalid_grant"
    sentence = "The code is unknown, used, expired, or was made for another app, another redirect_uri or another code_verifier."


class InvalidScope(Refused):
    """More than there is, or more than the app was registered for."""

    code = "invalid_scope"
    sentence = "A requested scope does not exist, or the app was not registered with it."


class UnsupportedGrant(Refused):
    """A kind of grant that is not offered."""

    code = "unsupported_grant_type"
    sentence = "Only authorization_code and client_credentials are offered."


class NotYours(Refused):
    """An app may end its own tokens."""

    code, status = "unauthorized_client", 403
    sentence = "The token belongs to another app."


def refusal(request: web.Request, trouble: Trouble) -> web.Response:
    """The trouble, as OAuth clients expect it."""
    body, headers = {"error": trouble.sentence}, dict(NO_STORE)
    match trouble:
        case Refused():
            status = trouble.status
            body = {"error": trouble.code, "error_description": trouble.sentence}
        case Invalid():
            status = 400
            body = {"error": "invalid_request", "error_description": trouble.sentence}
        case Unauthenticated():
            status = 401
        case Forbidden():
            status = 403
        case NotFound():
            status = 404
        case Conflict():
            status = 409
        case TooLarge():
            status = 413
        case TooMany():
            status = 429
            headers["Retry-After"] = str(max(1, round((trouble.until - site.of(request).now()).total_seconds())))
        case Unreachable():
            status = 503
        case _:
            status = 500
    if status == 401 and request.headers.get("Authorization", "").lower().startswith("basic "):
        headers["WWW-Authenticate"] = 'Basic realm="apps"'
    return web.json_response(body, status=status, headers=headers)
