"""Not for you = not there: the same status, headers and bytes as for what never was."""

import pytest

from fediverse_circle.core.ids import new_id
from tests.conformance.house import App, Face, House

ABOUT_A_POST = [
    ("GET", "/api/v1/statuses/{}"),
    ("GET", "/api/v1/statuses/{}/context"),
    ("GET", "/api/v1/statuses/{}/history"),
    ("GET", "/api/v1/statuses/{}/source"),
    ("GET", "/api/v1/statuses/{}/favourited_by"),
    ("GET", "/api/v1/statuses/{}/reblogged_by"),
    ("GET", "/api/v1/statuses/{}/quotes"),
    ("PUT", "/api/v1/statuses/{}"),
    ("DELETE", "/api/v1/statuses/{}"),
    ("HEAD", "/api/v1/statuses/{}"),
    ("POST", "/api/v1/statuses/{}/favourite"),
    ("POST", "/api/v1/statuses/{}/reblog"),
    ("POST", "/api/v1/statuses/{}/bookmark"),
    ("POST", "/api/v1/statuses/{}/pin"),
    ("POST", "/api/v1/statuses/{}/mute"),
    ("POST", "/api/v1/statuses/{}/translate"),
    ("GET", "/api/v1/statuses/{}/card"),
    ("GET", "/api/v1/polls/{}"),
    ("GET", "/api/v2/search?q=https://here.example/@{name}/{}"),
    ("GET", "/api/v1/statuses?id[]={}"),
    ("POST", "/api/v1/statuses?status=x&in_reply_to_id={}"),
]


@pytest.mark.parametrize(("method", "path"), ABOUT_A_POST, ids=[f"{method} {path}" for method, path in ABOUT_A_POST])
async def test_a_post_that_is_not_for_the_asker_is_as_one_that_never_was(house: House, method: str, path: str) -> None:
    ana, nora, friend = await house.people(3)
    await house.befriend(friend.actor, ana.actor)
    hidden, gone = await ana.say("Not for Nora"), await ana.say("Taken back")
    await ana.delete(f"/api/v1/statuses/{gone['id']}")
    never = str(new_id(house.here.now()))
    asker: App
    for asker in (nora, house.nobody, await house.app(None, "read", "write")):
        faces, questions = [], []

        async def ask(id: str, asker: App = asker, faces: list[Face] = faces) -> None:
            answer = await asker.ask(method, path.format(id, name=ana.acct), **({"json": {"status": "x"}} if method == "PUT" else {}))
            faces.append(answer.face)

        await ask(never)  # the first use of a token is noted
        for id in (hidden["id"], gone["id"], never):
            questions.append(await house.questions(lambda id=id: ask(id)))
        assert faces[0] == faces[1] == faces[2] == faces[3]
        assert b"Nora" not in faces[1][2]
        assert questions[0] == questions[1] == questions[2]  # so it takes as long


async def test_an_unknown_path_and_an_unknown_method_are_not_there_either(house: House) -> None:
    (ana,) = await house.people(1)
    never = (await ana.get(f"/api/v1/statuses/{new_id(house.here.now())}")).face
    for method, path in (
        ("GET", "/api/v1/such/a/thing"),
        ("DELETE", "/api/v1/timelines/home"),
        ("GET", "/api/v9/instance"),
        ("PATCH", "/api/"),
    ):
        assert (await ana.ask(method, path)).face == never


async def test_answers_are_never_kept_by_anybody_in_between(house: House) -> None:
    ana, nora = await house.people(2)
    said = await ana.say("x")
    for asker in (ana, nora, house.nobody):
        headers = (await asker.get(f"/api/v1/statuses/{said['id']}")).headers
        assert headers["Cache-Control"] == "private, no-store"
        assert headers["Vary"] == "Accept, Signature, Signature-Input, Authorization, Cookie"


async def test_what_is_somebody_elses_is_not_there_to_dismiss_or_to_see(house: House) -> None:
    ana, bo, nora = await house.people(3)
    await ana.say(f"@{bo.acct} hello")
    (told,) = (await bo.get("/api/v1/notifications")).json
    assert (await nora.get(f"/api/v1/notifications/{told['id']}")).status == 404
    await nora.post(f"/api/v1/notifications/{told['id']}/dismiss")
    await nora.post("/api/v1/notifications/clear")
    assert (await bo.get("/api/v1/notifications")).json == [told]


async def test_strangers_see_those_who_live_here_and_not_whom_they_know(house: House) -> None:
    ana, mo = (await house.people(1))[0], await house.foreigner()
    handle = f"{mo.username}@{mo.host}"
    assert (await ana.get(f"/api/v1/accounts/{mo.id}")).status == 200
    assert (await ana.get("/api/v1/accounts/lookup", acct=handle)).status == 200
    never = (await house.nobody.get(f"/api/v1/accounts/{new_id(house.here.now())}")).face
    assert (await house.nobody.get(f"/api/v1/accounts/{mo.id}")).face == never
    assert (await house.nobody.get(f"/api/v1/accounts/{mo.id}/statuses")).face == never
    assert (await house.nobody.get("/api/v1/accounts/lookup", acct=handle)).face == never
    assert (await house.nobody.get("/api/v1/accounts/lookup", acct="nobody@there.example")).face == never
    assert (await house.nobody.get("/api/v1/accounts", **{"id[]": str(mo.id)})).json == []
    assert (await house.nobody.get(f"/api/v1/accounts/{ana.id}")).status == 200


async def test_the_servers_own_actor_is_nobody(house: House) -> None:
    (ana,) = await house.people(1)
    own = house.here.instance_actor
    for method, path in (
        ("GET", "accounts/{}"),
        ("GET", "accounts/{}/statuses"),
        ("POST", "accounts/{}/follow"),
        ("POST", "follow_requests/{}/authorize"),
    ):
        assert (await ana.ask(method, f"/api/v1/{path.format(own)}")).status == 404
    for text in ("here.example", "here.example@here.example"):
        for resolve in ("true", "false"):
            assert (await ana.get("/api/v1/accounts/search", q=text, resolve=resolve)).json == []
        assert (await ana.post("/api/v1/statuses", status=f"@{text} hello")).status == 422
    assert (await ana.get("/api/v2/search", q="https://here.example/actor")).json["accounts"] == []
