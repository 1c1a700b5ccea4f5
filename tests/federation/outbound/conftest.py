"""Other servers on loopback that note what they are brought, and a server of ours that brings it: real TLS, real keys, a clock the test owns."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import msgspec
import pytest
import trustme
from aiohttp import web
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from fediverse_circle.core.ids import ActorId
from fediverse_circle.core.urls import parse_origin
from fediverse_circle.domain import uris
from fediverse_circle.domain.actors import Actor
from fediverse_circle.federation.delivery import deliver
from fediverse_circle.signing import Request, RsaSecretKey, Signed, generate_rsa, parse, verify
from fediverse_circle.site import Site
from fediverse_circle.store import actors, deliveries, keys
from fediverse_circle.store.db import Database, Tx, begin
from fediverse_circle.store.deliveries import Copy, Inbox
from tests.people import NOW, people, profile
from tests.sites import Clock, site

HOSTS = ("m.example", "g.example", *(f"h{number}.example" for number in range(50)))


@cache
def key_of(name: str) -> RsaSecretKey:
    """A key that belongs to this name for the whole run: making one takes 50 ms."""
    return generate_rsa()


@dataclass
class Brought:
    """A request that came to one of the servers."""

    host: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def activity(self) -> dict[str, object]:
        said = msgspec.json.decode(self.body)
        assert isinstance(said, dict)
        return said

    def signed_by(self, name: str, now: datetime) -> Signed:
        """The request as our own verifier sees it, signed by this person of ours; raises if it is not."""
        request = Request("POST", self.path, self.headers, self.body, (parse_origin(f"https://{self.host}"),))
        claim = parse(request)
        assert claim.key_id == uris.rsa_key(uris.actor("https://here.example", name))
        return verify(claim, key_of(name).public(), now, timedelta(minutes=1))


Answering = Callable[[Brought], Awaitable[web.Response]]


async def taken(_: Brought) -> web.Response:
    return web.Response(status=202)


@dataclass
class Elsewhere:
    """All other servers: one program under many names.  `answer` may be exchanged by a test."""

    port: int = 0
    seen: list[Brought] = field(default_factory=list)
    answer: Answering = taken
    connections: set[object] = field(default_factory=set)
    most_side_by_side: int = 0
    under_way: set[asyncio.Task[object]] = field(default_factory=set)

    @property
    def names(self) -> Mapping[str, tuple[str, int]]:
        return dict.fromkeys(HOSTS, ("127.0.0.1", self.port))

    async def come(self, request: web.Request) -> web.Response:
        task = asyncio.current_task()
        assert task is not None
        self.under_way.add(task)
        self.most_side_by_side = max(self.most_side_by_side, len(self.under_way))
        self.connections.add(request.transport)
        headers = tuple((name.decode(), value.decode()) for name, value in request.raw_headers)
        brought = Brought(request.host, request.path, headers, await request.read())
        self.seen.append(brought)
        try:
            return await self.answer(brought)
        finally:
            self.under_way.discard(task)

    def bodies(self, host: str | None = None) -> list[bytes]:
        return [brought.body for brought in self.seen if host in (None, brought.host)]

    async def saw(self, count: int) -> None:
        """Wait until so many requests have come."""
        await until(lambda: len(self.seen) >= count)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.002)


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def certificate(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert(*HOSTS)


@pytest.fixture
def trust(authority: trustme.CA, tmp_path: Path) -> Path:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return tmp_path / "ca.pem"


@pytest.fixture
async def elsewhere(certificate: trustme.LeafCert) -> AsyncIterator[Elsewhere]:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(tls)
    elsewhere = Elsewhere()
    app = web.Application()
    app.router.add_post("/{path:.*}", elsewhere.come)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    elsewhere.port = runner.addresses[0][1]
    yield elsewhere
    for task in elsewhere.under_way:
        task.cancel()
    await runner.cleanup()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def here(db: Database, clock: Clock, elsewhere: Elsewhere, trust: Path) -> AsyncIterator[Site]:
    async with site(db, clock, host_map=elsewhere.names, trust=trust) as here:
        yield here


async def residents(tx: Tx, *names: str) -> Sequence[Actor]:
    """People who live here, with keys."""
    made = await people(tx, *names)
    for actor in made:
        private = key_of(actor.username).native.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        await keys.keep_secret(tx, actor.id, keys.SecretKey("rsa", private))
    return made


async def stranger(tx: Tx, name: str, host: str, *, shared: bool = True) -> Actor:
    """Somebody who lives elsewhere, on a server with or without a shared inbox."""
    said = profile(name, f"https://{host}", locked=True)
    return await actors.keep_remote(tx, NOW, said if shared else replaced(said))


def replaced(said: actors.Profile) -> actors.Profile:
    return actors.Profile(**{name: getattr(said, name) for name in said.__slots__} | {"shared_inbox": None})


@pytest.fixture
async def ana(here: Site) -> Actor:
    async with begin(here.db) as tx:
        (ana,) = await residents(tx, "ana")
    return ana


async def queue(
    here: Site, signer: ActorId, body: bytes, *urls: str, give_up: timedelta = timedelta(days=7), to: str | None = None
) -> None:
    """Something waits for these inboxes."""
    inboxes = [Inbox(url, url.split("/")[2]) for url in urls]
    async with begin(here.db) as tx:
        uri = uris.new_activity("https://here.example")
        await deliveries.add(tx, signer, uri, [Copy(to, body, inboxes)], here.now() + give_up, words_of=None)


@asynccontextmanager
async def delivering(here: Site) -> AsyncIterator[None]:
    """A delivery worker for as long as the block lasts; it ends cleanly."""
    stop = asyncio.Event()
    task = asyncio.create_task(deliver(here, stop))
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(10):
            await task


async def nothing_waits(here: Site) -> None:
    """Wait until all is told and brought, and no bytes of it are kept."""
    async with asyncio.timeout(20):
        while await here.db.pool.fetchval(
            "select exists (select from job) or exists (select from delivery) or exists (select from activity)"
        ):
            await asyncio.sleep(0.002)


async def waits(here: Site, count: int) -> None:
    """Wait until so many deliveries wait, and nobody holds their host."""
    async with asyncio.timeout(20):
        while await here.db.pool.fetchval("select count(*) from delivery") != count or await here.db.pool.fetchval(
            "select exists (select from destination where lease_owner is not null)"
        ):
            await asyncio.sleep(0.002)


def later(here: Site, clock: Clock, by: timedelta) -> None:
    """Time passes, and somebody notices."""
    clock.move(by)
    here.db.bell.touch()
