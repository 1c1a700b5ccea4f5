"""A server that answers apps on a real socket, people who live there or elsewhere, and apps whose every answer is held against the shapes."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import asyncpg
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from fediverse_circle.actions import accounts, following, posting
from fediverse_circle.app import build
from fediverse_circle.config import settings_of
from fediverse_circle.core.clock import utc_now
from fediverse_circle.core.ids import ActorId, PostId
from fediverse_circle.domain import uris
from fediverse_circle.domain.actors import Actor
from fediverse_circle.domain.audience import Addressing, Audience, Person, Public, Visibility
from fediverse_circle.domain.post import Post, Words
from fediverse_circle.net.client import open_client
from fediverse_circle.site import Site
from fediverse_circle.store import actors, oauth, posts
from fediverse_circle.store.db import Database, begin
from fediverse_circle.store.posts import Origin
from tests.conformance.shapes import problems, strictness
from tests.people import ELSEWHERE, HERE, people, profile
from tests.sites import LOOPBACK

DOMAIN = HERE.removeprefix("https://")
Face = tuple[int, list[tuple[str, str]], bytes]
EVERYTHING = ("read", "write", "follow", "push")


@dataclass(frozen=True)
class Answer:
    """What came back: `text` as it came, `json` read."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    json: Any

    @property
    def face(self) -> Face:
        """What a stranger can compare."""
        return self.status, sorted((k.lower(), v) for k, v in self.headers.items() if k.lower() != "date"), self.body

    def cursor(self, relation: str) -> str | None:
        """The path of the page before (`prev`) or after (`next`) this one."""
        for part in filter(None, self.headers.get("Link", "").split(", ")):
            url, _, said = part.partition("; ")
            if said == f'rel="{relation}"':
                assert url.startswith(f"<https://{DOMAIN}/api/")
                return url[1:-1].removeprefix(f"https://{DOMAIN}")
        return None


class App:
    """An app with a token, or without one.  Whatever it is answered must fit the shapes and satisfy strict decoders."""

    def __init__(self, house: "House", token: str | None) -> None:
        self._house, self.token = house, token

    async def ask(self, method: str, path: str, **how: Any) -> Answer:
        headers = {**({"Authorization": f"Bearer {self.token}"} if self.token else {}), **how.pop("headers", {})}
        async with self._house.session.request(method, self._house.base + path, headers=headers, **how) as response:
            body = await response.read()
            answer = Answer(response.status, response.headers.copy(), body, await response.json() if body else None)
        fits = problems(method, path.partition("?")[0].rstrip("/"), answer.status, answer.json)
        assert not fits, f"{method} {path} {answer.status}: {fits}"
        stumbles = list(strictness(answer.json))
        assert not stumbles, f"{method} {path}: {stumbles}"
        return answer

    async def get(self, path: str, **params: Any) -> Answer:
        return await self.ask("GET", path, params=params or None)

    async def post(self, path: str, /, **said: Any) -> Answer:
        return await self.ask("POST", path, json=said)

    async def put(self, path: str, /, **said: Any) -> Answer:
        return await self.ask("PUT", path, json=said)

    async def patch(self, path: str, /, **said: Any) -> Answer:
        return await self.ask("PATCH", path, json=said)

    async def delete(self, path: str) -> Answer:
        return await self.ask("DELETE", path)

    async def say(self, text: str, **said: Any) -> Any:
        """A post, that goes through."""
        answer = await self.post("/api/v1/statuses", status=text, **said)
        assert answer.status == 200, answer.body
        return answer.json


class Resident(App):
    """Somebody who lives here, with an app that may do everything."""

    def __init__(self, house: "House", token: str, actor: Actor) -> None:
        super().__init__(house, token)
        self.actor, self.id = actor, str(actor.id)

    @property
    def acct(self) -> str:
        return self.actor.username

    async def post_keyed(self, text: str, key: str) -> Answer:
        return await self.ask("POST", "/api/v1/statuses", json={"status": text}, headers={"Idempotency-Key": key})


@dataclass(frozen=True)
class House:
    """A running server."""

    here: Site
    base: str
    session: ClientSession

    @property
    def nobody(self) -> App:
        return App(self, None)

    async def people(self, number: int, *, ceiling: Visibility = "private", locked: bool = True) -> list[Resident]:
        """Some people who live here."""
        return [await self.person(ceiling=ceiling, locked=locked) for _ in range(number)]

    async def person(self, name: str | None = None, *, ceiling: Visibility = "private", locked: bool = True) -> Resident:
        name = name or f"p{secrets.token_hex(5)}"
        async with begin(self.here.db) as tx:
            (actor,) = await people(tx, name, locked=locked, ceiling=ceiling)
        return Resident(self, await self.token(actor.id, *EVERYTHING), actor)

    async def token(self, actor: ActorId | None, *scopes: str) -> str:
        secret, now = secrets.token_urlsafe(32), self.here.now()
        async with begin(self.here.db) as tx:
            app = await oauth.insert_app(
                tx, now, secrets.token_hex(8), "secret", "Trial", None, ["urn:ietf:wg:oauth:2.0:oob"], list(scopes)
            )
            await oauth.insert_token(tx, now, secret, app.id, actor, scopes)
        return secret

    async def app(self, person: Resident | None, *scopes: str) -> App:
        """An app with a narrow token; of nobody: for itself alone."""
        return App(self, await self.token(person.actor.id if person else None, *scopes))

    async def foreigner(self, name: str | None = None) -> Actor:
        """Somebody of another server, whom this one knows."""
        name = name or f"f{secrets.token_hex(5)}"
        said = replace(profile(name, ELSEWHERE, locked=True), avatar=f"{ELSEWHERE}/face.png", note="<p>Hi</p>")
        async with begin(self.here.db) as tx:
            return await actors.keep_remote(tx, self.here.now(), said)

    async def befriend(self, follower: Actor, target: Actor, at: datetime | None = None) -> None:
        """One follows the other, since a while ago."""
        now = at or self.here.now() - timedelta(hours=1)
        async with begin(self.here.db) as tx:
            await following.request(tx, now, follower, target)
            if not target.local:
                await following.receive_acceptance(tx, now, target.id, follower.id, now)
            elif target.locked:
                await following.accept(tx, now, target, follower)

    async def arrive(
        self, author: Actor, *rows: Audience, content: str = "<p>From afar</p>", parent: Post | None = None, **more: Any
    ) -> Post:
        """A post of somebody elsewhere arrives."""
        now = self.here.now()
        uri = uris.new_post(ELSEWHERE)
        origin = Origin(uri, None, author.id, parent and parent.id, parent and parent.uri, "Note", now)
        words = Words(content, None, more.get("summary", ""), False, None, frozenset(more.get("mentioned", ())))
        async with begin(self.here.db) as tx:
            post = await posting.receive(tx, now, origin, words, Addressing(frozenset(rows), listed=Public() in rows))
        assert post is not None
        return post

    async def post(self, id: str, reader: Actor) -> Post:
        """A post as a row."""
        return await posts.visible(self.here.db.pool, reader.id, PostId(int(id)))

    async def suspend(self, actor: Actor) -> None:
        async with begin(self.here.db) as tx:
            await tx.execute("update actor set suspended_at = now() where id = $1", actor.id)

    def for_person(self, person: Resident) -> list[Audience]:
        return [Person(person.actor.id)]

    async def questions(self, ask: Callable[[], Awaitable[object]]) -> list[str]:
        """The statements that the database is asked meanwhile."""
        asked: list[str] = []
        execute = asyncpg.Connection._execute

        async def heard(connection: Any, query: str, *arguments: object, **how: Any) -> Any:
            if "typeinfo_tree" not in query and "pg_notify" not in query:  # the driver, learning a type; the bell, of what was before
                asked.append(query)
            return await execute(connection, query, *arguments, **how)

        with patch.object(asyncpg.Connection, "_execute", heard):
            await ask()
        return asked

    async def audience(self, post: str) -> list[tuple[str, int | None]]:
        """The audience rows of a post, as the database has them."""
        rows = await self.here.db.pool.fetch("select kind::text, actor_id from post_audience where post_id = $1", PostId(int(post)))
        return sorted((kind, actor) for kind, actor in rows)


@asynccontextmanager
async def open_house(db: Database, now: Callable[[], datetime] = utc_now) -> AsyncIterator[House]:
    settings = settings_of({"domain": DOMAIN, "name": "Here", "description": "For us & friends."})
    async with (
        open_client(
            user_agent="trial",
            own_hosts={DOMAIN},
            allowed_private_networks=LOOPBACK,
            host_map={"nowhere.example": ("127.0.0.1", 1)},
            extra_ca=None,
        ) as client,
        ClientSession() as session,
    ):
        async with begin(db) as tx:
            instance_actor = await accounts.instance_actor(tx, now(), settings)
        here = Site(settings, db, client, now, instance_actor.id)
        async with TestServer(build(here, {"web"})) as server:
            yield House(here, str(server.make_url("")).rstrip("/"), session)
