"""Who is asking, in the words that clients compare."""

from datetime import timedelta

import pytest

from fediverse_circle.actions import accounts
from fediverse_circle.core.ids import ActorId, AppId, TokenId
from fediverse_circle.oauth.caller import Caller
from fediverse_circle.store.db import begin
from tests.sites import Clock
from tests.surfaces import Running, token_for


async def test_a_token_speaks_for_its_persona(house: Running) -> None:
    _, ana = await house.resident("ana")
    token = await token_for(house, "ana")
    assert (await house.call(token, "/api/probe/read")).json == {"actor": str(ana.id), "app": "Trial"}
    assert (await house.call(token, "/api/optional_probe/read")).json == {"actor": str(ana.id)}


async def test_nobody_is_nobody_where_nobody_may_ask(house: Running) -> None:
    assert (await house.ask("GET", "/api/optional_probe/read")).json == {"actor": None}
    refused = await house.ask("GET", "/api/probe/read")
    assert (refused.status, refused.json) == (401, {"error": "The access token is invalid"})


async def test_a_disabled_login_hears_that_it_is(house: Running) -> None:
    login, _ = await house.resident("ana")
    token = await token_for(house, "ana")
    async with begin(house.here.db) as tx:
        await accounts.disable(tx, house.here.now(), login.id)
    for probe in ("probe", "optional_probe"):
        refused = await house.call(token, f"/api/{probe}/read")
        assert (refused.status, refused.json) == (403, {"error": "Your login is currently disabled"})


async def test_a_suspended_persona_does_nothing(house: Running) -> None:
    _, ana = await house.resident("ana")
    token = await token_for(house, "ana")
    async with begin(house.here.db) as tx:
        await tx.execute("update actor set suspended_at = $2 where id = $1", ana.id, house.here.now())
    assert (await house.call(token, "/api/probe/read")).status == 403


async def test_a_deleted_persona_is_gone_with_its_tokens(house: Running) -> None:
    _, ana = await house.resident("ana")
    token = await token_for(house, "ana")
    async with begin(house.here.db) as tx:
        await tx.execute("update actor set deleted_at = $2 where id = $1", ana.id, house.here.now())
    assert (await house.call(token, "/api/probe/read")).status == 401


async def test_use_is_noted_once_a_day_at_most(house: Running, clock: Clock) -> None:
    await house.resident("ana")
    token = await token_for(house, "ana")
    noted = []
    for hours in (0, 23, 2):
        clock.move(timedelta(hours=hours))
        await house.call(token, "/api/probe/read")
        noted.append(await house.here.db.pool.fetchval("select used_at from oauth_token"))
    assert noted[0] == noted[1] == clock() - timedelta(hours=25)
    assert noted[2] == clock()


def test_a_caller_is_made_by_nobody_else() -> None:
    with pytest.raises(TypeError):
        Caller(ActorId(1), TokenId(1), AppId(1), "x", None, ("read",), object())
