"""URLs and hosts, read strictly: one parser for everybody who compares, keeps or asks one.

What is refused has no origin, so nothing can be decided by it: userinfo, white space, backslashes, invisible characters, an empty or wrong
port, hosts that only look like an address (octal, hexadecimal, one number), every scheme but http and https.  What is accepted has one
spelling, `str(url)`; two spellings of one host are one origin.  An *id* (of an actor, an object, a key) must be in that spelling already:
a thing has one name, and names are compared letter by letter.

The same pattern reads everything: the standard library's parser repairs what it does not understand, and the next parser repairs otherwise.
"""

import ipaddress
import re
from dataclasses import InitVar, dataclass
from functools import lru_cache
from typing import final
from urllib.parse import quote, urljoin

import idna

from fediverse_circle.core.errors import Invalid

LONGEST = 2048
_DEFAULT_PORTS = {"http": 80, "https": 443}
_SHAPE = re.compile(r"(?P<scheme>[A-Za-z]+)://(?P<authority>[^/?#]*)(?P<path>/[^?#]*)?(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>[^#]*))?")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:@\[\]]+)(?::(?P<port>[1-9][0-9]{0,4}))?")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_WRITABLE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"<>\\^`{|}#')
_SEAL = object()


class BadUrl(Invalid):
    """Not a URL we deal with.  The sentence says why, without repeating the text: paths may be secret."""

    def __init__(self, sentence: str) -> None:
        super().__init__("url", sentence)


@final
@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port: whose word it is.  Only this module makes one; `host` is as `normal_host` has it."""

    scheme: str
    host: str
    port: int
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("an Origin is read by parse_url or parse_origin")

    @property
    def authority(self) -> str:
        """The host as the Host header and the names of accounts have it: with its port where that is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def is_literal(self) -> bool:
        """Whether the host is an address instead of a name."""
        return ":" in self.host or _NUMBER.fullmatch(self.host.rpartition(".")[2]) is not None

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"


@final
@dataclass(frozen=True, slots=True, repr=False)
class Url:
    """A URL of ours or of a stranger, in its one spelling.  Only this module makes one.  Its repr tells the host alone."""

    origin: Origin
    path: str
    query: str | None
    fragment: str | None
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("a Url is read by parse_url")

    @property
    def target(self) -> str:
        """Path and query as a request line and a signature bear them: never empty, ASCII, otherwise as written."""
        return quote(self.path or "/", safe=_WRITABLE) + (f"?{quote(self.query, safe=_WRITABLE)}" if self.query else "")

    @property
    def document(self) -> str:
        """The URL without its fragment: what one asks for."""
        return f"{self.origin}{self.path}" + ("" if self.query is None else f"?{self.query}")

    def __str__(self) -> str:
        return self.document + ("" if self.fragment is None else f"#{self.fragment}")

    def __repr__(self) -> str:
        return f"Url({self.origin}/…)"


@lru_cache(maxsize=2000)  # one activity names its actor, and their lists, again and again
def parse_url(text: str) -> Url:
    """The http or https URL that the text is; BadUrl if it is not exactly one."""
    _refuse_strange(text)
    parts = _SHAPE.fullmatch(text)
    if parts is None or (scheme := parts["scheme"].lower()) not in _DEFAULT_PORTS:
        raise BadUrl("That is not a web address.")
    authority = _AUTHORITY.fullmatch(parts["authority"])
    if authority is None:
        raise BadUrl("The host of the URL is not well-formed.")
    port = int(authority["port"] or _DEFAULT_PORTS[scheme])
    if port > 65535:
        raise BadUrl("The port of the URL does not exist.")
    origin = Origin(scheme, normal_host(authority["host"]), port, _SEAL)
    return Url(origin, parts["path"] or "", parts["query"], parts["fragment"], _SEAL)


def parse_id(text: str) -> Url:
    """The URL that names a thing: as `parse_url`, and already in its one spelling."""
    url = parse_url(text)
    if str(url) != text:
        raise BadUrl("The id is not in its normal form.")
    return url


def parse_origin(text: str) -> Origin:
    """The origin that the text is, without path, query or fragment (a final slash is allowed)."""
    url = parse_url(text)
    if url.path not in ("", "/") or url.query is not None or url.fragment is not None:
        raise BadUrl("That is more than an origin.")
    return url.origin


def same_origin(one: str, other: str) -> bool:
    """Whether both are URLs of the same scheme, host and port.  What is no URL has no origin."""
    try:
        return parse_url(one).origin == parse_url(other).origin
    except BadUrl:
        return False


def joined(base: Url, reference: str) -> Url:
    """The URL that a reference (a Location header) names, as seen from the base."""
    _refuse_strange(reference)
    if _SCHEME.match(reference):
        return parse_url(reference)
    if reference.startswith("//"):
        return parse_url(f"{base.origin.scheme}:{reference}")
    if reference.startswith("/"):
        return parse_url(f"{base.origin}{reference}")
    return parse_url(urljoin(str(base), reference))


def normal_host(text: str) -> str:
    """The one spelling of a host: A-labels in lower case without a final dot; an address as its standard writes it, without brackets."""
    if text.startswith("["):
        return _address_v6(text.strip("[]"))
    name = text.removesuffix(".").lower() if text.isascii() else _a_labels(text)
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise BadUrl("The host of the URL is not well-formed.")
    if _NUMBER.fullmatch(labels[-1]):
        return _address_v4(text)
    return name


def _refuse_strange(text: str) -> None:
    if len(text) > LONGEST:
        raise BadUrl("The URL is too long.")
    if not text.isprintable() or " " in text or "\\" in text:
        raise BadUrl("The URL holds characters that no URL has.")


def _a_labels(text: str) -> str:
    if len(text) > 253:
        raise BadUrl("The host of the URL is too long.")
    try:
        return idna.encode(text, uts46=True).decode("ascii").removesuffix(".")
    except UnicodeError:
        raise BadUrl("The host of the URL is not a name of any script.") from None


def _address_v4(text: str) -> str:
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        raise BadUrl("The host of the URL is a number, but no address.") from None


def _address_v6(text: str) -> str:
    try:
        return str(ipaddress.IPv6Address(text))
    except ValueError:
        raise BadUrl("The host of the URL is no address.") from None
