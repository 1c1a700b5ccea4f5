"""One application out of the surfaces: each says in its own words what went wrong, and nothing leaks."""

from typing import Any

import pytest
import structlog
from aiohttp import DummyCookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from fediverse_circle.app import ROLES, build
from fediverse_circle.config import settings_of
from fediverse_circle.core import quiet
from fediverse_circle.core.ids import ActorId
from fediverse_circle.site import Site
from fediverse_circle.store.db import Database
from tests.sites import Clock

probes = web.RouteTableDef()


@probes.get("/api/v1/probe/broken")
async def broken(_: web.Request) -> web.Response:
    raise ValueError("a private word")


@probes.get("/api/v1/probe/asker")
async def asker(request: web.Request) -> web.Response:
    return web.json_response(request.remote)


@pytest.fixture
async def reach(shared_db: Database) -> Any:
    """A client of an application with these settings."""
    made: list[TestClient[web.Request, web.Application]] = []

    async def reached(**settings: object) -> TestClient[web.Request, web.Application]:
        app = build(Site(settings_of(settings), shared_db, None, Clock(), ActorId(0)), ROLES)  # type: ignore[arg-type]
        app.add_routes(probes)
        client = TestClient(TestServer(app), cookie_jar=DummyCookieJar())
        await client.start_server()
        made.append(client)
        return client

    yield reached
    for client in made:
        await client.close()


@pytest.mark.parametrize(
    ("path", "kind"), [("/api/v1/nothing", "application/json"), ("/users/nobody/nothing", "application/json"), ("/nothing", "text/html")]
)
async def test_what_is_not_there_is_told_in_the_words_of_its_surface(reach: Any, path: str, kind: str) -> None:
    answer = await (await reach()).get(path)
    assert answer.status == 404
    assert answer.content_type in (kind, "application/activity+json") if path.startswith("/users") else answer.content_type == kind


async def test_a_method_that_a_path_does_not_know_is_not_told_from_a_path_that_is_not_there(reach: Any) -> None:
    client = await reach()
    known, unknown = await client.post("/api/v1/instance"), await client.post("/api/v1/nothing")
    assert (known.status, await known.read()) == (unknown.status, await unknown.read()) == (404, await unknown.read())
    assert "Allow" not in known.headers


async def test_a_slash_behind_a_path_of_the_api_changes_nothing(reach: Any) -> None:
    client = await reach()
    plain, slashed = await client.get("/api/v1/instance"), await client.get("/api/v1/instance/")
    assert (slashed.status, await slashed.read()) == (200, await plain.read())
    assert (await client.get("/api/v1/nothing/")).status == 404


async def test_a_fault_of_ours_has_a_name_and_no_words(reach: Any, capsys: pytest.CaptureFixture[str]) -> None:
    quiet.configure("info", "json")
    answer = await (await reach()).get("/api/v1/probe/broken")
    structlog.reset_defaults()
    assert answer.status == 500
    told = (await answer.json())["error"]
    name = told.rpartition(" ")[2].strip(".")
    logged = capsys.readouterr()
    assert name in logged.out + logged.err
    assert "ValueError" in logged.out + logged.err
    assert "private word" not in told + logged.out + logged.err


@pytest.mark.parametrize(
    ("said", "proxies", "asker"),
    [
        ("203.0.113.9", "", "127.0.0.1"),
        ("203.0.113.9", "127.0.0.1", "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9", "127.0.0.1", "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9, 127.0.0.2", "127.0.0.0/8", "203.0.113.9"),
        ("", "127.0.0.1", "127.0.0.1"),
    ],
)
async def test_only_a_trusted_proxy_tells_who_asks_and_nobody_forges_it(reach: Any, said: str, proxies: str, asker: str) -> None:
    client = await reach(trusted_proxies=proxies)
    answer = await client.get("/api/v1/probe/asker", headers={"X-Forwarded-For": said} if said else {})
    assert await answer.json() == asker


async def test_roles_decide_what_is_answered(shared_db: Database) -> None:
    here = Site(settings_of({}), shared_db, None, Clock(), ActorId(0))  # type: ignore[arg-type]
    routes = {role: {resource.canonical for resource in build(here, {role}).router.resources()} for role in ROLES}
    assert "/api/v1/instance" in routes["web"]
    assert "/inbox" in routes["federation"]
    assert not routes["web"] & routes["federation"]
    assert not routes["work"]
