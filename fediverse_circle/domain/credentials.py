"""What somebody who wants to live here chooses: a name, an address, a password.  Each type checks itself, so to hold one is to have checked it."""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Final, final

from fediverse_circle.core.errors import Invalid
from fediverse_circle.core.urls import BadUrl, normal_host

_USERNAME = re.compile(r"[A-Za-z0-9_]{1,30}")
_EMAIL_NAME = re.compile(r"[^\s@\"<>(),:;\\\[\]]{1,64}")
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_BROKEN = re.compile(r"[\ud800-\udfff]")  # bytes that were no text
_LONGEST_PASSWORD: Final = 256
SHORTEST_PASSWORD: Final = 8
LONGEST_DISPLAY_NAME: Final = 60

_SPEAKING_FOR_THE_SERVER: Final = """
    about abuse account accounts actor admin administration administrator admins anonymous api app apps auth bot circle circles contact everybody
    everyone fediverse_circle here help home hostmaster inbox info instance join localhost login mail me mod moderation moderator moderators
    nobody null official operator outbox owner postmaster privacy public register root security server settings sign_in staff support system
    terms undefined unknown user username users webmaster welcome"""
_RESERVED: Final = frozenset(_SPEAKING_FOR_THE_SERVER.split())


@final
@dataclass(frozen=True, slots=True)
class Username:
    """The part of a handle before the host."""

    text: str

    def __post_init__(self) -> None:
        if not self.text:
            raise Invalid("username", "Please choose a username.", "ERR_BLANK")
        if len(self.text) > 30:
            raise Invalid("username", "A username has at most 30 characters.", "ERR_TOO_LONG")
        if not _USERNAME.fullmatch(self.text):
            raise Invalid("username", "A username is made of the letters a to z, digits and underscores.", "ERR_INVALID")
        if self.text.lower() in _RESERVED:
            raise Invalid("username", f"“{self.text}” would speak for the server. Please choose another name.", "ERR_RESERVED")


@final
@dataclass(frozen=True, slots=True, repr=False)
class Email:
    """The address that somebody signs in with."""

    text: str

    def __post_init__(self) -> None:
        name, _, host = self.text.rpartition("@")
        if not self.text:
            raise Invalid("email", "Please enter an e-mail address.", "ERR_BLANK")
        try:
            fits = _EMAIL_NAME.fullmatch(name) is not None and "." in normal_host(host) and self.text.isprintable()
        except BadUrl:
            fits = False
        if not fits:
            raise Invalid("email", "That is not an e-mail address: expected something like ana@example.org.", "ERR_INVALID")


@final
@dataclass(frozen=True, slots=True)
class Password:
    """What somebody proves themselves with.  However a keyboard composes its letters, it is the same password."""

    text: str = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.text) < SHORTEST_PASSWORD:
            raise Invalid(
                "password", f"A password has at least {SHORTEST_PASSWORD} characters: a few words are easy to remember.", "ERR_TOO_SHORT"
            )
        if len(self.text) > _LONGEST_PASSWORD:
            raise Invalid("password", f"A password has at most {_LONGEST_PASSWORD} characters.", "ERR_TOO_LONG")
        if _BROKEN.search(self.text):
            raise Invalid("password", "A password is text in UTF-8.", "ERR_INVALID")


def composed(password: str) -> str:
    """One spelling of a password, whatever keyboard it was typed on."""
    return unicodedata.normalize("NFC", password)


@final
@dataclass(frozen=True, slots=True)
class DisplayName:
    """What a persona is called; free text in one line, may be empty."""

    text: str

    def __post_init__(self) -> None:
        if len(self.text) > LONGEST_DISPLAY_NAME:
            raise Invalid("name", f"A name has at most {LONGEST_DISPLAY_NAME} characters.", "ERR_TOO_LONG")
        if _UNFIT.search(self.text):
            raise Invalid("name", "A name is one line of text, without signs that turn others around.", "ERR_INVALID")
