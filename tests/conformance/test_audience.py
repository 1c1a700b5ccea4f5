"""Who will read it: whatever an app asks for can only narrow, and the answer says what was done (the order of the decision, one test a line)."""

from collections.abc import Sequence

import pytest

from fediverse_circle.domain.audience import Audience, Followers, Person, Public, Visibility
from tests.conformance.house import House

WORDS = ("public", "unlisted", "private", "direct", None, "limited", "circle", "PUBLIC", "")
CEILINGS: Sequence[Visibility] = ("private", "unlisted", "public")
WIDTH = {"direct": 0, "private": 1, "unlisted": 2, "public": 3}


@pytest.mark.parametrize("ceiling", CEILINGS)
@pytest.mark.parametrize("asked", WORDS)
async def test_a_new_post_is_never_wider_than_the_account_allows(house: House, asked: str | None, ceiling: Visibility) -> None:
    ana = await house.person(ceiling=ceiling)
    said = await ana.say("Hello", **({} if asked is None else {"visibility": asked}))
    expected = min(asked if asked in WIDTH else "private", ceiling, key=WIDTH.__getitem__)
    assert said["visibility"] == expected
    rows = {"public": [("public", None)], "unlisted": [("public", None)], "private": [("followers", ana.actor.id)], "direct": []}
    assert await house.audience(said["id"]) == rows[expected]
    assert ((await house.nobody.get(f"/api/v1/statuses/{said['id']}")).status == 200) == (WIDTH[expected] > 1)


@pytest.mark.parametrize("asked", WORDS)
async def test_an_answer_to_followers_is_for_exactly_those_who_could_read_what_it_answers(house: House, asked: str | None) -> None:
    ana, bo = await house.people(2, ceiling="public")
    await house.befriend(bo.actor, ana.actor)
    first = await ana.say("For my followers", visibility="private")
    said = await bo.say("Yes", in_reply_to_id=first["id"], **({} if asked is None else {"visibility": asked}))
    assert said["visibility"] == "private"
    assert await house.audience(said["id"]) == sorted([("followers", ana.actor.id), ("actor", ana.actor.id)])


@pytest.mark.parametrize("asked", WORDS)
async def test_an_answer_to_a_letter_is_a_letter_among_the_same_people(house: House, asked: str | None) -> None:
    ana, bo, mia, nora = await house.people(4, ceiling="public")
    await house.befriend(nora.actor, bo.actor)
    first = await ana.say(f"@{bo.acct} @{mia.acct} psst", visibility="direct")
    said = await bo.say(f"@{ana.acct} @{nora.acct} hm", in_reply_to_id=first["id"], **({} if asked is None else {"visibility": asked}))
    assert said["visibility"] == "direct"
    assert await house.audience(said["id"]) == sorted(("actor", person.actor.id) for person in (ana, mia))
    assert {mention["id"] for mention in said["mentions"]} == {ana.id}
    assert f"@{nora.acct}" in said["content"]
    assert (await mia.get(f"/api/v1/statuses/{said['id']}")).status == 200
    assert (await nora.get(f"/api/v1/statuses/{said['id']}")).status == 404
    assert (await nora.get("/api/v1/notifications", **{"exclude_types[]": "follow"})).json == []


@pytest.mark.parametrize("ceiling", CEILINGS)
@pytest.mark.parametrize("parent", ["public", "unlisted"])
async def test_an_answer_to_something_public_is_decided_like_a_first_word(house: House, parent: str, ceiling: Visibility) -> None:
    ana, bo = await house.person(ceiling="public"), await house.person(ceiling=ceiling)
    first = await ana.say("Open", visibility=parent)
    said = await bo.say(f"@{ana.acct} yes", in_reply_to_id=first["id"], visibility="public")
    assert said["visibility"] == ceiling
    assert (await ana.get(f"/api/v1/statuses/{said['id']}")).status == 200


async def test_an_answer_to_a_foreign_followers_only_post_is_for_its_authors_followers_never_for_ones_own(house: House) -> None:
    ana, bo, nora = await house.people(3)
    mo = await house.foreigner()
    for follower, target in ((ana.actor, mo), (bo.actor, mo), (nora.actor, ana.actor)):
        await house.befriend(follower, target)
    post = await house.arrive(mo, Followers(mo.id))
    said = await ana.say("Yes", in_reply_to_id=str(post.id))
    assert await house.audience(said["id"]) == sorted([("followers", mo.id), ("actor", mo.id)])
    assert (await bo.get(f"/api/v1/statuses/{said['id']}")).status == 200
    assert (await nora.get(f"/api/v1/statuses/{said['id']}")).status == 404


async def test_what_is_not_for_the_caller_cannot_be_answered(house: House) -> None:
    ana, bo = await house.people(2)
    hidden = await ana.say("Not for Bo")
    answers = [await bo.post("/api/v1/statuses", status="x", in_reply_to_id=id) for id in (hidden["id"], "4194304", "no number")]
    assert {answer.status for answer in answers} == {404}
    assert len({str(answer.face) for answer in answers}) == 1


@pytest.mark.parametrize("asked", ["public", "unlisted", "private", "direct", None])
@pytest.mark.parametrize("text", ["@nobody_here hi", "@nobody@nowhere.example hi", "\n @nobody_here: hi", "@{bo}x hi"])
async def test_a_letter_to_somebody_who_cannot_be_found_is_refused_and_never_goes_to_followers(
    house: House, text: str, asked: str | None
) -> None:
    ana, bo = await house.people(2)
    refused = await ana.post("/api/v1/statuses", status=text.format(bo=bo.acct), **({} if asked is None else {"visibility": asked}))
    assert refused.status == 422
    assert (await ana.get(f"/api/v1/accounts/{ana.id}/statuses")).json == []


@pytest.mark.parametrize("asked", [{"circle_id": "1201"}, {"visibility": "circle", "circle_id": "1201"}, {"visibility": "list:1201"}])
async def test_a_circle_that_is_not_the_callers_is_not_there(house: House, asked: dict[str, str]) -> None:
    (ana,) = await house.people(1)
    assert (await ana.post("/api/v1/statuses", status="x", **asked)).status == 404
    assert (await ana.get(f"/api/v1/accounts/{ana.id}/statuses")).json == []


async def test_whoever_is_named_in_a_first_word_may_read_it(house: House) -> None:
    ana, bo = await house.people(2)
    said = await ana.say(f"Hello @{bo.acct}")
    assert await house.audience(said["id"]) == sorted([("followers", ana.actor.id), ("actor", bo.actor.id)])
    assert (await bo.get(f"/api/v1/statuses/{said['id']}")).status == 200
    assert [told["status"]["id"] for told in (await bo.get("/api/v1/notifications")).json] == [said["id"]]


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        (lambda mo, ana: [Public()], "public"),
        (lambda mo, ana: [Public(), Followers(mo.id)], "public"),
        (lambda mo, ana: [Followers(mo.id), Person(ana.actor.id)], "private"),
        (lambda mo, ana: [Person(ana.actor.id)], "direct"),
    ],
)
async def test_visibility_is_what_the_audience_is(house: House, rows: object, word: str) -> None:
    (ana,), mo = await house.people(1), await house.foreigner()
    await house.befriend(ana.actor, mo)
    assert callable(rows)
    made: list[Audience] = rows(mo, ana)
    post = await house.arrive(mo, *made)
    assert (await ana.get(f"/api/v1/statuses/{post.id}")).json["visibility"] == word


async def test_a_new_follower_reads_what_was_said_afterwards_alone(house: House) -> None:
    ana, bo = await house.people(2)
    before = await ana.say("Before")
    await house.befriend(bo.actor, ana.actor, at=house.here.now())
    after = await ana.say("After")
    assert [(await bo.get(f"/api/v1/statuses/{said['id']}")).status for said in (before, after)] == [404, 200]
    assert [status["id"] for status in (await bo.get("/api/v1/timelines/home")).json] == [after["id"]]
