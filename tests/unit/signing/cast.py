"""What the tests of this room share: recorded requests, and a hand that signs whatever it is told to."""

import json
import sys
from base64 import b64encode
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from fediverse_circle.core.errors import Unauthenticated
from fediverse_circle.core.urls import parse_origin
from fediverse_circle.signing import Malformed, PublicKey, Request, RsaSecretKey, Signed, generate_rsa, parse, public_key_from_pem, verify

VECTORS = Path(__file__).parents[2] / "vectors"
CAPTURES = VECTORS / "captures" / "gotosocial"
HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
DATE = "Fri, 20 Nov 2026 18:00:00 GMT"
HERE = parse_origin("https://v.example")
KEY_ID = "https://w.example/users/mo#main-key"


@cache
def secret() -> RsaSecretKey:
    """Mo's key."""
    return generate_rsa()


@dataclass(frozen=True)
class Recorded:
    """A request that GoToSocial sent, the key it was signed with, and when."""

    name: str
    request: Request
    key_id: str
    key: PublicKey
    at: datetime


def recorded(name: str) -> Recorded:
    """The capture of this name."""
    said = json.loads((CAPTURES / f"{name}.json").read_text())
    headers = tuple((key, value) for key, value in said["headers"])
    key_id = dict(headers)["Signature"].split('"')[1]
    keys = json.loads((CAPTURES / "keys.json").read_text())
    pem = said["public_key"]["pem"] if "public_key" in said else keys[key_id]
    body = (said["raw_body"] or "").encode()
    request = Request(said["method"], said["path"], headers, body, (parse_origin(f"https://{said['host']}"),))
    return Recorded(name, request, key_id, public_key_from_pem(pem), datetime.fromisoformat(said.get("captured_at") or said["at"]))


RECORDED = sorted(path.stem for path in CAPTURES.glob("*.json") if path.stem != "keys")


def judged(request: Request, key: PublicKey, now: datetime = NOW, window: timedelta = HOUR) -> Signed:
    """What comes of a request when the key that it names is known."""
    return verify(parse(request), key, now, window)


def refused(request: Request, key: PublicKey | None = None, now: datetime = NOW, window: timedelta = HOUR) -> Exception:
    """The refusal of a request: as malformed (400) or as not authenticated (401); anything else is an error of ours."""
    with pytest.raises((Malformed, Unauthenticated)) as caught:
        judged(request, key or secret().public(), now, window)
    return caught.value


def digest_of(body: bytes) -> str:
    """The value of Digest."""
    return "SHA-256=" + b64encode(sha256(body).digest()).decode()


def content_digest_of(body: bytes) -> str:
    """The value of Content-Digest."""
    return f"sha-256=:{b64encode(sha256(body).digest()).decode()}:"


POST = ("(request-target)", "host", "date", "digest")
GET = ("(request-target)", "host", "date")


def cavage(
    names: tuple[str, ...] = POST,
    *,
    method: str = "POST",
    target: str = "/inbox",
    signed_target: str | None = None,
    body: bytes = b'{"type":"Create"}',
    headers: dict[str, str] | None = None,
    parameters: str | None = None,
    said: dict[str, str] | None = None,
    sign: Any = None,
) -> Request:
    """A request with a draft-cavage signature over whatever is asked for, however unwise."""
    sent = {"Host": "v.example", "Date": DATE, **({"Digest": digest_of(body)} if method == "POST" else {}), **(headers or {})}
    lower = {name.lower(): value for name, value in sent.items()}
    special = {
        "(request-target)": f"{method.lower()} {signed_target or target}",
        **{f"({name})": value for name, value in (said or {}).items()},
    }
    text = "\n".join(f"{name.lower()}: {special.get(name.lower(), lower.get(name.lower(), ''))}" for name in names)
    signature = b64encode((sign or secret().sign)(text.encode())).decode()
    if parameters is None:
        times = "".join(f",{name}={value}" for name, value in (said or {}).items())
        parameters = f'keyId="{KEY_ID}",algorithm="hs2019"{times}'
    sent["Signature"] = f'{parameters},headers="{" ".join(names)}",signature="{signature}"'
    return Request(method, target, tuple(sent.items()), body, (HERE,))


COMPONENTS = ('"@method"', '"@target-uri"', '"content-digest"')
CREATED = int(NOW.timestamp())


def rfc9421(
    components: tuple[str, ...] = COMPONENTS,
    *,
    method: str = "POST",
    target: str = "/inbox",
    uri: str | None = None,
    body: bytes = b'{"type":"Create"}',
    headers: dict[str, str] | None = None,
    parameters: str = f';created={CREATED};keyid="{KEY_ID}"',
    values: dict[str, str] | None = None,
    sign: Any = None,
) -> Request:
    """A request with an RFC 9421 signature over whatever is asked for, however unwise."""
    sent = {"Host": "v.example", **({"Content-Digest": content_digest_of(body)} if method == "POST" else {}), **(headers or {})}
    known = {
        '"@method"': method,
        '"@target-uri"': uri or f"https://v.example{target}",
        '"content-digest"': sent.get("Content-Digest", ""),
        **(values or {}),
    }
    member = f"({' '.join(components)}){parameters}"
    text = "\n".join(
        [*(f"{name}: {known.get(name) or known[name.partition(';')[0]]}" for name in components), f'"@signature-params": {member}']
    )
    signature = b64encode((sign or secret().sign)(text.encode())).decode()
    sent |= {"Signature-Input": f"sig1={member}", "Signature": f"sig1=:{signature}:"}
    return Request(method, target, tuple(sent.items()), body, (HERE,))


def with_header(request: Request, name: str, value: str) -> Request:
    """The request with another value in this header."""
    return replace(request, headers=tuple((key, value if key.lower() == name.lower() else old) for key, old in request.headers))


def header(request: Request, name: str) -> str:
    """The value of this header."""
    return next(value for key, value in request.headers if key.lower() == name.lower())


def httpsig() -> ModuleType:
    """The independent oracle.  It asks pkg_resources for its own version, which newer setuptools have no more."""
    absent = "pkg_resources" not in sys.modules
    if absent:
        sys.modules["pkg_resources"] = SimpleNamespace(
            get_distribution=lambda _: SimpleNamespace(version=""), DistributionNotFound=LookupError
        )  # type: ignore[assignment]
    try:
        import httpsig as oracle
        import httpsig.utils
    finally:
        if absent:
            del sys.modules["pkg_resources"]
    return oracle
