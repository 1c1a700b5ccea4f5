"""draft-cavage-http-signatures-12, as the fediverse speaks it: the `Signature` header with `keyId`, `headers` and `signature`."""

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, final

from fediverse_circle.core.errors import Unauthenticated
from fediverse_circle.core.urls import Url
from fediverse_circle.signing.claim import (
    READING,
    SEAL,
    Claim,
    Fields,
    Malformed,
    Request,
    Scheme,
    demand,
    is_plain,
    moment,
    only,
    plain_key_id,
)
from fediverse_circle.signing.digest import CONTENT_TYPE, check_digest, digest
from fediverse_circle.signing.keys import PublicKey, RsaKey, RsaSecretKey

_PARAMETER: Final = re.compile(r'[ \t]*([A-Za-z]+)[ \t]*=[ \t]*(?:"([^"\\]*)"|([0-9]+))[ \t]*(,|\Z)')
_NAME: Final = re.compile(r"\((?:request-target|created|expires)\)|[a-z0-9!#$%&'*+.^_`|~-]+")
_SECONDS: Final = re.compile(r"[0-9]{1,11}")
_DATE: Final = re.compile(r"[A-Z][a-z]{2}, ([0-9]{2}) ([A-Z][a-z]{2}) ([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT")
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ALGORITHMS: Final = frozenset({"rsa-sha256", "hs2019"})  # hs2019 means: ask the key


@final
@dataclass(frozen=True, slots=True)
class SigningStrings:
    """A signature, and what it may be over: one text a target."""

    signature: bytes
    texts: tuple[tuple[str, bytes], ...] = field(repr=False)

    def vouched(self, key: PublicKey) -> str | None:
        """The target that the key vouches for."""
        if not isinstance(key, RsaKey):  # 1: in this scheme no other kind of key has an algorithm that everybody agrees on
            return None
        return next((target for target, text in self.texts if key.verifies(self.signature, text)), None)


def read(request: Request, fields: Fields) -> Claim:
    """What the `Signature` header claims."""
    said = _parameters(only(fields, "signature"))
    if said.get("algorithm", "hs2019").lower() not in _ALGORITHMS:  # 1
        raise Unauthenticated("Only rsa-sha256 and hs2019 are taken.")
    names = _names(said.get("headers", ""))
    covered = frozenset(names)
    demand(covered, "(request-target)", "host", "(created)" if "(created)" in covered else "date")
    request.addressed(fields)
    if request.digest_demanded():
        demand(covered, "digest")
    if "digest" in covered:
        check_digest(only(fields, "digest"), request.body)
    created = _seconds(said, "created") if "(created)" in covered else _http_date(only(fields, "date"))
    expires = _seconds(said, "expires") if "expires" in said else None
    signature = _signature(said)
    texts = tuple((target, signing_string(names, request.method, target, fields, said)) for target in _targets(request))
    return Claim(
        Scheme.CAVAGE,
        plain_key_id(said.get("keyid", "")),
        covered,
        created,
        expires,
        signature,
        request,
        SigningStrings(signature, texts),
        seal=SEAL,
    )


def signing_string(names: tuple[str, ...], method: str, target: str, fields: Fields, said: Mapping[str, str]) -> bytes:
    """The text that is signed: a line for each name, in the order of the names."""
    lines = []
    for name in names:
        match name:
            case "(request-target)":
                value = f"{method.lower()} {target}"
            case "(created)" | "(expires)":
                value = said.get(name[1:-1], "")
                if not value:
                    raise Malformed(f"The signature covers {name}, but does not say it.")
            case _:
                if name not in fields:
                    raise Unauthenticated(f"The signature covers the header {name}, but the request has none.")
                value = ", ".join(fields[name])
        if not is_plain(value):
            raise Malformed(f"The signature covers {name}, which has other characters than printable ASCII.")
        lines.append(f"{name}: {value}")
    return "\n".join(lines).encode("ascii")


def sign_cavage(secret: RsaSecretKey, key_id: str, method: str, url: Url, body: bytes | None, now: datetime) -> dict[str, str]:
    """The headers that sign this request, to be sent exactly so: with a body `(request-target) host date digest content-type`.

    Asked for must be `url.target`, unchanged; signed anew for each attempt and each hop.
    """
    headers = {"Host": url.origin.authority, "Date": http_date(now)}
    if body is not None:
        headers |= {"Digest": digest(body), "Content-Type": CONTENT_TYPE}
    fields = {name.lower(): (value,) for name, value in headers.items()}
    names = ("(request-target)", *fields)
    signature = b64encode(secret.sign(signing_string(names, method, url.target, fields, {}))).decode("ascii")
    headers["Signature"] = f'keyId="{key_id}",algorithm="rsa-sha256",headers="{" ".join(names)}",signature="{signature}"'
    return headers


def http_date(when: datetime) -> str:
    """The time as HTTP writes it, whatever the locale."""
    at = when.astimezone(UTC)
    return f"{_DAYS[at.weekday()]}, {at.day:02} {_MONTHS[at.month - 1]} {at.year:04} {at:%H:%M:%S} GMT"


def _parameters(header: str) -> dict[str, str]:
    """The parameters by lower-case name; said twice is refused (6), unknown ones mean nothing."""
    found: dict[str, str] = {}
    place = 0
    while True:
        match = _PARAMETER.match(header, place)
        if match is None:
            raise Malformed("The header Signature is malformed.")
        name = match[1].lower()
        if name in found:
            raise Malformed(f"The header Signature says {match[1]} twice.")
        found[name] = match[2] if match[2] is not None else match[3]
        if not match[4]:
            return found
        place = match.end()


def _names(headers: str) -> tuple[str, ...]:
    names = tuple(headers.lower().split(" ")) if headers else ()
    if not all(_NAME.fullmatch(name) for name in names):
        raise Malformed("The list of signed headers is malformed.")
    if len(set(names)) != len(names):
        raise Malformed("The list of signed headers names one of them twice.")
    return names


def _targets(request: Request) -> tuple[str, ...]:
    """What the signer may have meant by the target: the path with its query; in a reading request perhaps without (5)."""
    path, mark, _ = request.target.partition("?")
    return (request.target, path) if mark and request.method in READING else (request.target,)


def _signature(said: Mapping[str, str]) -> bytes:
    text = said.get("signature", "")
    try:
        signature = b64decode(text, validate=True)
    except ValueError as trouble:
        raise Malformed("The signature is not base64.") from trouble
    if not signature or b64encode(signature).decode("ascii") != text:  # one signature has one spelling
        raise Malformed("The signature is not base64.")
    return signature


def _seconds(said: Mapping[str, str], name: str) -> datetime:
    text = said.get(name, "")
    if not _SECONDS.fullmatch(text):
        raise Malformed(f"The signature's {name} is not a number of seconds.")
    return moment(int(text))


def _http_date(text: str) -> datetime:
    """The time in `Date`: one form only, and the name of the day is not looked at."""
    match = _DATE.fullmatch(text)
    try:
        if match is not None:
            day, month, year, hour, minute, second = match.groups()
            return datetime(int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    except ValueError as trouble:
        raise Malformed("The header Date is malformed.") from trouble
    raise Malformed("The header Date is malformed.")
