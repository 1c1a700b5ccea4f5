"""The one client that goes out, for documents, deliveries and whatever else strangers have.

Every request has one deadline for all of it (names, handshake, redirects, the last byte) and a bound on what is read, counted after
inflating.  GET follows few redirects by hand: each is judged, paid for and signed like the first.  POST follows none.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import final

import aiohttp
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from fediverse_circle.core.errors import TooLarge, Unreachable
from fediverse_circle.core.transaction import transaction_open
from fediverse_circle.core.urls import Url, joined, parse_url
from fediverse_circle.net.budget import Budget
from fediverse_circle.net.guard import AddressRefused, Guard, Network, NotDialled
from fediverse_circle.net.hosts import Names

Signer = Callable[[Url], Mapping[str, str]]
"""The headers (Date, Signature, …) that vouch for a GET of this very URL.  Called anew for each hop."""
Reading = Callable[[aiohttp.ClientResponse], Awaitable[bytes]]

DEADLINE_SECONDS = 30.0
DOCUMENT_BYTES = 1 << 20
_REPLY_BYTES = 1 << 16  # of the answer to a delivery nobody needs more
_REDIRECTS = 3
_MOVED = frozenset({301, 302, 303, 307, 308})
_CONNECT_SECONDS = 10.0
_IDLE_SECONDS = 60.0  # a new TLS connection costs about four times a kept one
_CONNECTIONS, _CONNECTIONS_PER_HOST = 100, 6
_NAMES_SECONDS = 60


@final
@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """What a stranger said.  `url` is where it was found in the end, without fragment; `content_type` is the header as it came."""

    url: Url
    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def content_type(self) -> str:
        """The Content-Type header, empty if there is none: see `media_types`."""
        return self.headers.get("Content-Type", "")

    def __repr__(self) -> str:
        return f"Answer({self.status} from {self.url.origin}, {len(self.body)} bytes)"


@final
class Client:
    """Asks strangers.  Made by `open_client`."""

    def __init__(self, session: aiohttp.ClientSession, guard: Guard) -> None:
        self._session, self._guard = session, guard

    async def get(self, url: Url, *, accept: str, signer: Signer | None, budget: Budget, limit_bytes: int = DOCUMENT_BYTES) -> Answer:
        """The document at a URL, after at most three redirects.

        Raises Unreachable (no answer in time, or none that is HTTP), BudgetSpent, TooLarge, AddressRefused or BadUrl (never ask again).
        Any status is an answer.
        """
        url = parse_url(url.document)
        with _in_our_words():
            async with asyncio.timeout(min(DEADLINE_SECONDS, budget.seconds_left)):
                for _ in range(1 + _REDIRECTS):
                    budget.spend()
                    headers = {"Accept": accept, **(signer(url) if signer else {})}
                    answer = await self._ask("GET", url, headers, None, partial(_document, limit_bytes))
                    place = answer.headers.get("Location")
                    if answer.status not in _MOVED or place is None:
                        return answer
                    url = _next(url, place)
        raise AddressRefused

    async def post(self, url: Url, *, body: bytes, headers: Mapping[str, str], deadline: float = DEADLINE_SECONDS) -> Answer:
        """Hand a signed body to an inbox.  Any status is an answer, a redirect too: it is not followed.

        Raises as `get` does; what raised Unreachable may have arrived all the same.
        """
        with _in_our_words():
            async with asyncio.timeout(deadline):
                try:
                    return await self._ask("POST", url, headers, body, _reply)
                except aiohttp.ServerDisconnectedError:  # a kept connection ended as we took it; receivers know a repeat when they see one
                    return await self._ask("POST", url, headers, body, _reply)

    async def _ask(self, method: str, url: Url, headers: Mapping[str, str], body: bytes | None, read: Reading) -> Answer:
        """One request, one answer; of a redirect the body stays unread."""
        if transaction_open.get():
            raise RuntimeError("no stranger inside a transaction")
        self._guard.check(url)
        sent = CIMultiDict({"Host": url.origin.authority})
        sent.update(headers)
        place = URL(f"{url.origin}{url.target}", encoded=True)
        async with self._session.request(method, place, headers=sent, data=body, allow_redirects=False) as response:
            return Answer(url, response.status, response.headers, b"" if response.status in _MOVED else await read(response))


@asynccontextmanager
async def open_client(
    *,
    user_agent: str,
    own_hosts: Collection[str],
    allowed_private_networks: Sequence[Network],
    host_map: Mapping[str, tuple[str, int]],
    extra_ca: Path | None,
) -> AsyncIterator[Client]:
    """A client for as long as the context lasts.

    `own_hosts`: authorities of this server, in normal form.  The rest is for laboratories, and empty in the world: networks that may be
    dialled although they are private, names with a fixed address and port, a file of further certificate authorities.
    """
    trust = ssl.create_default_context()
    if extra_ca is not None:
        trust.load_verify_locations(extra_ca)
    guard, names = Guard(frozenset(own_hosts), tuple(allowed_private_networks)), Names(host_map)
    connector = aiohttp.TCPConnector(
        resolver=names,
        socket_factory=guard.socket,
        ssl=trust,
        limit=_CONNECTIONS,
        limit_per_host=_CONNECTIONS_PER_HOST,
        keepalive_timeout=_IDLE_SECONDS,
        ttl_dns_cache=_NAMES_SECONDS,
    )
    try:
        async with aiohttp.ClientSession(
            connector=connector,
            headers={"User-Agent": user_agent},
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS),
            trust_env=False,
        ) as session:
            yield Client(session, guard)
    finally:
        await names.close()


def _next(url: Url, place: str) -> Url:
    """Where a redirect leads.  The scheme stays, or becomes https."""
    there = parse_url(joined(url, place).document)
    if url.origin.scheme == "https" and there.origin.scheme != "https":
        raise AddressRefused
    return there


async def _document(limit: int, response: aiohttp.ClientResponse) -> bytes:
    """The whole body, inflated, unless it is longer than the limit."""
    if (response.content_length or 0) > limit:
        raise TooLarge
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > limit:
            raise TooLarge
    return bytes(body)


async def _reply(response: aiohttp.ClientResponse) -> bytes:
    """The first bytes of an answer whose status is what matters.  Mostly that is all of them, and the connection can be kept."""
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > _REPLY_BYTES:
            break
    return bytes(body[:_REPLY_BYTES])


@contextmanager
def _in_our_words() -> Iterator[None]:
    """Errors of the network as ours, without the URL that theirs repeat."""
    try:
        yield
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        raise (AddressRefused if isinstance(error.__cause__, NotDialled) else Unreachable) from None
