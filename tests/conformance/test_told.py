"""Notifications and markers."""

from fediverse_circle.domain.audience import Followers, Person
from tests.conformance.house import House


async def test_people_are_told_who_names_them_and_who_wants_to_follow(house: House) -> None:
    ana, bo = await house.people(2)
    mo = await house.foreigner()
    await bo.post(f"/api/v1/accounts/{ana.id}/follow")
    said = await bo.say(f"@{ana.acct} hello")
    arrived = await house.arrive(mo, Person(ana.actor.id), mentioned=[ana.actor.id])
    told = (await ana.get("/api/v1/notifications")).json
    assert [(one["type"], one["account"]["id"], one.get("status", {}).get("id")) for one in told] == [
        ("mention", str(mo.id), str(arrived.id)),
        ("mention", bo.id, said["id"]),
        ("follow_request", bo.id, None),
    ]
    assert "status" not in told[2]
    assert [one["id"] for one in told] == ["3", "2", "1"]
    assert [one["group_key"] for one in told] == ["ungrouped-3", "ungrouped-2", "ungrouped-1"]
    assert (await ana.get("/api/v1/notifications/2")).json == told[1]


async def test_kinds_and_people_may_be_chosen_or_left_out(house: House) -> None:
    ana, bo, cem = await house.people(3)
    await bo.post(f"/api/v1/accounts/{ana.id}/follow")
    await bo.say(f"@{ana.acct} hello")
    await cem.say(f"@{ana.acct} hello")

    async def kinds(*params: tuple[str, str]) -> list[str]:
        return [one["type"] for one in (await ana.ask("GET", "/api/v1/notifications", params=params)).json]

    assert await kinds(("types[]", "mention")) == ["mention", "mention"]
    assert await kinds(("types[]", "favourite"), ("types[]", "poll")) == []
    assert await kinds(("types[]", "follow_request"), ("types[]", "favourite")) == ["follow_request"]
    assert await kinds(("exclude_types[]", "mention"), ("exclude_types[]", "quote")) == ["follow_request"]
    assert await kinds(("exclude_types[0]", "mention"), ("exclude_types[1]", "follow_request")) == []
    assert await kinds(("account_id", bo.id)) == ["mention", "follow_request"]
    assert await kinds(("account_id", "77")) == []


async def test_what_was_told_can_be_forgotten_one_by_one_or_all_at_once(house: House) -> None:
    ana, bo = await house.people(2)
    for text in "abc":
        await bo.say(f"@{ana.acct} {text}")
    assert (await ana.get("/api/v1/notifications/unread_count")).json == {"count": 3}
    assert (await ana.post("/api/v1/notifications/2/dismiss")).json == {}
    assert [one["id"] for one in (await ana.get("/api/v1/notifications")).json] == ["3", "1"]
    assert (await ana.get("/api/v1/notifications/2")).status == 404
    assert (await ana.post("/api/v1/notifications/clear")).json == {}
    assert (await ana.get("/api/v1/notifications")).json == []
    await bo.say(f"@{ana.acct} d")
    assert [one["id"] for one in (await ana.get("/api/v1/notifications")).json] == ["4"]


async def test_nothing_is_told_of_what_went_out_of_reach(house: House) -> None:
    ana, mo = (await house.people(1))[0], await house.foreigner()
    await house.befriend(ana.actor, mo)
    await house.arrive(mo, Followers(mo.id), mentioned=[ana.actor.id])
    assert len((await ana.get("/api/v1/notifications")).json) == 1
    await ana.post(f"/api/v1/accounts/{mo.id}/unfollow")
    assert (await ana.get("/api/v1/notifications")).json == []
    assert (await ana.get("/api/v1/notifications/1")).status == 404


async def test_a_place_is_remembered_in_each_timeline(house: House) -> None:
    (ana,) = await house.people(1)
    both = [("timeline[]", "home"), ("timeline[]", "notifications")]
    nowhere = {"last_read_id": "0", "version": 0, "updated_at": "1970-01-01T00:00:00.000Z"}
    assert (await ana.ask("GET", "/api/v1/markers", params=both)).json == {"home": nowhere, "notifications": nowhere}
    put = (await ana.ask("POST", "/api/v1/markers", data={"home[last_read_id]": "103194548672408537"})).json
    assert {name: (mark["last_read_id"], mark["version"]) for name, mark in put.items()} == {"home": ("103194548672408537", 1)}
    again = (await ana.post("/api/v1/markers", home={"last_read_id": "103194548672408538"}, notifications={"last_read_id": 3})).json
    assert {name: (mark["last_read_id"], mark["version"]) for name, mark in again.items()} == {
        "home": ("103194548672408538", 2),
        "notifications": ("3", 1),
    }
    assert (await ana.ask("GET", "/api/v1/markers", params=both)).json == again
    assert (await ana.get("/api/v1/markers")).json == {}
    assert (await ana.post("/api/v1/markers", home={"last_read_id": "abc"})).status == 422
    assert (await ana.get("/api/v1/notifications/unread_count")).json == {"count": 0}
