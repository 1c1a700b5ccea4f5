"""What GoToSocial really sends is understood."""

import json
from datetime import UTC, datetime

import pytest

from fediverse_circle.vocab import (
    PUBLIC,
    Activity,
    ActorDocument,
    Approval,
    Collection,
    EmbeddedActivity,
    Hashtag,
    Mention,
    Note,
    Option,
    PemKey,
    Ref,
    Several,
    read,
    read_activity,
    read_actor,
    read_collection,
    read_jrd,
    read_keys,
)

from .cast import ANSWERED, POSTED

BOB, ALICE = "https://gts2.test/users/bob", "https://gts1.test/users/alice"
AT = datetime(2026, 11, 20, 15, 42, 29, tzinfo=UTC)
DONE = {"Follow", "Like", "Announce", "Block"}


@pytest.mark.parametrize("name", POSTED)
def test_every_recorded_activity_is_read(name: str) -> None:
    said, body = read_activity(POSTED[name]), json.loads(POSTED[name])
    assert (said.id, said.type, said.actor, said.raw) == (body["id"], body["type"], body["actor"], POSTED[name])
    for field, found in (("to", said.to), ("cc", said.cc)):
        named = body.get(field, [])
        assert found == tuple([named] if isinstance(named, str) else named)
    match said.object:
        case Ref(name):
            assert name == body["object"]
        case Note() | ActorDocument() | EmbeddedActivity():
            assert (said.object.id, said.object.type) == (body["object"]["id"], body["object"]["type"])
        case Several(objects):
            assert [thing.id for thing in objects] == body["object"]
        case other:
            pytest.fail(f"not understood: {other}")


def test_all_kinds_of_recorded_activities_are_there() -> None:
    assert {read_activity(body).type for body in POSTED.values()} == {
        *("Accept", "Announce", "Block", "Create", "Delete", "Flag", "Follow", "Like", "Move", "Reject", "Undo", "Update"),
    }


def noted(name: str) -> Note:
    found = read_activity(POSTED[name]).object
    assert isinstance(found, Note)
    return found


def test_a_recorded_note_says_what_it_said() -> None:
    public = noted("Create_Note_public")
    assert public.content.startswith("<p>a public one, with a <a href=")
    assert (public.attributed_to, public.to, public.cc, public.published) == (BOB, (PUBLIC,), (f"{BOB}/followers",), AT)
    assert (public.language, public.sensitive, public.summary, public.in_reply_to) == ("en", False, None, None)
    assert public.tags == (Hashtag("tag", "https://gts2.test/tags/tag"),)
    assert public.url == "https://gts2.test/@bob/statuses/01M7WSZ7F1K5ZNGRBZFNQG4V7W"
    assert public.policy is not None
    assert public.policy.reply == Approval((PUBLIC,), ())
    assert public.policy.quote is None


def test_a_recorded_reply_names_what_it_answers_and_whom() -> None:
    reply = noted("Create_Note_followers_reply")
    assert reply.in_reply_to == f"{BOB}/statuses/01M7WSZ78Y6R7QGGY8YGVGBQAE"
    assert reply.tags == (Mention(BOB, "@bob@gts2.test"),)
    assert (reply.to, reply.cc) == ((f"{ALICE}/followers",), (BOB,))


def test_a_recorded_poll_and_vote_are_read() -> None:
    poll = noted("Create_Question").poll
    assert poll is not None
    assert (poll.options, poll.several, poll.voters) == ((Option("yes", 0), Option("no", 0)), False, 0)
    assert poll.ends == datetime(2026, 11, 20, 16, 42, 30, tzinfo=UTC)
    vote = noted("Create_vote")
    assert (vote.name, vote.content, vote.poll) == ("yes", "", None)


def test_a_recorded_follow_within_its_accept_reject_and_undo_is_read() -> None:
    for name in ("Accept_Follow", "Reject_Follow", "Undo_Follow"):
        within = read_activity(POSTED[name]).object
        assert isinstance(within, EmbeddedActivity)
        assert within.type == "Follow"
        assert within.object == BOB


def test_a_recorded_actor_is_read_with_its_key() -> None:
    actor = read_actor(json.dumps(ANSWERED["get_actor"]).encode())
    assert (actor.id, actor.type, actor.username, actor.locked) == (ALICE, "Person", "alice", False)
    assert (actor.inbox, actor.followers, actor.featured) == (f"{ALICE}/inbox", f"{ALICE}/followers", f"{ALICE}/collections/featured")
    assert actor.url == "https://gts1.test/@alice"
    (key,) = actor.keys
    assert isinstance(key, PemKey)
    assert (key.id, key.owner) == (f"{ALICE}/main-key", ALICE)
    assert read_keys(json.dumps(ANSWERED["get_main_key"]).encode()) == (key,)
    assert read_actor(json.dumps(ANSWERED["get_main_key"]).encode()).inbox is None


def test_recorded_collections_are_read() -> None:
    found = {name: read_collection(json.dumps(body).encode()) for name, body in ANSWERED.items() if "Collection" in body.get("type", "")}
    assert len(found) == 5
    assert found["get_followers"].first == f"{ALICE}/followers?limit=40"
    assert found["get_featured"].items == ()
    assert found["get_following"].items is None
    assert found["get_following"].total == 1


def test_a_recorded_webfinger_leads_to_the_actor() -> None:
    assert read_jrd(json.dumps(ANSWERED["get_webfinger"]).encode()).actor == ALICE


@pytest.mark.parametrize("name", [name for name in ANSWERED if name != "get_webfinger"])
def test_whatever_is_fetched_is_told_apart(name: str) -> None:
    found = read(json.dumps(ANSWERED[name]).encode())
    assert isinstance(found, Collection if "Collection" in ANSWERED[name]["type"] else ActorDocument)
    assert not isinstance(found, Activity)
