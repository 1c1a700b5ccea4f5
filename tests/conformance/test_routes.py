"""Every route that the router knows, whoever asks: nothing here is listed by hand but what a path's parameters may be."""

from collections.abc import Iterator

from aiohttp import web

from fediverse_circle import mastodon
from tests.conformance.house import House
from tests.conformance.shapes import is_described, scopes

PUBLIC_PATHS = ("/avatars/", "/headers/", "/health")
WIDE = {"read", "write", "follow"}
PARAMETERS = ("id", "account_id", "year")


def routes() -> Iterator[tuple[str, str]]:
    for table in mastodon.ROUTES:
        for route in table:
            assert isinstance(route, web.RouteDef)
            if not route.path.startswith(PUBLIC_PATHS):
                yield route.method, route.path


def filled(path: str, value: str) -> str:
    """The path with the value for each of its parameters; one that is not known fails the test."""
    path = path.replace(":[0-9]+", "")
    for name in PARAMETERS:
        path = path.replace(f"{{{name}}}", value)
    assert "{" not in path, f"what may stand in {path}?"
    return path


def test_every_route_is_described() -> None:
    """If not, tests/vectors/mastodon_shapes.json wants to be made anew; this one is an old name of another."""
    assert {path for method, path in routes() if not is_described(method, filled(path, "1"))} == {"/api/v1/trends"}


async def test_every_route_refuses_a_token_that_is_none(house: House) -> None:
    """A route that asks who is asking says so; one that does not is the same for everybody."""
    (ana,) = await house.people(1)
    for method, path in routes():
        there = filled(path, ana.id)
        forged = await house.nobody.ask(method, there, headers={"Authorization": "Bearer forged"})
        assert forged.status in (200, 401), (method, path)
        if forged.status == 200:
            assert method == "GET"
            assert forged.face == (await ana.ask(method, there)).face, f"{path} looks at who asks, and not at whether they are"


async def test_every_route_that_needs_somebody_refuses_nobody_and_apps_for_themselves(house: House) -> None:
    (ana,) = await house.people(1)
    itself = await house.app(None, "read", "write", "follow", "push", "profile")
    open_to_strangers = set()
    for method, path in routes():
        there = filled(path, ana.id)
        nobody, app = await house.nobody.ask(method, there), await itself.ask(method, there)
        if nobody.status == 401:
            assert (app.status, app.json["error"]) == (401, "This method requires an authenticated user"), (method, path)
        else:
            assert method == "GET", (method, path)
            assert app.face == nobody.face, (method, path)
            open_to_strangers.add(path)
    assert {path for path in open_to_strangers if "timelines/home" in path or "notifications" in path or "verify" in path} == set()


async def test_every_route_refuses_a_token_of_the_wrong_scope(house: House) -> None:
    """Push is the one scope that no route here is about."""
    (ana,) = await house.people(1)
    narrow = await house.app(ana, "push")
    for method, path in routes():
        there = filled(path, ana.id)
        answer, nobody = await narrow.ask(method, there), await house.nobody.ask(method, there)
        assert answer.status == 403 or answer.face == nobody.face, (method, path)
        if nobody.status == 401:
            assert answer.status == 403, (method, path)


async def test_reading_scopes_do_nothing_and_writing_scopes_read_nothing(house: House) -> None:
    (ana,) = await house.people(1)
    reader, writer = await house.app(ana, "read"), await house.app(ana, "write")
    for method, path in routes():
        there = filled(path, ana.id)
        if (await house.nobody.ask(method, there)).status != 401:
            continue
        wrong = writer if method == "GET" else reader
        assert (await wrong.ask(method, there)).status == 403, (method, path)


async def test_every_route_opens_to_its_scope_and_to_no_other(house: House) -> None:
    """As Mastodon describes them; wide ones contain these."""
    (ana,) = await house.people(1)
    described = {(method, there): scopes(method, there) - WIDE for method, path in routes() if (there := filled(path, ana.id))}
    leaves = {scope for wanted in described.values() for scope in wanted}
    assert len(leaves) > 12
    apps = {scope: await house.app(ana, scope) for scope in leaves}
    for (method, there), wanted in described.items():
        for scope, app in apps.items() if wanted else ():
            answer = await app.ask(method, there)
            refused = answer.status == 403 and answer.json["error"] == "This action is outside the authorized scopes"
            assert refused == (scope not in wanted), (method, there, scope)


async def test_a_stranger_who_lives_here_sees_nothing_of_somebody_elses(house: House) -> None:
    """The words of a private post and what hangs on it, asked for by every route with its id, its author's id, and a notification's."""
    ana, bo, nora = await house.people(3)
    said = await ana.say(f"@{bo.acct} zwetschgendatschi", spoiler_text="quarkkeulchen")
    await bo.say("semmelbroesel", in_reply_to_id=said["id"])
    for method, path in routes():
        for value in (said["id"], ana.id, "1"):
            if method == "GET" and "{" not in path and value != said["id"]:
                continue
            answer = await nora.ask(method, filled(path, value))
            for word in (b"zwetschgendatschi", b"quarkkeulchen", b"semmelbroesel"):
                assert word not in answer.body, (method, path)
    assert (await bo.get(f"/api/v1/statuses/{said['id']}")).json["content"].endswith("zwetschgendatschi</p>")


async def test_whoever_was_suspended_or_disabled_is_nobody(house: House) -> None:
    ana, bo = await house.people(2)
    await house.befriend(bo.actor, ana.actor)
    said = await ana.say("x")
    await house.suspend(ana.actor)
    assert (await bo.get(f"/api/v1/statuses/{said['id']}")).status == 404
    assert (await bo.get(f"/api/v1/accounts/{ana.id}")).status == 404
    assert (await bo.get("/api/v1/timelines/home")).json == []
    for method, path in routes():
        answer = await ana.ask(method, filled(path, bo.id))
        nobody = await house.nobody.ask(method, filled(path, bo.id))
        assert answer.status in (401, 403) or answer.face == nobody.face, (method, path)
