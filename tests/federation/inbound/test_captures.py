"""What a GoToSocial server really sent has the effect that was meant: its own bytes and signatures, with the clock set to when they were sent."""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from fediverse_circle.domain import uris
from fediverse_circle.domain.actors import Actor
from fediverse_circle.domain.audience import Addressing, Followers
from fediverse_circle.domain.audience import Person as OnePerson
from fediverse_circle.domain.post import Post, Words
from fediverse_circle.store import actors, follows, keys, logins, posts
from fediverse_circle.store.actors import Profile
from fediverse_circle.store.db import Database, begin
from fediverse_circle.store.posts import Origin
from tests.strangers import Stage, stage

CAPTURES = Path(__file__).resolve().parents[2] / "vectors" / "captures" / "gotosocial"
ONE, TWO = "gts1.test", "gts2.test"
ALICE, BOB = f"https://{ONE}/users/alice", f"https://{TWO}/users/bob"
NOTE = f"{BOB}/statuses/01M7WSZ78Y6R7QGGY8YGVGBQAE"
ALICE_FOLLOWS_BOB = f"{ALICE}/follow/01S2EWTST9CP5XNMHBD685PY1S"


def recorded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CAPTURES / f"{name}.json").read_text())
    return found


def sent_at(exchange: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(exchange.get("captured_at") or exchange["at"])


async def replay(at: Stage, name: str) -> int:
    """Send a recorded request as it was sent, when it was sent; the status of the answer."""
    exchange = recorded(name)
    at.clock.at = sent_at(exchange)
    headers = {key: value for key, value in exchange["headers"] if key not in ("Host", "Accept-Encoding", "Content-Length")}
    body = exchange["raw_body"].encode() if exchange["raw_body"] is not None else None
    answer = await at.ask(exchange["method"], exchange["path"], headers, body)
    await at.settle()
    return answer.status


def profile(uri: str) -> Profile:
    host, name = uri.split("/")[2], uri.rpartition("/")[2]
    return Profile(
        uri=uri, kind="Person", username=name, host=host, name=name, note="", url=None, avatar=None, header=None, fields=(),
        inbox=uris.inbox(uri), shared_inbox=None, followers=uris.followers(uri), locked=True, discoverable=False, published_at=EARLIER,
    )  # fmt: skip


EARLIER = datetime.fromisoformat("2026-11-20T15:00:00Z")


async def lives_here(at: Stage, uri: str) -> Actor:
    """Somebody with the id that the recorded requests know."""
    async with begin(at.db) as tx:
        actor = await actors.insert_local(tx, EARLIER, profile(uri))
        login = await logins.insert(tx, EARLIER, f"{actor.username}@mail.example", "no password", "member")
        await logins.insert_account(tx, actor.id, login.id, "private", None)
    return actor


async def lives_elsewhere(at: Stage, uri: str, pem: str | None = None) -> Actor:
    """Somebody whose recorded key is known."""
    key_id = f"{uri}/main-key"
    pem = pem or json.loads((CAPTURES / "keys.json").read_text())[key_id]
    async with begin(at.db) as tx:
        actor = await actors.keep_remote(tx, EARLIER, profile(uri))
        await keys.replace(tx, actor.id, [keys.ActorKey(key_id, actor.id, "rsa", pem, EARLIER)])
    return actor


async def asked(at: Stage, follower: Actor, target: Actor, uri: str, *, accepted: bool = False) -> None:
    async with begin(at.db) as tx:
        await follows.request(tx, EARLIER, follower.id, target.id, uri)
        if accepted:
            await follows.accept(tx, follower.id, target.id, EARLIER)


async def said_by_bob(at: Stage, bob: Actor) -> Post:
    """The followers-only note that the recorded answer answers."""
    async with begin(at.db) as tx:
        where = Origin(NOTE, None, bob.id, None, None, "Note", EARLIER + timedelta(minutes=1))
        said = Words("<p>only my followers read this</p>", "only my followers read this", "", False, "en", frozenset())
        post = await posts.insert(tx, EARLIER + timedelta(minutes=1), where, said, Addressing(frozenset({Followers(bob.id)}), listed=False))
    assert post is not None
    return post


@pytest.fixture
async def one(db: Database, tmp_path: Path, authority: trustme.CA) -> AsyncIterator[Stage]:
    """We are gts1.test."""
    async with stage(db, tmp_path, authority, host=ONE, at=EARLIER) as made:
        yield made


@pytest.fixture
async def two(db: Database, tmp_path: Path, authority: trustme.CA) -> AsyncIterator[Stage]:
    """We are gts2.test."""
    async with stage(db, tmp_path, authority, host=TWO, at=EARLIER) as made:
        yield made


async def words_of(at: Stage, viewer: Actor, uri: str) -> str:
    return (await posts.visible_by_uri(at.db.pool, viewer.id, uri)).content


async def test_a_follow_asks_and_its_undo_ends_it(two: Stage) -> None:
    bob, alice = await lives_here(two, BOB), await lives_elsewhere(two, ALICE)
    assert await replay(two, "Follow") == 202
    follow = await follows.by_uri(two.db.pool, ALICE_FOLLOWS_BOB)
    assert follow is not None
    assert (follow.follower_id, follow.target_id, follow.state) == (alice.id, bob.id, "requested")
    assert await two.told(bob) == [("follow_request", alice.id)]
    assert await replay(two, "Undo_Follow") == 202
    assert await follows.by_uri(two.db.pool, ALICE_FOLLOWS_BOB) is None
    assert await two.told(bob) == []


async def test_an_accept_makes_a_follower_and_a_reject_ends_it(one: Stage) -> None:
    alice, carol, bob = await lives_here(one, ALICE), await lives_here(one, f"https://{ONE}/users/carol"), await lives_elsewhere(one, BOB)
    await asked(one, alice, bob, ALICE_FOLLOWS_BOB)
    await asked(one, carol, bob, f"https://{ONE}/users/carol/follow/01S8HTCGXPX6QD5368NAXSAQDX")
    assert await replay(one, "Accept_Follow") == 202
    follow = await follows.of_pair(one.db.pool, alice.id, bob.id)
    assert follow is not None
    assert (follow.state, follow.reads_from) == ("accepted", sent_at(recorded("Accept_Follow")))
    assert await replay(one, "Reject_Follow") == 202
    assert await follows.of_pair(one.db.pool, carol.id, bob.id) is None


async def test_a_note_for_followers_is_read_by_them_edited_and_taken_back(one: Stage) -> None:
    alice, carol, bob = await lives_here(one, ALICE), await lives_here(one, f"https://{ONE}/users/carol"), await lives_elsewhere(one, BOB)
    await asked(one, alice, bob, ALICE_FOLLOWS_BOB, accepted=True)
    assert await replay(one, "Create_Note_followers") == 202
    assert await one.home(alice) == [NOTE]
    assert await one.read(carol) == await one.read(None) == []
    assert await words_of(one, alice, NOTE) == "<p>only my followers read this</p>"
    assert await replay(one, "Update_Note") == 202
    assert await words_of(one, alice, NOTE) == "<p>only my followers read this, said better</p>"
    assert await replay(one, "Delete_Note") == 202
    assert await one.read(alice) == await one.home(alice) == []


async def test_a_public_note_is_read_by_everybody(one: Stage) -> None:
    alice, bob = await lives_here(one, ALICE), await lives_elsewhere(one, BOB)
    await asked(one, alice, bob, ALICE_FOLLOWS_BOB, accepted=True)
    assert await replay(one, "Create_Note_public") == 202
    assert await one.read(None) == await one.home(alice) == [f"{BOB}/statuses/01M7WSZ7F1K5ZNGRBZFNQG4V7W"]
    assert "a public one" in await words_of(one, alice, (await one.read(None))[0])


async def test_a_letter_is_read_by_the_one_it_names_who_is_told(one: Stage) -> None:
    alice, carol, bob = await lives_here(one, ALICE), await lives_here(one, f"https://{ONE}/users/carol"), await lives_elsewhere(one, BOB)
    await asked(one, carol, bob, f"{ALICE}/follow/2", accepted=True)
    assert await replay(one, "Create_Note_direct") == 202
    letter = f"{BOB}/statuses/01M7WSZ7RA3VGARX1TDY95AC2P"
    assert await one.read(alice) == [letter]
    assert await one.read(carol) == await one.read(None) == []
    assert await one.told(alice) == [("mention", bob.id)]
    said = await posts.visible_by_uri(one.db.pool, alice.id, letter)
    assert (await posts.addressing(one.db.pool, said)).rows == {OnePerson(alice.id)}


async def test_an_answer_hangs_on_what_it_answers(two: Stage) -> None:
    bob, alice = await lives_here(two, BOB), await lives_elsewhere(two, ALICE)
    await asked(two, alice, bob, ALICE_FOLLOWS_BOB, accepted=True)
    parent = await said_by_bob(two, bob)
    assert await replay(two, "Create_Note_followers_reply") == 202
    answer = await posts.visible_by_uri(two.db.pool, bob.id, f"{ALICE}/statuses/01M7WSZ7B7Z7A4R0VVZHG6BP0M")
    assert answer.in_reply_to == parent.id
    assert await two.read(None) == []
    assert await two.told(bob) == [("mention", alice.id)]


async def test_a_profile_changes(one: Stage) -> None:
    await lives_here(one, ALICE)
    bob = await lives_elsewhere(one, BOB)
    assert await replay(one, "Update_Person") == 202
    renamed = await actors.by_id(one.db.pool, bob.id)
    assert (renamed.name, renamed.username, renamed.host) == ("Bob, renamed", "bob", TWO)
    assert [key.uri for key in await keys.of_actor(one.db.pool, bob.id)] == [f"{BOB}/main-key"]


async def test_somebody_who_leaves_takes_all_along(db: Database, tmp_path: Path, authority: trustme.CA) -> None:
    exchange = recorded("Delete_actor")
    async with stage(db, tmp_path, authority, host=exchange["host"], at=EARLIER) as here:
        spread = await lives_here(here, f"https://{exchange['host']}/users/spread1")
        carol = await lives_elsewhere(here, f"https://{ONE}/users/carol", exchange["public_key"]["pem"])
        await asked(here, spread, carol, f"https://{exchange['host']}/activities/1", accepted=True)
        async with begin(here.db) as tx:
            where = Origin(f"https://{ONE}/p/1", None, carol.id, None, None, "Note", EARLIER)
            said = Words("<p>words</p>", None, "", False, "en", frozenset())
            await posts.insert(tx, EARLIER, where, said, Addressing(frozenset({Followers(carol.id)}), listed=False))
        assert await here.read(spread) == [f"https://{ONE}/p/1"]
        assert await replay(here, "Delete_actor") == 202
        assert await here.read(spread) == await here.read(carol) == []
        assert await follows.of_pair(here.db.pool, spread.id, carol.id) is None
        assert await actors.by_ids(here.db.pool, [carol.id]) == {}
        assert "words" not in str(await here.db.pool.fetch("select post.* from only post"))


UNDERSTOOD_LATER = {
    ONE: ("Create_Question", "Move", "Update_Question"),
    TWO: ("Announce", "Block", "Create_vote", "Flag", "Like", "Undo_Announce", "Undo_Block", "Undo_Like"),
}


@pytest.mark.parametrize("host", [ONE, TWO])
async def test_what_we_have_no_word_for_yet_is_kept_as_it_came(host: str, db: Database, tmp_path: Path, authority: trustme.CA) -> None:
    async with stage(db, tmp_path, authority, host=host, at=EARLIER) as here:
        for name in ("alice", "bob"):
            await lives_here(here, f"https://{host}/users/{name}")
        for name in ("carol", "bob") if host == ONE else ("alice", ONE):
            await lives_elsewhere(here, f"https://{TWO if host == ONE else ONE}/users/{name}")
        before = await here.footprint()
        for name in UNDERSTOOD_LATER[host]:
            assert await replay(here, name) == 202
        assert await here.footprint() == before
        kept = {record["body"] for record in await here.db.pool.fetch("select body from received")}
        assert kept == {recorded(name)["raw_body"].encode() for name in UNDERSTOOD_LATER[host]}


async def test_what_answers_our_likes_and_answers_is_not_ours_to_act_on(one: Stage) -> None:
    await lives_here(one, ALICE)
    await lives_elsewhere(one, BOB)
    before = await one.footprint()
    assert [await replay(one, name) for name in ("Accept_Like", "Accept_reply")] == [202, 202]
    assert await one.footprint() == before


async def test_a_recorded_reader_is_heard_and_with_a_changed_date_is_not(db: Database, tmp_path: Path, authority: trustme.CA) -> None:
    exchange = recorded("get_status")
    async with stage(db, tmp_path, authority, host=exchange["host"], at=EARLIER) as here:
        await lives_elsewhere(here, f"https://{ONE}/users/carol", exchange["public_key"]["pem"])
        assert await replay(here, "get_status") == 404
        changed = recorded("get_status")
        headers = {key: value.replace("20 Nov 2026", "21 Nov 2026") for key, value in changed["headers"] if key in ("Date", "Signature")}
        assert (await here.ask("GET", "/posts/x", headers)).status == 401
