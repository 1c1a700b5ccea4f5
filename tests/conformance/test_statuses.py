"""Saying, saying again, taking back."""

import asyncio
from datetime import timedelta

import pytest

from fediverse_circle.core.ids import PostId, new_id
from fediverse_circle.domain.audience import Followers, Person, Public
from fediverse_circle.mastodon.writing import LONGEST
from fediverse_circle.store import idempotency
from fediverse_circle.store.db import begin
from tests.conformance.house import House


async def test_a_post_is_for_followers_unless_somebody_opened_more(house: House) -> None:
    (ana,) = await house.people(1)
    said = await ana.say("Hello")
    assert (said["visibility"], said["content"]) == ("private", "<p>Hello</p>")
    assert await house.audience(said["id"]) == [("followers", ana.actor.id)]
    assert said["url"] == f"https://here.example/@{ana.acct}/{said['id']}"
    assert (await ana.get(f"/api/v1/statuses/{said['id']}")).json == said


@pytest.mark.parametrize(
    "body",
    [
        {"json": {"status": "Tea?", "spoiler_text": "Drinks", "sensitive": True, "language": "en", "media_ids": []}},
        {"json": {"status": "Tea?", "spoiler_text": "Drinks", "sensitive": "on", "language": "en", "in_reply_to_id": None, "poll": None}},
        {"data": {"status": "Tea?", "spoiler_text": "Drinks", "sensitive": "1", "language": "en", "in_reply_to_id": ""}},
        {"params": {"status": "Tea?", "spoiler_text": "Drinks", "sensitive": "true", "language": "en"}},
    ],
    ids=["json", "json with nulls", "form", "query"],
)
async def test_a_post_may_be_sent_in_every_way_that_apps_have(house: House, body: dict[str, object]) -> None:
    (ana,) = await house.people(1)
    said = (await ana.ask("POST", "/api/v1/statuses", **body)).json
    assert [said[name] for name in ("content", "spoiler_text", "sensitive", "language")] == ["<p>Tea?</p>", "Drinks", True, "en"]


async def test_names_of_readers_become_links_and_tags_lead_to_our_own_page(house: House) -> None:
    ana, bo = await house.people(2)
    mo = await house.foreigner()
    said = await ana.say(f"@{bo.acct} and @{mo.username}@{mo.host} and @nobody_of_that_name: #Tea & <b>cake</b>")
    assert {mention["acct"] for mention in said["mentions"]} == {bo.acct, f"{mo.username}@{mo.host}"}
    assert f'<a href="https://here.example/@{bo.acct}" class="u-url mention">' in said["content"]
    assert "@nobody_of_that_name" in said["content"]
    assert "&amp; &lt;b&gt;cake&lt;/b&gt;" in said["content"]
    assert said["tags"] == [{"name": "tea", "url": "https://here.example/tags/tea"}]
    assert (await ana.get(f"/api/v1/statuses/{said['id']}/source")).json["text"].startswith(f"@{bo.acct} and @{mo.username}@{mo.host} and")


async def test_a_text_at_the_limit_is_taken_and_one_above_it_is_not(house: House) -> None:
    (ana,) = await house.people(1)
    link = " https://example.org/" + "a" * 200  # counts 23
    await ana.say("x" * (LONGEST - 24) + link)
    refused = await ana.post("/api/v1/statuses", status="x" * (LONGEST - 23) + link)
    assert refused.status == 422
    assert refused.json["details"]["status"][0]["error"] == "ERR_TOO_LONG"
    assert (await ana.post("/api/v1/statuses", status="x" * LONGEST, spoiler_text="y")).status == 422


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"status": " \n"}, "status"),
        ({}, "status"),
        ({"status": "x", "media_ids": ["1"]}, "media_ids"),
        ({"status": "x", "poll": {"options": ["a", "b"], "expires_in": 300}}, "poll"),
        ({"status": "x", "scheduled_at": "2030-01-01T00:00:00.000Z"}, "scheduled_at"),
        ({"status": "x", "quoted_status_id": "1"}, "quoted_status_id"),
        ({"status": "x", "sensitive": "perhaps"}, "sensitive"),
        ({"status": {"a": 1}}, "status"),
    ],
)
async def test_what_cannot_be_said_here_is_refused_and_never_left_out_in_silence(house: House, said: dict[str, object], field: str) -> None:
    (ana,) = await house.people(1)
    refused = await ana.post("/api/v1/statuses", **said)
    assert (refused.status, list(refused.json["details"])) == (422, [field])
    assert (await ana.get(f"/api/v1/accounts/{ana.id}/statuses")).json == []


async def test_a_warning_alone_is_the_text(house: House) -> None:
    (ana,) = await house.people(1)
    said = await ana.say("", spoiler_text="Only this")
    assert (said["content"], said["spoiler_text"]) == ("<p>Only this</p>", "")


async def test_a_warning_makes_a_post_sensitive(house: House) -> None:
    (ana,) = await house.people(1)
    assert (await ana.say("x", spoiler_text="Careful"))["sensitive"] is True


async def test_an_edit_says_it_again_to_the_same_readers_and_leaves_no_trace_of_what_was_said(house: House) -> None:
    ana, bo = await house.people(2)
    await house.befriend(bo.actor, ana.actor)
    said = await ana.say("I hate you", visibility="private")
    before = await house.audience(said["id"])
    edited = (await ana.put(f"/api/v1/statuses/{said['id']}", status="I miss you", spoiler_text="Feelings", visibility="public")).json
    assert (edited["content"], edited["spoiler_text"], edited["visibility"]) == ("<p>I miss you</p>", "Feelings", "private")
    assert (edited["id"], edited["created_at"]) == (said["id"], said["created_at"])
    assert edited["edited_at"] is not None
    assert await house.audience(said["id"]) == before
    history = (await bo.get(f"/api/v1/statuses/{said['id']}/history")).json
    assert [(version["content"], version["spoiler_text"]) for version in history] == [("<p>I miss you</p>", "Feelings")]
    assert b"hate" not in (await bo.get(f"/api/v1/statuses/{said['id']}")).body


async def test_somebody_named_in_an_edit_who_was_no_reader_stays_text(house: House) -> None:
    ana, bo = await house.people(2)
    said = await ana.say("Dinner")
    edited = (await ana.put(f"/api/v1/statuses/{said['id']}", status=f"Dinner with @{bo.acct}")).json
    assert edited["mentions"] == []
    assert "href" not in edited["content"]
    assert (await bo.get(f"/api/v1/statuses/{said['id']}")).status == 404
    assert (await bo.get("/api/v1/notifications")).json == []


async def test_saying_the_same_again_is_no_edit(house: House) -> None:
    (ana,) = await house.people(1)
    said = await ana.say("Hello #there", spoiler_text="Hm", language="de")
    again = (await ana.put(f"/api/v1/statuses/{said['id']}", status="Hello #there", spoiler_text="Hm")).json
    assert again["edited_at"] is None


async def test_taking_back_answers_with_the_text_and_leaves_nothing(house: House) -> None:
    ana, bo = await house.people(2)
    await house.befriend(bo.actor, ana.actor)
    said = await ana.say(f"@{bo.acct} *secret*", spoiler_text="Hush")
    assert len((await bo.get("/api/v1/notifications", **{"types[]": "mention"})).json) == 1
    gone = (await ana.delete(f"/api/v1/statuses/{said['id']}")).json
    assert (gone["text"], gone["spoiler_text"], gone["id"]) == (f"@{bo.acct} *secret*", "Hush", said["id"])
    for person in (ana, bo):
        assert (await person.get(f"/api/v1/statuses/{said['id']}")).status == 404
        assert (await person.get("/api/v1/timelines/home")).json == []
    assert (await bo.get("/api/v1/notifications", **{"types[]": "mention"})).json == []
    assert (await ana.delete(f"/api/v1/statuses/{said['id']}")).status == 404


async def test_posts_of_others_cannot_be_edited_taken_back_or_read_as_typed(house: House) -> None:
    ana, bo = await house.people(2)
    await house.befriend(bo.actor, ana.actor)
    said = await ana.say("Mine")
    assert (await bo.put(f"/api/v1/statuses/{said['id']}", status="Yours")).status == 404
    assert (await bo.delete(f"/api/v1/statuses/{said['id']}")).status == 404
    assert (await bo.get(f"/api/v1/statuses/{said['id']}/source")).status == 404
    assert (await bo.get(f"/api/v1/statuses/{said['id']}")).json["content"] == "<p>Mine</p>"


async def test_several_posts_come_in_the_order_asked_without_those_that_are_not_for_the_caller(house: House) -> None:
    ana, bo = await house.people(2)
    first, second, hers = await ana.say("1"), await ana.say("2"), await bo.say("3")
    asked = [("id[]", said["id"]) for said in (second, hers, first)] + [("id[]", "77"), ("id[]", "x")]
    found = (await ana.ask("GET", "/api/v1/statuses", params=asked)).json
    assert [status["id"] for status in found] == [second["id"], first["id"]]


# One request, one post


async def test_the_same_request_with_the_same_key_makes_one_post(house: House) -> None:
    (ana,) = await house.people(1)
    answers = [await ana.post_keyed("Once", "key") for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert len({answer.json["id"] for answer in answers}) == 1
    assert len((await ana.get(f"/api/v1/accounts/{ana.id}/statuses")).json) == 1


async def test_the_same_request_while_the_first_is_being_made_is_answered_with_the_first(house: House) -> None:
    (ana,) = await house.people(1)
    answers = await asyncio.gather(*(ana.post_keyed("Once", "key") for _ in range(8)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert len((await ana.get(f"/api/v1/accounts/{ana.id}/statuses")).json) == 1


async def test_a_key_used_for_other_words_is_a_conflict(house: House) -> None:
    (ana,) = await house.people(1)
    await ana.post_keyed("Once", "key")
    assert (await ana.post_keyed("Otherwise", "key")).status == 409
    assert len((await ana.get(f"/api/v1/accounts/{ana.id}/statuses")).json) == 1


async def test_a_key_is_its_owners_alone_and_forgotten_after_an_hour(house: House) -> None:
    ana, bo = await house.people(2)
    first, other = (await ana.post_keyed("Once", "key")).json, (await bo.post_keyed("Once", "key")).json
    assert first["id"] != other["id"]
    later = house.here.now() + timedelta(hours=1)
    async with begin(house.here.db) as tx:
        assert await idempotency.reserve(tx, later - timedelta(minutes=1), ana.actor.id, "key") is not None
        assert await idempotency.reserve(tx, later, ana.actor.id, "key") is None
        await idempotency.forget(tx, later)
    assert (await ana.post_keyed("Once", "key")).json["id"] != first["id"]


# What stands around a post


async def test_a_context_holds_what_the_caller_may_read_above_and_below(house: House) -> None:
    ana, bo, nora = await house.people(3)
    for one, other in ((ana, bo), (bo, ana)):
        await house.befriend(one.actor, other.actor)
    first = await ana.say("First")
    answer = await bo.say("Second", in_reply_to_id=first["id"])
    third = await ana.say("Third", in_reply_to_id=answer["id"])
    context = (await bo.get(f"/api/v1/statuses/{answer['id']}/context")).json
    assert [[status["id"] for status in context[part]] for part in ("ancestors", "descendants")] == [[first["id"]], [third["id"]]]
    assert context["ancestors"][0]["replies_count"] == 1
    assert context["descendants"][0]["in_reply_to_id"] == answer["id"]
    assert context["descendants"][0]["in_reply_to_account_id"] == bo.id
    assert (await nora.get(f"/api/v1/statuses/{answer['id']}/context")).status == 404


async def test_answers_are_counted_as_far_as_the_caller_may_read_them(house: House) -> None:
    ana, bo = await house.people(2, ceiling="public")
    mo = await house.foreigner()
    said = await ana.say("Open", visibility="public")
    post = await house.post(said["id"], ana.actor)
    await house.arrive(mo, Followers(mo.id), Person(ana.actor.id), parent=post)
    await house.arrive(mo, Public(), parent=post)
    for viewer, count in ((ana, 2), (bo, 1), (house.nobody, 1)):
        assert (await viewer.get(f"/api/v1/statuses/{said['id']}")).json["replies_count"] == count
        assert len((await viewer.get(f"/api/v1/statuses/{said['id']}/context")).json["descendants"]) == count


async def test_an_answer_to_something_the_caller_cannot_read_answers_nothing(house: House) -> None:
    ana, bo = await house.people(2)
    mo = await house.foreigner()
    hidden = await house.arrive(mo, Person(bo.actor.id))
    shown = await house.arrive(mo, Person(ana.actor.id), parent=hidden)
    status = (await ana.get(f"/api/v1/statuses/{shown.id}")).json
    assert (status["in_reply_to_id"], status["in_reply_to_account_id"]) == (None, None)
    assert (await ana.get(f"/api/v1/statuses/{shown.id}/context")).json == {"ancestors": [], "descendants": []}


async def test_nobody_has_liked_boosted_or_quoted_what_cannot_be(house: House) -> None:
    ana, nora = await house.people(2)
    said = await ana.say("Hello")
    for what in ("favourited_by", "reblogged_by", "quotes"):
        assert (await ana.get(f"/api/v1/statuses/{said['id']}/{what}")).json == []
        assert (await nora.get(f"/api/v1/statuses/{said['id']}/{what}")).status == 404


async def test_pictures_and_faces_of_other_servers_are_not_linked(house: House) -> None:
    ana, mo = (await house.people(1))[0], await house.foreigner()
    post = await house.arrive(mo, Person(ana.actor.id))
    answer = await ana.get(f"/api/v1/statuses/{post.id}")
    assert b"face.png" not in answer.body
    assert answer.json["account"]["avatar"] == "https://here.example/avatars/original/missing.png"
    assert answer.json["url"] == post.uri


async def test_tags_of_other_servers_lead_to_our_own_page(house: House) -> None:
    ana, mo = (await house.people(1))[0], await house.foreigner()
    content = '<p><a href="https://there.example/tags/Caf%C3%A9" class="mention hashtag" rel="nofollow noopener">#<span>Café</span></a></p>'
    post = await house.arrive(mo, Person(ana.actor.id), content=content)
    assert (await ana.get(f"/api/v1/statuses/{post.id}")).json["tags"] == [{"name": "café", "url": "https://here.example/tags/caf%C3%A9"}]


async def test_a_number_that_is_none_is_not_there(house: House) -> None:
    (ana,) = await house.people(1)
    unknown = (await ana.get(f"/api/v1/statuses/{PostId(new_id(house.here.now()))}")).face
    for number in ("abc", "-1", "9223372036854775807", "9" * 19, "9" * 30, "1.0", "%00", "٣", "²"):
        assert (await ana.get(f"/api/v1/statuses/{number}")).face == unknown
