"""Oneself and others: profiles, finding, following."""

import pytest

from tests.conformance.house import House


async def test_oneself_is_told_more_than_others_are(house: House) -> None:
    ana, bo, cem = await house.people(3)
    for follower, target in ((bo, ana), (cem, ana), (ana, bo)):
        await house.befriend(follower.actor, target.actor)
    me = (await ana.get("/api/v1/accounts/verify_credentials")).json
    assert (me["followers_count"], me["following_count"], me["source"]["privacy"], me["locked"]) == (2, 1, "private", True)
    assert me["created_at"] == "2026-11-20T00:00:00.000Z"
    for viewer in (bo, house.nobody):
        seen = (await viewer.get(f"/api/v1/accounts/{ana.id}")).json
        assert (seen["followers_count"], seen["following_count"]) == (0, 0)
        assert "source" not in seen
    posted = await ana.say("x")
    assert (posted["account"]["followers_count"], posted["account"]["following_count"]) == (2, 1)


async def test_only_public_posts_are_counted(house: House) -> None:
    ana, bo = await house.people(2, ceiling="public")
    for word in ("public", "unlisted", "private", "direct"):
        await ana.say("hello", visibility=word)
    gone = await ana.say("again", visibility="public")
    await ana.delete(f"/api/v1/statuses/{gone['id']}")
    for viewer in (ana, bo, house.nobody):
        assert (await viewer.get(f"/api/v1/accounts/{ana.id}")).json["statuses_count"] == 2


async def test_lists_of_followers_are_ones_own_to_see(house: House) -> None:
    ana, bo, cem = await house.people(3)
    await house.befriend(bo.actor, ana.actor)
    await house.befriend(cem.actor, ana.actor)
    await house.befriend(ana.actor, cem.actor)
    assert [who["id"] for who in (await ana.get(f"/api/v1/accounts/{ana.id}/followers")).json] == [cem.id, bo.id]
    assert [who["id"] for who in (await ana.get(f"/api/v1/accounts/{ana.id}/following")).json] == [cem.id]
    for what in ("followers", "following"):
        assert (await bo.get(f"/api/v1/accounts/{ana.id}/{what}")).json == []
        assert (await bo.get(f"/api/v1/accounts/77/{what}")).status == 404
    assert (await bo.get("/api/v1/accounts/familiar_followers", **{"id[]": ana.id})).json == [{"id": ana.id, "accounts": []}]


async def test_a_profile_is_changed_in_what_is_named_alone(house: House) -> None:
    (ana,) = await house.people(1)
    sent = {
        "display_name": "Ana <3",
        "note": "Bread.\n\nhttps://example.org #baker & @nobody",
        "locked": "false",
        "bot": "1",
        "discoverable": "true",
        "fields_attributes[0][name]": "Home",
        "fields_attributes[0][value]": "https://example.org/~ana",
        "fields_attributes[1][name]": "",
        "fields_attributes[1][value]": "",
        "source[language]": "de",
        "source[privacy]": "public",
    }
    changed = (await ana.ask("PATCH", "/api/v1/accounts/update_credentials", data=sent)).json
    assert (changed["display_name"], changed["locked"], changed["bot"], changed["discoverable"]) == ("Ana <3", False, True, True)
    assert changed["source"]["note"] == "Bread.\n\nhttps://example.org #baker & @nobody"
    assert '<p>Bread.</p><p><a href="https://example.org" rel="nofollow noopener noreferrer">' in changed["note"]
    assert changed["source"]["fields"] == [{"name": "Home", "value": "https://example.org/~ana", "verified_at": None}]
    assert changed["fields"][0]["value"].startswith('<a href="https://example.org/~ana"')
    assert (changed["source"]["language"], changed["source"]["privacy"]) == ("de", "private")
    again = (await ana.patch("/api/v1/accounts/update_credentials", bot=False)).json
    assert again == changed | {"bot": False}
    assert (await ana.get("/api/v1/preferences")).json["posting:default:language"] == "de"
    assert (await ana.say("Hallo"))["language"] == "de"


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"display_name": "x" * 61}, "display_name"),
        ({"note": "x" * 1001}, "note"),
        ({"fields_attributes": [{"name": "x", "value": "y"}] * 9}, "fields_attributes"),
        ({"fields_attributes": {"0": {"name": "x" * 256}}}, "fields_attributes"),
        ({"locked": "perhaps"}, "locked"),
    ],
)
async def test_a_profile_that_does_not_fit_changes_nothing(house: House, sent: dict[str, object], field: str) -> None:
    (ana,) = await house.people(1)
    before = (await ana.get("/api/v1/accounts/verify_credentials")).json
    refused = await ana.patch("/api/v1/accounts/update_credentials", **{"discoverable": True, **sent})
    assert (refused.status, list(refused.json["details"])) == (422, [field])
    assert (await ana.get("/api/v1/accounts/verify_credentials")).json == before


async def test_a_picture_is_refused_and_not_forgotten_in_silence(house: House) -> None:
    (ana,) = await house.people(1)
    with_file = (
        b'--b\r\nContent-Disposition: form-data; name="avatar"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n--b--\r\n'
    )
    refused = await ana.ask(
        "PATCH", "/api/v1/accounts/update_credentials", data=with_file, headers={"Content-Type": "multipart/form-data; boundary=b"}
    )
    assert (refused.status, list(refused.json["details"])) == (422, ["avatar"])


# Finding


async def test_people_are_found_by_the_beginning_of_their_handle_or_by_all_of_it(house: House) -> None:
    ana, mo = await house.person(), await house.foreigner()
    handle = f"{mo.username}@{mo.host}"
    for text in (mo.username[:8], mo.username[:8].upper(), f"@{mo.username[:8]}", handle, f"@{handle}", f" @{handle.upper()} "):
        for found in (
            (await ana.get("/api/v1/accounts/search", q=text)).json,
            (await ana.get("/api/v2/search", q=text)).json["accounts"],
            (await ana.get("/api/v2/search", q=text, type="accounts")).json["accounts"],
        ):
            assert [account["acct"] for account in found] == [handle], text
    assert (await ana.get("/api/v2/search", q=mo.username[:8], type="statuses")).json["accounts"] == []
    assert (await ana.get("/api/v1/accounts/search", q=mo.username[:8], following="true")).json == []
    await house.befriend(ana.actor, mo)
    assert len((await ana.get("/api/v1/accounts/search", q=mo.username[:8], following="true")).json) == 1
    assert (await ana.get("/api/v1/accounts/search", q=mo.username[:8], offset=1)).json == []
    for number in ("99999999999999999999999", "-7", "0"):
        assert len((await ana.get("/api/v1/accounts/search", q=mo.username[:8], limit=number)).json) == 1
        found = (await ana.get("/api/v2/search", q=mo.username[:8], offset=number)).json["accounts"]
        assert len(found) == (not number.startswith("9"))
    for text in ("", " ", "@", "%", "_", "@@", "@x@not a host"):
        assert (await ana.get("/api/v1/accounts/search", q=text, resolve="true")).json == []


async def test_people_and_posts_are_found_by_their_addresses(house: House) -> None:
    ana, bo, nora = await house.people(3)
    mo = await house.foreigner()
    await house.befriend(bo.actor, ana.actor)
    said = await ana.say("Here")
    arrived = await house.arrive(mo, *house.for_person(bo))
    for resolve in ("true", "false"):
        for address, id in ((said["url"], said["id"]), (said["uri"], said["id"]), (arrived.uri, str(arrived.id))):
            found = (await bo.get("/api/v2/search", q=address, resolve=resolve)).json
            assert [status["id"] for status in found["statuses"]] == [id]
            assert (await nora.get("/api/v2/search", q=address, resolve="false")).json == {"accounts": [], "statuses": [], "hashtags": []}
            assert (await bo.get("/api/v2/search", q=address, resolve=resolve, type="accounts")).json["statuses"] == []
        for address, id in ((mo.uri, str(mo.id)), (f"https://here.example/@{ana.acct}", ana.id), (ana.actor.uri, ana.id)):
            found = (await bo.get("/api/v2/search", q=address, resolve=resolve)).json
            assert [account["id"] for account in found["accounts"]] == [id]


async def test_what_cannot_be_reached_is_not_found(house: House) -> None:
    (ana,) = await house.people(1)
    for text in ("https://nowhere.example/@nobody/1", "@nobody@nowhere.example"):
        assert (await ana.get("/api/v2/search", q=text, resolve="true")).json == {"accounts": [], "statuses": [], "hashtags": []}
    assert (await ana.get("/api/v2/search", q=" ")).status == 422


async def test_a_handle_is_looked_up_however_it_is_spelt(house: House) -> None:
    ana, mo = await house.person(), await house.foreigner()
    for spelt in (ana.acct, f"@{ana.acct}", f"{ana.acct}@here.example", f"{ana.acct.upper()}@HERE.example."):
        assert (await house.nobody.get("/api/v1/accounts/lookup", acct=spelt)).json["id"] == ana.id
    assert (await ana.get("/api/v1/accounts/lookup", acct=f"{mo.username}@there.example")).json["id"] == str(mo.id)
    for spelt in ("", "@", "nobody_here", "a@b@c", f"{ana.acct}@there.example", "x" * 3000):
        assert (await ana.get("/api/v1/accounts/lookup", acct=spelt)).status == 404


async def test_several_accounts_come_in_the_order_asked(house: House) -> None:
    ana, bo = await house.people(2)
    asked = [("id[]", bo.id), ("id[]", "77"), ("id[]", ana.id), ("id[]", bo.id)]
    assert [who["id"] for who in (await ana.ask("GET", "/api/v1/accounts", params=asked)).json] == [bo.id, ana.id]
    relationships = (await ana.ask("GET", "/api/v1/accounts/relationships", params=asked)).json
    assert [relation["id"] for relation in relationships] == [bo.id, ana.id]


# Following


async def test_following_somebody_locked_waits_for_their_word(house: House) -> None:
    ana, bo = await house.people(2)
    asked = (await bo.post(f"/api/v1/accounts/{ana.id}/follow", reblogs=False, notify=True)).json
    assert (asked["requested"], asked["following"], asked["notifying"]) == (True, False, False)
    assert [who["id"] for who in (await ana.get("/api/v1/follow_requests")).json] == [bo.id]
    assert [told["type"] for told in (await ana.get("/api/v1/notifications")).json] == ["follow_request"]
    assert (await ana.get("/api/v1/accounts/verify_credentials")).json["source"]["follow_requests_count"] == 1
    allowed = (await ana.post(f"/api/v1/follow_requests/{bo.id}/authorize")).json
    assert (allowed["followed_by"], allowed["requested_by"]) == (True, False)
    assert (await bo.get("/api/v1/accounts/relationships", **{"id[]": ana.id})).json[0]["following"] is True
    assert [told["type"] for told in (await ana.get("/api/v1/notifications")).json] == ["follow"]
    assert (await ana.get("/api/v1/follow_requests")).json == []
    for deed in ("authorize", "reject"):
        assert (await ana.post(f"/api/v1/follow_requests/{bo.id}/{deed}")).status == 404


async def test_a_request_may_be_refused_or_taken_back(house: House) -> None:
    ana, bo = await house.people(2)
    for end in ((ana, f"/api/v1/follow_requests/{bo.id}/reject"), (bo, f"/api/v1/accounts/{ana.id}/unfollow")):
        await bo.post(f"/api/v1/accounts/{ana.id}/follow")
        assert (await end[0].post(end[1])).status == 200
        assert (await ana.get("/api/v1/follow_requests")).json == []
        assert (await bo.get("/api/v1/accounts/relationships", id=ana.id)).json[0]["requested"] is False


async def test_following_somebody_open_happens_at_once_and_ends_when_either_wants(house: House) -> None:
    ana, bo = await house.person(locked=False), await house.person()
    said = await ana.say("Before")
    for end in ((bo, f"/api/v1/accounts/{ana.id}/unfollow"), (ana, f"/api/v1/accounts/{bo.id}/remove_from_followers")):
        assert (await bo.post(f"/api/v1/accounts/{ana.id}/follow")).json["following"] is True
        since = await ana.say("Since")
        assert [status["id"] for status in (await bo.get("/api/v1/timelines/home")).json] == [since["id"]]
        assert (await end[0].post(end[1])).json["following"] is False
        assert (await bo.get("/api/v1/timelines/home")).json == []
        assert (await bo.get(f"/api/v1/statuses/{said['id']}")).status == 404


async def test_removing_a_follower_refuses_no_request(house: House) -> None:
    ana, bo = await house.people(2)
    await bo.post(f"/api/v1/accounts/{ana.id}/follow")
    assert (await ana.post(f"/api/v1/accounts/{bo.id}/remove_from_followers")).json["requested_by"] is True
    assert [who["id"] for who in (await ana.get("/api/v1/follow_requests")).json] == [bo.id]


async def test_following_somebody_elsewhere_is_asked_there(house: House) -> None:
    ana, mo = await house.person(), await house.foreigner()
    assert (await ana.post(f"/api/v1/accounts/{mo.id}/follow")).json["requested"] is True
    jobs = await house.here.db.pool.fetch("select kind, payload from job where lane = $1", ana.actor.id)
    assert [job["kind"] for job in jobs] == ["FollowRequested"]


async def test_whom_one_cannot_follow(house: House) -> None:
    (ana,) = await house.people(1)
    assert (await ana.post(f"/api/v1/accounts/{ana.id}/follow")).status == 403
    assert (await ana.post("/api/v1/accounts/77/follow")).status == 404


async def test_a_profile_shows_what_the_viewer_may_read(house: House) -> None:
    ana = await house.person(ceiling="public")
    bo, nora = await house.people(2)
    await house.befriend(bo.actor, ana.actor)
    private, public = await ana.say("Private"), await ana.say("Public", visibility="public")
    answer = await ana.say("Answer", in_reply_to_id=public["id"], visibility="public")
    for viewer, ids in ((bo, [answer, public, private]), (nora, [answer, public]), (house.nobody, [answer, public])):
        assert [s["id"] for s in (await viewer.get(f"/api/v1/accounts/{ana.id}/statuses")).json] == [said["id"] for said in ids]
    path = f"/api/v1/accounts/{ana.id}/statuses"
    assert [s["id"] for s in (await bo.get(path, exclude_replies="true")).json] == [public["id"], private["id"]]
    assert (await bo.get(path, pinned="true")).json == (await bo.get(path, only_media="1")).json == []
