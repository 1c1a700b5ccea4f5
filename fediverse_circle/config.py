"""What the people who run a server decide, read once at the start and checked: one frozen `Settings`.

Each setting is a field below with its reader, its default and its explanation; the names in the file, in the environment
(`FEDIVERSE_CIRCLE_` and the name in capitals) and in the printed example all come from there.  Later sources win: the file, `DATABASE_URL`,
`FEDIVERSE_CIRCLE_*`, the command line.  The file is the one named on the command line, else by `FEDIVERSE_CIRCLE_CONFIG`, else
`fediverse-circle.toml` in the data directory if there is one; nothing is picked up from the directory somebody happens to stand in.

No other module reads the environment.
"""

import difflib
import os
import re
import ssl
import sys
import tempfile
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from fediverse_circle.core.errors import Invalid
from fediverse_circle.core.urls import BadUrl, Origin, parse_origin

Network = IPv4Network | IPv6Network
Registration = Literal["closed", "invitation", "open"]
LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["text", "json"]
T = TypeVar("T")

PREFIX = "FEDIVERSE_CIRCLE_"
FILE_NAME = "fediverse-circle.toml"
_LONGEST_SOCKET_PATH = 107
_ADDRESS = re.compile(r"(?:\[(?P<bracketed>[0-9a-f:.]+)\]|(?P<host>[a-z0-9.]*)):(?P<port>[0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class Tcp:
    """An address and a port to listen on."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        return self.host == "localhost" or (self.host != "" and ip_address(self.host).is_loopback)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Unix:
    """A socket in the file system to listen on."""

    path: Path

    def __str__(self) -> str:
        return f"unix:{self.path}"


Listen = Tcp | Unix


class Unfit(ValueError):
    """A value is not what its setting expects; says how, where that is more than `expected` tells."""


@dataclass(frozen=True, slots=True)
class _Said:
    """A value as somebody wrote it, and the directory that its relative paths start from."""

    value: object
    base: Path


# Readers: what was written in TOML, in a variable or on the command line, as the value it stands for


def _text(said: _Said) -> str:
    if not isinstance(said.value, str):
        raise Unfit
    if any("\ud800" <= sign <= "\udfff" for sign in said.value):
        raise Unfit("it is not text in UTF-8")
    return said.value.strip()


def _line(said: _Said) -> str:
    text = _text(said)
    if not text.isprintable():
        raise Unfit
    return text


def _host(said: _Said) -> str:
    try:
        origin = parse_origin(f"https://{_text(said)}")
    except BadUrl:
        raise Unfit from None
    if origin.is_literal:
        raise Unfit("that is an address, not a name")
    return origin.authority


def _list_of(read: Callable[[_Said], T]) -> Callable[[_Said], tuple[T, ...]]:
    def read_all(said: _Said) -> tuple[T, ...]:
        match said.value:
            case str(text):
                parts: list[object] = [part.strip() for part in text.split(",") if part.strip()]
            case list(items):
                parts = items
            case _:
                raise Unfit
        return tuple(read(_Said(part, said.base)) for part in parts)

    return read_all


def _listen(said: _Said) -> Listen:
    text = _text(said)
    if text.startswith("unix:"):
        path = _path(_Said(text.removeprefix("unix:"), said.base))
        if len(os.fsencode(path)) > _LONGEST_SOCKET_PATH:
            raise Unfit(f"a socket's path has at most {_LONGEST_SOCKET_PATH} bytes")
        return Unix(path)
    parts = _ADDRESS.fullmatch(text)
    if parts is None or not 1 <= (port := int(parts["port"])) <= 65535:
        raise Unfit
    host = parts["bracketed"] or parts["host"]
    if host not in ("", "localhost"):
        try:
            host = str(ip_address(host))
        except ValueError:
            raise Unfit from None
    return Tcp(host, port)


def _network(said: _Said) -> Network:
    try:
        return ip_network(_text(said))
    except ValueError as error:
        raise Unfit(str(error)) from None


def _path(said: _Said) -> Path:
    text = _text(said)
    if not text or not text.isprintable():
        raise Unfit
    try:
        return (said.base / Path(text).expanduser()).resolve()
    except RuntimeError:
        raise Unfit("there is no such home directory") from None


def _file(said: _Said) -> Path:
    path = _path(said)
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise Unfit(f"{path} cannot be read: {error.strerror}") from None
    return path


def _authorities(said: _Said) -> Path:
    path = _file(said)
    try:
        ssl.create_default_context(cafile=str(path))
    except (ssl.SSLError, OSError):
        raise Unfit(f"{path} holds no certificates in PEM") from None
    return path


def _database(said: _Said) -> str:
    text = _text(said)
    if not text.startswith(("postgresql://", "postgres://")):
        raise Unfit
    return text


def _window(said: _Said) -> timedelta:
    match said.value:
        case int(seconds):
            pass
        case str(text) if text.isascii() and text.isdigit():
            seconds = int(text)
        case _:
            raise Unfit
    if not 30 <= seconds <= 3600:
        raise Unfit
    return timedelta(seconds=seconds)


def _mail(said: _Said) -> str:
    text = _line(said)
    name, _, host = text.rpartition("@")
    if not name or " " in text:
        raise Unfit
    return f"{name}@{_host(_Said(host, said.base))}"


def _choice(options: object) -> Callable[[_Said], str]:
    def read(said: _Said) -> str:
        if _text(said) not in get_args(options):
            raise Unfit
        return _text(said)

    return read


@dataclass(frozen=True, slots=True)
class _About:
    """What a field of `Settings` tells of itself: how it is read, what it expects (in words), an example, and the why."""

    read: Callable[[_Said], Any]
    expected: str
    example: str
    why: str


def _as(read: Callable[[_Said], Any], expected: str, example: str, why: str) -> dict[str, _About]:
    return {"about": _About(read, expected, example, why)}


def _default_data_directory() -> Path:
    """Where data is kept unless somebody says otherwise: root's must be reachable for the user PostgreSQL runs as."""
    if os.geteuid() == 0:
        return Path("/var/lib/fediverse-circle")
    shared = os.environ.get("XDG_DATA_HOME", "")
    return (Path(shared) if shared.startswith("/") else Path.home() / ".local" / "share") / "fediverse-circle"


def _default_runtime_directory() -> Path:
    """Where sockets go whose path would be too long elsewhere."""
    given = os.environ.get("XDG_RUNTIME_DIR", "")
    if given.startswith("/") and os.geteuid() != 0:
        return Path(given)
    return Path("/run") if os.geteuid() == 0 and sys.platform == "linux" else Path(tempfile.gettempdir())


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything a server is told.  Made by `load` or `settings_of`, which check; the defaults here are the documented ones."""

    domain: str | None = field(
        default=None,
        metadata=_as(
            _host,
            "a host name such as example.org",
            '"example.org"',
            "The name in handles (@ana@example.org).  It can never be changed: other servers know people by it.\n"
            "Without it the server is for trying out: it listens on this machine alone and federates with nobody.",
        ),
    )
    web_domain: str | None = field(
        default=None,
        metadata=_as(
            _host,
            "a host name such as social.example.org",
            '"social.example.org"',
            "Where the server itself is reached, if that is not the domain.  The domain's own web server must then redirect\n"
            "/.well-known/webfinger to it.  As lasting as the domain.",
        ),
    )
    listen: tuple[Listen, ...] = field(
        default=(Tcp("127.0.0.1", 8080),),
        metadata=_as(
            _list_of(_listen),
            "addresses with ports, such as 127.0.0.1:8080, [::1]:8080 or :8080 (all), or unix:/path/of/socket",
            '["127.0.0.1:8080"]',
            "Where connections are taken, behind a proxy or directly.",
        ),
    )
    tls_certificate: Path | None = field(
        default=None,
        metadata=_as(
            _file,
            "the path of a readable file: certificate and chain in PEM",
            '"/etc/ssl/example.org.pem"',
            "For TLS without a proxy in front.",
        ),
    )
    tls_key: Path | None = field(
        default=None,
        metadata=_as(
            _file,
            "the path of a readable file: the certificate's private key in PEM",
            '"/etc/ssl/private/example.org.key"',
            "Belongs to tls_certificate.",
        ),
    )
    trusted_proxies: tuple[Network, ...] = field(
        default=(),
        metadata=_as(
            _list_of(_network),
            "addresses or networks such as 127.0.0.1 or 10.0.0.0/24",
            '["127.0.0.1/32", "::1/128"]',
            "Whose X-Forwarded-For is believed when it tells who is asking.",
        ),
    )
    extra_ca_bundle: Path | None = field(
        default=None,
        metadata=_as(
            _authorities,
            "the path of a readable file with certificates in PEM",
            '"/etc/ssl/laboratory.pem"',
            "Authorities to trust, beside the system's, when asking other servers: for laboratories.",
        ),
    )
    allowed_private_networks: tuple[Network, ...] = field(
        default=(),
        metadata=_as(
            _list_of(_network),
            "addresses or networks such as 10.0.0.0/24",
            '["10.20.0.0/16"]',
            "Networks that requests to other servers may reach although they are private.  Dangerous outside laboratories:\n"
            "strangers choose where those requests go, and so could reach what stands in these networks.",
        ),
    )
    data_directory: Path = field(
        default=Path(),
        metadata=_as(_path, "a path", '"/var/lib/fediverse-circle"', "Where PostgreSQL's files and everything else that is kept live."),
    )
    runtime_directory: Path = field(
        default=Path(),
        metadata=_as(
            _path, "a short path", '"/run"', "Where PostgreSQL's socket goes if the path of the data directory is too long for one."
        ),
    )
    database_url: str | None = field(
        default=None,
        repr=False,
        metadata=_as(
            _database,
            "an address such as postgresql://user:password@host/database",
            '"postgresql://fediverse_circle@db.example.org/fediverse_circle"',
            "A PostgreSQL (15 or newer) that somebody else runs.  Without it the server runs its own.  DATABASE_URL does the same.",
        ),
    )
    registration: Registration = field(
        default="invitation",
        metadata=_as(_choice(Registration), 'one of "closed", "invitation", "open"', '"invitation"', "Who may make an account."),
    )
    name: str = field(
        default="A fediverse_circle server",
        metadata=_as(_line, "one line of text", '"Our corner"', "What the server is called in clients."),
    )
    description: str = field(
        default="",
        metadata=_as(_text, "text", '"For us and our friends."', "What the server says about itself to everybody."),
    )
    contact: str | None = field(
        default=None,
        metadata=_as(_mail, "an e-mail address", '"hello@example.org"', "Whom to write to about this server.  Everybody can see it."),
    )
    signature_window: timedelta = field(
        default=timedelta(hours=1),
        metadata=_as(
            _window, "seconds, from 30 to 3600", "3600", "How far the clock in another server's signature may be from ours, either way."
        ),
    )
    log_level: LogLevel = field(
        default="info",
        metadata=_as(
            _choice(LogLevel),
            'one of "debug", "info", "warning", "error"',
            '"info"',
            "The least important thing that is logged.  No level logs what people write.",
        ),
    )
    log_format: LogFormat = field(
        default="text",
        metadata=_as(_choice(LogFormat), 'one of "text", "json"', '"text"', "Lines for people or for programs."),
    )

    @property
    def federates(self) -> bool:
        """Whether there is a name under which other servers can know us."""
        return self.domain is not None

    @property
    def origin(self) -> Origin:
        """Where the server is reached: what every URL of ours starts with."""
        if self.domain is not None:
            return parse_origin(f"https://{self.web_domain or self.domain}")
        ports = [str(address.port) for address in self.listen if isinstance(address, Tcp)]
        return parse_origin(("https" if self.tls_certificate else "http") + "://localhost" + "".join(f":{port}" for port in ports[:1]))

    @property
    def handle_domain(self) -> str:
        """What stands behind the second @ of a handle."""
        return self.domain or self.origin.authority

    @property
    def cautions(self) -> tuple[str, ...]:
        """What the person who starts the server should hear, loudly."""
        if not self.allowed_private_networks:
            return ()
        networks = ", ".join(str(network) for network in self.allowed_private_networks)
        return (
            f"allowed_private_networks: strangers can make this server send requests into {networks}. "
            "Right in a laboratory, dangerous anywhere else.",
        )


def _names() -> dict[str, _About]:
    return {entry.name: _about(entry) for entry in fields(Settings)}


def _about(entry: "Field[Any]") -> _About:
    about = entry.metadata["about"]
    assert isinstance(about, _About)
    return about


def load(
    file: Path | None = None, *, environment: Mapping[str, str] | None = None, command_line: Mapping[str, object] | None = None
) -> Settings:
    """The settings from file, environment and command line (values by the same names), checked.  Invalid names the key and the place."""
    environment = os.environ if environment is None else environment
    here = Path.cwd()
    variables = {
        key.removeprefix(PREFIX).lower(): (_Said(value, here), key)
        for key, value in environment.items()
        if key.startswith(PREFIX) and key != f"{PREFIX}CONFIG" and value != ""
    }
    spoken = {key: (_Said(value, here), f"--{key.replace('_', '-')}") for key, value in (command_line or {}).items() if value is not None}
    plain = {"database_url": (_Said(environment["DATABASE_URL"], here), "DATABASE_URL")} if environment.get("DATABASE_URL") else {}
    named = file or (Path(environment[f"{PREFIX}CONFIG"]) if environment.get(f"{PREFIX}CONFIG") else None)
    if named is None:
        said = spoken.get("data_directory") or variables.get("data_directory")
        beside = (_read("data_directory", *said) if said else _default_data_directory()) / FILE_NAME
        written = _written(beside) if beside.is_file() else {}
    else:
        written = _written(named)
    return _checked(written | plain | variables | spoken)


def settings_of(values: Mapping[str, object]) -> Settings:
    """The settings from values by name, checked as any others; for programs that start servers (the demo, the tests)."""
    here = Path.cwd()
    return _checked({key: (_Said(value, here), key) for key, value in values.items()})


def example() -> str:
    """A file with every setting, explained and commented out."""
    parts = [
        "# Settings of fediverse_circle.  Everything has a default; take away the # to decide otherwise.",
        f"# The same names work as variables: {PREFIX}DOMAIN and so on, lists separated by commas.",
    ]
    for name, about in _names().items():
        why = "\n".join(f"# {line}" for line in about.why.splitlines())
        parts.append(f"{why}\n# Expects {about.expected}.\n#{name} = {about.example}")
    return "\n\n".join(parts) + "\n"


def _written(file: Path) -> dict[str, tuple[_Said, str]]:
    try:
        with file.open("rb") as opened:
            values = tomllib.load(opened)
    except OSError as error:
        raise Invalid("config", f"The settings file {file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise Invalid("config", f"The settings file {file} is not text in UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise Invalid("config", f"The settings file {file} is not TOML: {error}.") from None
    return {key: (_Said(value, file.resolve().parent), f"{key} in {file}") for key, value in values.items()}


def _read(name: str, said: _Said, place: str) -> Any:
    names = _names()
    if name not in names:
        close = difflib.get_close_matches(name, names, 1)
        raise Invalid(name, f"{place}: there is no such setting." + (f" Did you mean {close[0]}?" if close else ""))
    try:
        return names[name].read(said)
    except Unfit as unfit:
        more = f" ({unfit})" if unfit.args else ""
        raise Invalid(name, f"{place}: expected {names[name].expected}{more}.") from None


def _checked(said: Mapping[str, tuple[_Said, str]]) -> Settings:
    values = {name: _read(name, *written) for name, written in said.items()}
    values.setdefault("data_directory", _default_data_directory())
    values.setdefault("runtime_directory", _default_runtime_directory())
    settings = Settings(**values)
    _check_together(settings)
    return settings


def _check_together(settings: Settings) -> None:
    """What no setting can say alone."""
    if (settings.tls_certificate is None) != (settings.tls_key is None):
        missing, present = ("tls_key", "tls_certificate") if settings.tls_key is None else ("tls_certificate", "tls_key")
        raise Invalid(missing, f"{missing}: expected too, because {present} is set.")
    if not settings.listen:
        raise Invalid("listen", "listen: expected at least one address.")
    if settings.domain is not None:
        return
    if settings.web_domain is not None:
        raise Invalid("domain", "domain: expected too, because web_domain is set.")
    far = _first_beyond_loopback(settings.listen)
    if far is not None:
        raise Invalid(
            "listen", f"listen: without a domain the server is for this machine alone; {far} would be open to others. Set domain first."
        )


def _first_beyond_loopback(addresses: Sequence[Listen]) -> Listen | None:
    return next((address for address in addresses if isinstance(address, Tcp) and not address.is_loopback), None)
