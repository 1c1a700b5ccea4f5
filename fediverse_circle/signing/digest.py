"""The digest of a body: SHA-256 or nothing, compared with the bytes received.  And the type of the bodies we send."""

from base64 import b64encode
from hashlib import sha256
from typing import Final, cast

import http_sf

from fediverse_circle.core.errors import Unauthenticated
from fediverse_circle.signing.claim import Malformed

CONTENT_TYPE: Final = "application/activity+json"


def digest(body: bytes) -> str:
    """The value of `Digest` (RFC 3230)."""
    return "SHA-256=" + b64encode(sha256(body).digest()).decode("ascii")


def check_digest(value: str, body: bytes) -> None:
    """Refuse a `Digest` that has not exactly one SHA-256, or another body's."""
    named = [entry.strip().partition("=") for entry in value.split(",")]
    if [f"SHA-256={found}" for name, _, found in named if name.lower() == "sha-256"] != [digest(body)]:
        raise Unauthenticated("The digest is not the SHA-256 of the body.")


def check_content_digest(value: str, body: bytes) -> None:
    """Refuse a `Content-Digest` (RFC 9530) that has not a SHA-256, or another body's."""
    found, _ = dictionary("Content-Digest", value).get("sha-256", (None, {}))
    if found != sha256(body).digest():
        raise Unauthenticated("The digest is not the SHA-256 of the body.")


def dictionary(name: str, value: str) -> dict[str, tuple[object, dict[str, object]]]:
    """A header that is a dictionary of structured fields: each member with its parameters.  A key that comes twice is an error (6)."""

    def twice(key: str, where: str) -> None:
        raise ValueError(f"{key} twice")

    try:
        found = http_sf.parse(value.encode("ascii"), tltype="dictionary", on_duplicate_key=twice)
    except ValueError as trouble:
        raise Malformed(f"The header {name} is malformed.") from trouble
    return cast(dict[str, tuple[object, dict[str, object]]], found)
