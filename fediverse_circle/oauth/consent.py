"""What an app asks of a person, and the code that says the person agreed."""

import re
from collections.abc import Sequence
from dataclasses import InitVar, dataclass
from datetime import datetime, timedelta
from typing import Final, final
from urllib.parse import urlencode

from fediverse_circle.core.errors import Invalid
from fediverse_circle.core.ids import ActorId, new_secret
from fediverse_circle.oauth.apps import OUT_OF_BAND
from fediverse_circle.oauth.fields import Fields
from fediverse_circle.oauth.scopes import parsed, permits
from fediverse_circle.store import oauth
from fediverse_circle.store.db import Reader, Tx

_CODE_LIFETIME: Final = timedelta(minutes=10)
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_SEAL = object()


@final
@dataclass(frozen=True, slots=True, repr=False)
class Asked:
    """A request for consent that holds against the app's registration.  Only `asked` makes one."""

    app: oauth.App
    redirect_uri: str
    scopes: Sequence[str]
    state: str | None
    challenge: str | None
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("a request for consent is read by asked()")

    @property
    def out_of_band(self) -> bool:
        """Whether the code is shown to the person instead of sent to the app."""
        return self.redirect_uri == OUT_OF_BAND

    def fields(self) -> dict[str, str]:
        """The same request once more, for the form that answers it."""
        said = {
            "response_type": "code",
            "client_id": self.app.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": " ".join(self.scopes),
        }
        if self.state is not None:
            said["state"] = self.state
        if self.challenge is not None:
            said |= {"code_challenge": self.challenge, "code_challenge_method": "S256"}
        return said

    def answered(self, **answer: str) -> str:
        """Where the person is sent with the answer."""
        said = answer | ({"state": self.state} if self.state is not None else {})
        return f"{self.redirect_uri}{'&' if '?' in self.redirect_uri else '?'}{urlencode(said)}"


async def asked(db: Reader, given: Fields) -> Asked:
    """The request for consent in these fields.

    Invalid, for a page and never as a redirect, if it does not hold: whoever wrote it may not be who registered the app.
    """
    app = await oauth.app_by_client_id(db, given.text("client_id") or "")
    if app is None:
        raise Invalid(
            "client_id", "The app that sent you here is not known to this server. Remove the account in the app, and add it again."
        )
    redirect_uri = given.text("redirect_uri")
    if redirect_uri is None or redirect_uri not in app.redirect_uris:
        raise Invalid("redirect_uri", "The app that sent you here wants its answer somewhere it never told this server about.")
    if given.text("response_type") != "code":
        raise Invalid("response_type", "The app asks in a way that this server does not know: expected response_type=code.")
    scopes = parsed(given.text("scope") or "")
    if scopes is None or not all(permits(app.scopes, scope) for scope in scopes):
        raise Invalid("scope", "The app asks for more than it was registered for.")
    return Asked(app, redirect_uri, scopes, given.text("state"), _challenge(given), _SEAL)


def _challenge(given: Fields) -> str | None:
    challenge, method = given.text("code_challenge"), given.text("code_challenge_method")
    if challenge is None and method is None:
        return None
    if challenge is None or method != "S256" or not _CHALLENGE.fullmatch(challenge):
        raise Invalid("code_challenge", "The app began a proof (PKCE) that does not hold: expected code_challenge_method=S256.")
    return challenge


async def consent(tx: Tx, now: datetime, request: Asked, persona: ActorId) -> str:
    """The code that says yes for this persona, good once and for ten minutes."""
    secret = new_secret()
    code = oauth.Code(request.app.id, persona, request.redirect_uri, request.scopes, request.challenge, now + _CODE_LIFETIME, token_id=None)
    await oauth.insert_code(tx, secret, code)
    return secret
