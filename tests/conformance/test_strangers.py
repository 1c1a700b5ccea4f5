"""Whoever nobody here has met is looked up for the one who writes to them or searches, by real requests to a real server."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trustme

from fediverse_circle.domain.actors import Actor
from fediverse_circle.mastodon.writing import MOST_LOOKED_UP
from fediverse_circle.store import oauth
from fediverse_circle.store.db import Database, begin
from tests.strangers import NOON, Person, Stage, W, stage


@pytest.fixture
async def v(db: Database, tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(db, tmp_path, trustme.CA()) as v:
        yield v


async def call(v: Stage, person: Actor, method: str, path: str, said: object = None) -> tuple[int, Any]:
    """Ask as an app of somebody does."""
    secret = f"token of {person.username}"
    if await oauth.token(v.db.pool, secret) is None:
        async with begin(v.db) as tx:
            app = await oauth.insert_app(tx, v.clock(), person.username, "secret", "Trial", None, [], ["read", "write"])
            await oauth.insert_token(tx, v.clock(), secret, app.id, person.id, ["read", "write"])
    body = None if said is None else msgspec.json.encode(said)
    answer = await v.ask(method, path, {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}, body)
    return answer.status, answer.json


async def test_a_letter_to_somebody_nobody_has_met_finds_them_first(v: Stage) -> None:
    ana, mo = await v.person("ana"), Person(W, "mo")
    v.strangers[W].welcome(mo)
    status, said = await call(v, ana, "POST", "/api/v1/statuses", {"status": f"@mo@{W} hello", "visibility": "direct"})
    assert status == 200
    assert [mention["acct"] for mention in said["mentions"]] == [f"mo@{W}"]
    assert f'<a href="https://{W}/@mo" class="u-url mention">@<span>mo</span></a>' in said["content"]
    rows = await v.db.pool.fetch("select kind::text, actor_id from post_audience where post_id = $1", int(said["id"]))
    assert [(row["kind"], row["actor_id"]) for row in rows] == [("actor", await v.known(mo))]


async def test_a_letter_to_a_server_that_is_down_is_refused(v: Stage) -> None:
    ana = await v.person("ana")
    v.strangers[W].down = True
    status, said = await call(v, ana, "POST", "/api/v1/statuses", {"status": f"@mo@{W} hello"})
    assert (status, list(said["details"])) == (422, ["status"])


async def test_only_a_few_are_looked_up_for_one_text(v: Stage) -> None:
    ana = await v.person("ana")
    names = [f"mo{number}" for number in range(MOST_LOOKED_UP + 5)]
    v.strangers[W].welcome(*(Person(W, name) for name in names))
    status, said = await call(v, ana, "POST", "/api/v1/statuses", {"status": "Hello " + " ".join(f"@{name}@{W}" for name in names)})
    assert status == 200
    assert len(said["mentions"]) == MOST_LOOKED_UP
    assert f"@mo{MOST_LOOKED_UP + 4}@{W}" in said["content"]


async def test_people_and_posts_elsewhere_are_found_for_whoever_asks_to_resolve(v: Stage) -> None:
    ana, mo = await v.person("ana"), Person(W, "mo")
    v.strangers[W].welcome(mo)
    note = mo.note("1", to=["https://www.w3.org/ns/activitystreams#Public"])
    v.strangers[W].say(note["id"], note)
    assert (await call(v, ana, "GET", f"/api/v2/search?q=@mo@{W}"))[1]["accounts"] == []
    assert v.strangers[W].asked == []
    _, found = await call(v, ana, "GET", f"/api/v2/search?q=@mo@{W}&resolve=true")
    assert [account["acct"] for account in found["accounts"]] == [f"mo@{W}"]
    _, found = await call(v, ana, "GET", f"/api/v2/search?q={note['id']}&resolve=1")
    assert [status["uri"] for status in found["statuses"]] == [note["id"]]
    assert found["statuses"][0]["created_at"] == NOON.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert [account["acct"] for account in (await call(v, ana, "GET", f"/api/v1/accounts/search?q=mo@{W}"))[1]] == [f"mo@{W}"]


async def test_a_post_that_is_not_for_the_one_who_asks_is_not_found_for_them(v: Stage) -> None:
    ana, nora, mo = await v.person("ana"), await v.person("nora"), Person(W, "mo")
    v.strangers[W].welcome(mo)
    note = mo.note("2", to=[ana.uri])
    v.strangers[W].say(note["id"], note, only_for=frozenset({f"{ana.uri}#main-key"}))
    path = f"/api/v2/search?q={note['id']}&resolve=true"
    assert (await call(v, nora, "GET", path))[1] == {"accounts": [], "statuses": [], "hashtags": []}
    assert [status["visibility"] for status in (await call(v, ana, "GET", path))[1]["statuses"]] == ["direct"]
    assert (await call(v, nora, "GET", path))[1]["statuses"] == []
