"""A server under test on loopback, and strangers around it: real sockets, real TLS between servers, real keys, a clock that the test owns."""

import ipaddress
import secrets
import ssl
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import aiohttp
import msgspec
import trustme
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from fediverse_circle import app as assembly
from fediverse_circle.actions import accounts
from fediverse_circle.actions.accounts import Face, KeyPairs
from fediverse_circle.config import settings_of
from fediverse_circle.core.ids import ActorId
from fediverse_circle.core.paging import Page
from fediverse_circle.core.urls import parse_url
from fediverse_circle.domain import uris
from fediverse_circle.domain.actors import Actor, Follow
from fediverse_circle.domain.audience import Addressing, Audience
from fediverse_circle.domain.credentials import DisplayName, Email, Username
from fediverse_circle.domain.post import Post, Words
from fediverse_circle.federation import fetch, incoming
from fediverse_circle.federation.asking import Asking
from fediverse_circle.net.client import open_client
from fediverse_circle.signing import Ed25519SecretKey, RsaSecretKey, generate_ed25519, generate_rsa, multibase, pem, sign_cavage
from fediverse_circle.site import Site
from fediverse_circle.store import actors, follows, jobs, notifications, oauth, posts, timelines
from fediverse_circle.store.db import Database, Pool, begin
from fediverse_circle.store.posts import Origin

V, W, E = "v.example", "w.example", "e.example"
LOOPBACK = (ipaddress.ip_network("127.0.0.1/32"),)  # where the strangers are; the rest of this machine is not to be reached
ACTIVITY = "application/activity+json"
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass
class Clock:
    """The time of the server under test: stands still until the test moves it."""

    at: datetime = NOON

    def __call__(self) -> datetime:
        return self.at

    def pass_by(self, **how_long: float) -> None:
        self.at += timedelta(**how_long)


@cache
def rsa_of(name: str) -> RsaSecretKey:
    """A key that belongs to this name for the whole run: making one takes 50 ms."""
    return generate_rsa()


@cache
def ed25519_of(name: str) -> Ed25519SecretKey:
    return generate_ed25519()


@dataclass(frozen=True)
class Person:
    """Somebody elsewhere, who can sign."""

    host: str
    name: str

    @property
    def id(self) -> str:
        return f"https://{self.host}/users/{self.name}"

    @property
    def key_id(self) -> str:
        return f"{self.id}#main-key"

    @property
    def followers(self) -> str:
        return f"{self.id}/followers"

    @property
    def secret(self) -> RsaSecretKey:
        return rsa_of(self.id)

    def document(self, **changes: object) -> dict[str, Any]:
        return {
            "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
            "id": self.id,
            "type": "Person",
            "preferredUsername": self.name,
            "name": self.name.title(),
            "summary": f"<p>I am {self.name}.</p>",
            "inbox": f"{self.id}/inbox",
            "outbox": f"{self.id}/outbox",
            "followers": self.followers,
            "endpoints": {"sharedInbox": f"https://{self.host}/inbox"},
            "url": f"https://{self.host}/@{self.name}",
            "manuallyApprovesFollowers": True,
            "publicKey": {"id": self.key_id, "owner": self.id, "publicKeyPem": pem(self.secret.public())},
            "assertionMethod": [
                {
                    "id": f"{self.id}#ed25519-key",
                    "type": "Multikey",
                    "controller": self.id,
                    "publicKeyMultibase": multibase(ed25519_of(self.id).public()),
                }
            ],
        } | changes

    def thing(self, path: str) -> str:
        return f"{self.id}/{path}"

    def note(self, path: str, **changes: object) -> dict[str, Any]:
        """A followers-only note of this person."""
        return {
            "id": self.thing(path),
            "type": "Note",
            "attributedTo": self.id,
            "content": "<p>words</p>",
            "published": NOON.isoformat(),
            "to": [self.followers],
            "cc": [],
        } | changes

    def does(self, kind: str, thing: object, path: str = "", **changes: object) -> dict[str, Any]:
        """An activity of this person."""
        about = thing.get("id") if isinstance(thing, dict) else thing
        audience = {key: thing[key] for key in ("to", "cc") if isinstance(thing, dict) and key in thing}
        return (
            {
                "@context": "https://www.w3.org/ns/activitystreams",
                "id": self.thing(path or f"{kind.lower()}/{abs(hash(str(about)))}"),
                "type": kind,
                "actor": self.id,
                "object": thing,
            }
            | audience
            | changes
        )


@dataclass
class Stranger:
    """A server elsewhere: what it answers at which path and query, and what it was asked."""

    host: str
    answers: dict[str, tuple[int, str, bytes]] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    signers: list[str | None] = field(default_factory=list)
    down: bool = False
    restricted: dict[str, frozenset[str]] = field(default_factory=dict)

    def say(self, url: str, document: object, *, kind: str = ACTIVITY, status: int = 200, only_for: frozenset[str] | None = None) -> None:
        """Answer so from now on; `only_for` these key ids, if anybody in particular."""
        place = url.partition("#")[0].removeprefix(f"https://{self.host}")
        self.answers[place] = (status, kind, document if isinstance(document, bytes) else msgspec.json.encode(document))
        if only_for is not None:
            self.restricted[place] = only_for

    def welcome(self, *people: Person) -> None:
        """These live here: their documents and handles are to be had."""
        for person in people:
            self.say(person.id, person.document())
            self.name(person.name, person.id)

    def name(self, username: str, actor: str, *, host: str | None = None, subject: str | None = None) -> None:
        """What WebFinger says of a handle."""
        host = host or self.host
        descriptor = {"subject": subject or f"acct:{username}@{host}", "links": [{"rel": "self", "type": ACTIVITY, "href": actor}]}
        self.say(f"/.well-known/webfinger?resource=acct:{username}@{host}", descriptor, kind="application/jrd+json")

    async def handle(self, request: web.Request) -> web.StreamResponse:
        place = URL(request.raw_path, encoded=True).human_repr()
        signature = request.headers.get("Signature", "")
        key = signature.partition('keyId="')[2].partition('"')[0] or None
        self.asked.append((request.method, place))
        self.signers.append(key)
        if self.down:
            assert request.transport is not None
            request.transport.abort()
        if place in self.moved:
            return web.Response(status=302, headers={"Location": self.moved[place]})
        status, kind, body = self.answers.get(place, (404, "application/json", b"{}"))
        if place in self.restricted and key not in self.restricted[place]:
            status, kind, body = 404, "application/json", b"{}"
        return web.Response(status=status, body=body, headers={"Content-Type": kind})


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def face(self) -> tuple[int, list[tuple[str, str]], bytes]:
        """What a stranger can compare."""
        return self.status, sorted((k.lower(), v) for k, v in self.headers if k.lower() not in {"date", "x-request-id"}), self.body


@dataclass
class Stage:
    """V, the server under test, with its neighbours W and E."""

    here: Site
    clock: Clock
    host: str
    address: str
    session: aiohttp.ClientSession
    strangers: dict[str, Stranger]

    @property
    def db(self) -> Database:
        return self.here.db

    async def person(self, name: str) -> Actor:
        """Somebody who lives here."""
        face = Face(Username(name), DisplayName(""), KeyPairs(rsa_of(name), ed25519_of(name)))
        async with begin(self.db) as tx:
            email = Email(f"{name}@mail.example")
            _, actor = await accounts.open_login(tx, self.clock(), self.here.settings, email, "no password", "member", face)
        return actor

    async def ask(
        self, method: str, target: str, headers: Mapping[str, str] | Sequence[tuple[str, str]] = (), body: bytes | None = None
    ) -> Answer:
        """A request to V, as if TLS had been ended in front of it."""
        sent = CIMultiDict({"Host": self.host})
        for name, value in headers.items() if isinstance(headers, Mapping) else headers:
            (sent.add if name.lower() != "host" else sent.__setitem__)(name, value)
        url = URL(f"{self.address}{target}", encoded=True)
        async with self.session.request(
            method, url, headers=sent, data=None if body is None else BytesIO(body), allow_redirects=False
        ) as answer:
            return Answer(answer.status, list(answer.headers.items()), await answer.read())

    async def get(self, target: str, by: Person | None = None, **headers: str) -> Answer:
        """A GET, signed by somebody elsewhere or by nobody."""
        target = target.removeprefix(f"https://{self.host}")
        signed = sign_cavage(by.secret, by.key_id, "GET", parse_url(f"https://{self.host}{target}"), None, self.clock()) if by else {}
        return await self.ask("GET", target, {"Accept": ACTIVITY} | headers | dict(signed))

    async def post(self, activity: object, by: Person, inbox: str = "/inbox", *, at: datetime | None = None) -> Answer:
        """A signed delivery."""
        body = activity if isinstance(activity, bytes) else msgspec.json.encode(activity)
        target = inbox.removeprefix(f"https://{self.host}")
        signed = sign_cavage(by.secret, by.key_id, "POST", parse_url(f"https://{self.host}{target}"), body, at or self.clock())
        return await self.ask("POST", target, signed, body)

    async def deliver(self, activity: object, by: Person, inbox: str = "/inbox") -> None:
        """A signed delivery that is accepted, and whatever follows from it."""
        answer = await self.post(activity, by, inbox)
        assert answer.status == 202, answer
        await self.settle()

    async def settle(self) -> None:
        """Understand what waits, until nothing does; what cannot be done just now keeps waiting."""
        for _ in range(20):
            async with begin(self.db) as tx:
                waiting = await jobs.lease(tx, self.clock(), self.clock() + timedelta(minutes=1), ["Understand"], 20)
            if not waiting:
                return
            for job in waiting:
                await incoming.understand(self.here, job)

    async def token(self, actor: Actor) -> str:
        """A token of somebody here, good for everything."""
        secret, now = secrets.token_urlsafe(32), self.clock()
        async with begin(self.db) as tx:
            app = await oauth.insert_app(
                tx, now, secrets.token_hex(8), "secret", "Trial", None, ["urn:ietf:wg:oauth:2.0:oob"], ["read", "write"]
            )
            await oauth.insert_token(tx, now, secret, app.id, actor.id, ["read", "write"])
        return secret

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """The statements that are asked of the database outside transactions, in order."""
        asked: list[str] = []

        def noting(ask: Any) -> Any:
            async def noted(pool: Pool, query: str, *arguments: object) -> Any:
                asked.append(query)
                return await ask(pool, query, *arguments)

            return noted

        with ExitStack() as patches:
            for name in ("fetch", "fetchrow", "fetchval"):
                patches.enter_context(patch.object(Pool, name, noting(getattr(Pool, name))))
            yield asked

    async def introduce(self, *people: Person) -> None:
        """Make these live where they live, and known here."""
        for person in people:
            server = self.strangers[person.host]
            server.welcome(person)
            await fetch.actor_anew(self.here, Asking(self.here), person.id)
            server.asked.clear()
            server.signers.clear()

    async def befriend(self, follower: Actor, target: Person) -> Follow:
        """Somebody here follows somebody elsewhere, since now."""
        them = await self.actor(target)
        assert them is not None
        async with begin(self.db) as tx:
            asked = await follows.request(tx, self.clock(), follower.id, them.id, uris.new_activity(f"https://{self.host}"))
            await follows.accept(tx, follower.id, them.id, self.clock())
        return asked

    async def followed_by(self, follower: Person, target: Actor) -> None:
        """Somebody elsewhere follows somebody here, since now."""
        async with begin(self.db) as tx:
            them = await self.known(follower)
            await follows.request(tx, self.clock(), them, target.id, follower.thing(f"follows/{target.username}"))
            await follows.accept(tx, them, target.id, self.clock())

    async def says(self, author: Actor, *to: Audience, words: str = "secret", parent: Post | None = None) -> Post:
        """Somebody here says something."""
        where = Origin(
            uris.new_post(f"https://{self.host}"),
            None,
            author.id,
            parent.id if parent else None,
            parent.uri if parent else None,
            "Note",
            self.clock(),
        )
        async with begin(self.db) as tx:
            said = Words(f"<p>{words}</p>", words, "", False, "en", frozenset())
            post = await posts.insert(tx, self.clock(), where, said, Addressing(frozenset(to), listed=True))
            assert post is not None
            await timelines.enter(tx, post.id)
        return post

    async def read(self, viewer: Actor | ActorId | None) -> list[str]:
        """The ids of all that somebody may read, in the order it came; None: a stranger."""
        who = viewer.id if isinstance(viewer, Actor) else viewer
        records = await self.db.pool.fetch("select uri from visible_posts($1) order by id", who)
        return [record["uri"] for record in records]

    async def home(self, viewer: Actor) -> list[str]:
        """The ids in somebody's home, newest first."""
        return [post.uri for post in await timelines.home(self.db.pool, viewer.id, Page())]

    async def told(self, account: Actor) -> list[tuple[str, int]]:
        """What somebody here was told: which kind, caused by whom."""
        found = await notifications.recent(self.db.pool, account.id, Page(), kinds=None, without=[], by=None)
        return [(each.kind, each.actor_id) for each in found]

    async def actor(self, person: Person) -> Actor | None:
        return await actors.by_uri(self.db.pool, person.id)

    async def known(self, person: Person) -> ActorId:
        """The number of somebody elsewhere, who is known here."""
        found = await self.actor(person)
        assert found is not None
        return found.id

    @asynccontextmanager
    async def unmoved(self, *, but_asking: Collection[str] = ()) -> AsyncIterator[None]:
        """Whatever happens in the block writes nothing, asks nobody (or these hosts alone) and tells nobody, then or later."""
        before = await self.footprint()
        yield
        await self.settle()
        after = await self.footprint()
        moved = {name for name in before if after[name] != before[name]} - {f"asked {host}" for host in but_asking}
        assert not moved, sorted(moved)

    async def footprint(self) -> dict[str, object]:
        """All that is written, and how much was asked.  What merely remembers that a request came (`received`), or when somebody was asked last,
        is left aside.
        """
        tables = await self.db.pool.fetch(
            "select relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public' and c.relkind = 'r'"
        )
        counts: dict[str, object] = {}
        for name in sorted(record["relname"] for record in tables):
            if name != "received":
                rows = f"select (to_jsonb(t) - 'fetched_at')::text as row from {name} t"
                counts[name] = await self.db.pool.fetchval(f"select md5(coalesce(string_agg(row, '|' order by row), '')) from ({rows}) s")
        return counts | {f"asked {host}": len(stranger.asked) for host, stranger in self.strangers.items()}


@asynccontextmanager
async def stage(db: Database, directory: Path, authority: trustme.CA, *, host: str = V, at: datetime = NOON) -> AsyncIterator[Stage]:
    """V over the database, W and E beside it."""
    clock = Clock(at)
    async with AsyncExitStack() as stack:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        names = {name: Stranger(name) for name in (W, E)}
        authority.issue_cert(*names).configure_cert(tls)
        authority.cert_pem.write_to_path(str(directory / "ca.pem"))
        places = {}
        for name, stranger in names.items():
            places[name] = ("127.0.0.1", await _served(stack, stranger.handle, tls))
        client = await stack.enter_async_context(
            open_client(
                user_agent="fediverse_circle (test)",
                own_hosts={host},
                allowed_private_networks=LOOPBACK,
                host_map=places,
                extra_ca=directory / "ca.pem",
            )
        )
        settings = settings_of({"domain": host, "data_directory": str(directory)})
        async with begin(db) as tx:
            actor = await accounts.instance_actor(tx, clock(), settings)
        here = Site(settings, db, client, clock, actor.id)
        runner = web.AppRunner(assembly.build(here, {"web", "federation"}), access_log=None, shutdown_timeout=0)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        session = await stack.enter_async_context(aiohttp.ClientSession(headers={"User-Agent": "stranger"}))
        yield Stage(here, clock, host, f"http://127.0.0.1:{runner.addresses[0][1]}", session, names)


async def _served(stack: AsyncExitStack, handle: Any, tls: ssl.SSLContext) -> int:
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    port: int = runner.addresses[0][1]
    return port
