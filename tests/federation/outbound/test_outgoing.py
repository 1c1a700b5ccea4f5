"""What was committed here becomes what is brought elsewhere: to readers alone, in present words, and back again."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from fediverse_circle.actions import following, posting
from fediverse_circle.actions.addressing import Decision, Draft, decide
from fediverse_circle.core.errors import NotFound
from fediverse_circle.domain.actors import Actor
from fediverse_circle.domain.audience import Addressing, Audience, Followers, Person, Public, inherited
from fediverse_circle.domain.events import PostEdited
from fediverse_circle.domain.post import Post
from fediverse_circle.federation.outgoing import KINDS, RETRACTIONS_KEPT, WORDS_KEPT, tell
from fediverse_circle.jobs.worker import work
from fediverse_circle.site import Site
from fediverse_circle.store import deliveries, events, follows, jobs, logins, posts
from fediverse_circle.store.db import Tx, begin
from fediverse_circle.store.deliveries import Inbox
from fediverse_circle.store.posts import Origin
from tests.federation.outbound.conftest import Elsewhere, delivering, nothing_waits, residents, stranger
from tests.people import NOW
from tests.sites import Clock

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
M_INBOX = "https://m.example/inbox"


@dataclass(frozen=True)
class Queued:
    """A line of the queue."""

    inbox: str
    said_to: str | None
    activity: dict[str, Any]
    body: bytes

    @property
    def kind(self) -> str:
        kind = self.activity["type"]
        assert isinstance(kind, str)
        return kind

    @property
    def words(self) -> str:
        words = self.activity["object"]["content"]
        assert isinstance(words, str)
        return words


async def queued(here: Site) -> list[Queued]:
    records = await here.db.pool.fetch(
        "select d.inbox, a.host, a.body from delivery d join activity a on a.id = d.activity_id order by d.id"
    )
    return [Queued(r["inbox"], r["host"], msgspec.json.decode(r["body"]), r["body"]) for r in records]


async def tell_all(here: Site) -> None:
    """What a worker would do, in order; what is not so any more is dropped."""
    while True:
        async with begin(here.db) as tx:
            leased = await jobs.lease(tx, here.now(), here.now() + timedelta(minutes=1), KINDS, 10)
        if not leased:
            return
        for job in leased:
            try:
                await tell(here, job)
            except NotFound:
                async with begin(here.db) as tx:
                    await jobs.done(tx, job.id)


async def follower(tx: Tx, of: Actor, who: Actor) -> None:
    await follows.request(tx, NOW, who.id, of.id, f"{who.uri}#follows/{of.username}")
    await follows.accept(tx, who.id, of.id, NOW)


def draft(text: str) -> Draft:
    return Draft(text, "", sensitive=False, language=None, asked=None, in_reply_to=None, mentioned={})


async def say(here: Site, author: Actor, text: str, *rows: Audience, mentioned: dict[str, Actor] | None = None) -> Post:
    async with begin(here.db) as tx:
        decision = Decision(Addressing(frozenset(rows), listed=True), None, mentioned or {})
        return await posting.publish(tx, here.now(), author, draft(text), decision)


async def edit(here: Site, author: Actor, post: Post, text: str, mentioned: dict[str, Actor] | None = None) -> None:
    said = Draft(text, "", sensitive=False, language=None, asked=None, in_reply_to=None, mentioned=mentioned or {})
    async with begin(here.db) as tx:
        await posting.edit(tx, here.now(), author, await posts.mine(tx, author.id, post.id), said)


async def retract(here: Site, author: Actor, post: Post) -> None:
    async with begin(here.db) as tx:
        await posting.retract(tx, here.now(), await posts.mine(tx, author.id, post.id))


async def leave(here: Site) -> None:
    """All that waits goes out and is taken."""
    async with begin(here.db) as tx:
        hosts = [r["host"] for r in await tx.fetch("select distinct host from delivery")]
        taken = await deliveries.take(tx, hosts, 1000)
        await deliveries.drop(tx, [delivery.id for delivery in taken])


async def begin_all(here: Site) -> None:
    """All that waits may have gone out; nobody knows."""
    async with begin(here.db) as tx:
        hosts = [r["host"] for r in await tx.fetch("select distinct host from delivery")]
        await deliveries.take(tx, hosts, 1000)


@dataclass(frozen=True)
class Cast:
    """Who follows Ana: Gus and Gil on a server with a shared inbox, Pia and Pam on one without, Bo here.  Nell follows nobody."""

    ana: Actor
    bo: Actor
    gus: Actor
    gil: Actor
    pia: Actor
    pam: Actor
    nell: Actor


@pytest.fixture
async def cast(here: Site) -> Cast:
    async with begin(here.db) as tx:
        ana, bo = await residents(tx, "ana", "bo")
        gus, gil = await stranger(tx, "gus", "m.example"), await stranger(tx, "gil", "m.example")
        pia, pam = await stranger(tx, "pia", "g.example", shared=False), await stranger(tx, "pam", "g.example", shared=False)
        nell = await stranger(tx, "nell", "h1.example")
        for who in (bo, gus, gil, pia, pam):
            await follower(tx, ana, who)
    return Cast(ana, bo, gus, gil, pia, pam, nell)


# Published


async def test_followers_elsewhere_are_told_through_one_inbox_a_server_where_it_offers_one(here: Site, cast: Cast) -> None:
    await say(here, cast.ana, "Hello", Followers(cast.ana.id))
    await tell_all(here)
    told = await queued(here)
    assert sorted(each.inbox for each in told) == sorted([M_INBOX, cast.pia.inbox, cast.pam.inbox])
    assert {each.body for each in told} == {told[0].body}
    assert (told[0].kind, told[0].said_to, told[0].activity["to"]) == ("Create", None, [cast.ana.followers])
    assert await here.db.pool.fetchval("select count(*) from activity") == 1


async def test_a_shared_inbox_of_another_origin_is_not_trusted_with_it(here: Site, cast: Cast) -> None:
    async with begin(here.db) as tx:
        await tx.execute("update actor set shared_inbox = 'https://h2.example/inbox' where id = any($1)", [cast.gus.id, cast.gil.id])
    await say(here, cast.ana, "Hello", Followers(cast.ana.id))
    await tell_all(here)
    assert {each.inbox for each in await queued(here)} == {who.inbox for who in (cast.gus, cast.gil, cast.pia, cast.pam)}


async def test_nobodys_name_is_told_to_another_server(here: Site, cast: Cast) -> None:
    rows = (Followers(cast.ana.id), Person(cast.gus.id), Person(cast.pia.id), Person(cast.nell.id), Person(cast.bo.id))
    await say(here, cast.ana, "Hello", *rows)
    await tell_all(here)
    told = await queued(here)
    assert {each.inbox for each in told} == {M_INBOX, cast.pia.inbox, cast.pam.inbox, "https://h1.example/inbox"}
    for each in told:
        named = {who.username for who in (cast.gus, cast.gil, cast.pia, cast.pam, cast.nell, cast.bo) if who.uri.encode() in each.body}
        host = each.inbox.split("/")[2]
        assert named == {"m.example": {"gus"}, "g.example": {"pia"}, "h1.example": {"nell"}}[host]
        assert each.said_to == host


async def test_a_letter_goes_to_the_servers_of_its_readers_alone(here: Site, cast: Cast) -> None:
    await say(here, cast.ana, "Hello", Person(cast.gus.id), Person(cast.nell.id))
    await tell_all(here)
    told = {each.inbox: each.activity for each in await queued(here)}
    assert {inbox: activity["to"] for inbox, activity in told.items()} == {
        M_INBOX: [cast.gus.uri],
        "https://h1.example/inbox": [cast.nell.uri],
    }


async def test_what_is_public_is_told_alike_to_followers_and_to_the_named(here: Site, cast: Cast) -> None:
    await say(here, cast.ana, "Hello", Public(), Person(cast.nell.id))
    await tell_all(here)
    told = await queued(here)
    assert {each.inbox for each in told} == {M_INBOX, cast.pia.inbox, cast.pam.inbox, "https://h1.example/inbox"}
    assert {each.body for each in told} == {told[0].body}
    assert told[0].activity["to"] == [PUBLIC]


async def test_an_answer_to_somebody_elses_followers_goes_to_them_and_bears_their_collection(here: Site, cast: Cast) -> None:
    async with begin(here.db) as tx:
        await follower(tx, cast.gus, cast.ana)
        origin = Origin("https://m.example/posts/1", None, cast.gus.id, None, None, "Note", NOW)
        audience = Addressing(frozenset({Followers(cast.gus.id)}), listed=False)
        words = posting.words(draft("Who is there?"), cast.gus, Decision(audience, None, {}))
        parent = await posts.insert(tx, NOW, origin, words, audience)
        assert parent is not None
        answered = inherited(audience, cast.gus.id, cast.ana.id)
        assert answered is not None
        await posting.publish(tx, NOW, cast.ana, draft("I am"), Decision(answered, parent, {}))
    await tell_all(here)
    (told,) = await queued(here)
    assert told.inbox == M_INBOX
    assert (told.activity["to"], told.activity["cc"]) == ([cast.gus.followers], [cast.gus.uri])
    assert told.activity["object"]["inReplyTo"] == "https://m.example/posts/1"
    assert told.activity["object"]["tag"] == [{"type": "Mention", "href": cast.gus.uri, "name": "@gus@m.example"}]


async def test_an_answer_of_another_here_goes_to_the_same_followers_elsewhere(here: Site, cast: Cast) -> None:
    parent = await say(here, cast.ana, "Who is there?", Followers(cast.ana.id))
    async with begin(here.db) as tx:
        answered = inherited(Addressing(frozenset({Followers(cast.ana.id)}), listed=False), cast.ana.id, cast.bo.id)
        assert answered is not None
        await posting.publish(tx, NOW, cast.bo, draft("I am"), Decision(answered, parent, {}))
    await tell_all(here)
    answers = [each for each in await queued(here) if each.activity["actor"] == cast.bo.uri]
    assert {each.inbox for each in answers} == {M_INBOX, cast.pia.inbox, cast.pam.inbox}
    assert {tuple(each.activity["to"]) for each in answers} == {(cast.ana.followers,)}


async def test_naming_somebody_in_an_answer_who_may_not_read_it_tells_them_nothing(here: Site, cast: Cast) -> None:
    parent = await say(here, cast.ana, "Who is there?", Followers(cast.ana.id))
    handles = {"nell@h1.example": cast.nell, "gus@m.example": cast.gus}
    said = Draft(
        "Not @nell@h1.example but @gus@m.example",
        "",
        sensitive=False,
        language=None,
        asked="public",
        in_reply_to=parent.id,
        mentioned=handles,
    )
    async with begin(here.db) as tx:
        decision = await decide(tx, await logins.account(tx, cast.bo.id), said)
        await posting.publish(tx, NOW, cast.bo, said, decision)
    await tell_all(here)
    answers = [each for each in await queued(here) if each.activity["actor"] == cast.bo.uri]
    assert {each.inbox for each in answers} == {M_INBOX, cast.pia.inbox, cast.pam.inbox}
    assert not [each for each in answers if cast.nell.uri.encode() in each.body]
    assert {each.inbox: [tag["href"] for tag in each.activity["object"]["tag"]] for each in answers} == {
        M_INBOX: [cast.gus.uri],
        cast.pia.inbox: [],
        cast.pam.inbox: [],
    }


async def test_who_may_not_read_it_is_not_told(here: Site, cast: Cast) -> None:
    async with begin(here.db) as tx:
        await tx.execute("insert into block (blocker_id, blocked_id) values ($1, $2)", cast.ana.id, cast.pia.id)
        await tx.execute("update actor set suspended_at = now() where id = $1", cast.pam.id)
        late = await stranger(tx, "late", "h2.example")
        await follows.request(tx, NOW, late.id, cast.ana.id, f"{late.uri}#follow")
        await follows.accept(tx, late.id, cast.ana.id, NOW + timedelta(minutes=1))
    await say(here, cast.ana, "Hello", Followers(cast.ana.id), Person(cast.pia.id))
    await tell_all(here)
    assert {each.inbox for each in await queued(here)} == {M_INBOX}


async def test_what_was_taken_back_before_it_was_told_is_never_told(here: Site, cast: Cast) -> None:
    post = await say(here, cast.ana, "Hello", Followers(cast.ana.id))
    await retract(here, cast.ana, post)
    await tell_all(here)
    assert await queued(here) == []
    assert await here.db.pool.fetchval("select count(*) from job") == 0


async def test_what_is_told_twice_is_queued_once(here: Site, cast: Cast) -> None:
    await say(here, cast.ana, "Hello", Followers(cast.ana.id))
    async with begin(here.db) as tx:
        (job,) = await jobs.lease(tx, here.now(), here.now(), KINDS, 1)
    await tell(here, job)
    with pytest.raises(NotFound):
        await tell(here, job)
    assert len(await queued(here)) == 3


async def test_what_has_no_readers_elsewhere_is_told_to_nobody(here: Site, cast: Cast) -> None:
    await say(here, cast.ana, "Hello", Person(cast.bo.id))
    await tell_all(here)
    assert await queued(here) == []
    assert await here.db.pool.fetchval("select count(*) from activity") == 0


# Edited


async def test_an_edit_replaces_what_waits_and_says_it_once(here: Site, clock: Clock, cast: Cast) -> None:
    post = await say(here, cast.ana, "First words", Followers(cast.ana.id), Person(cast.gus.id))
    await tell_all(here)
    before = await queued(here)
    clock.move(timedelta(minutes=1))
    await edit(here, cast.ana, post, "Second words")
    await tell_all(here)
    after = await queued(here)
    assert [(each.inbox, each.kind, each.said_to) for each in after] == [(each.inbox, "Create", each.said_to) for each in before]
    assert {each.words for each in after} == {"<p>Second words</p>"}
    assert not await here.db.pool.fetchval("select exists (select from activity where position('First'::bytea in body) > 0)")


async def test_an_edit_of_what_may_have_left_replaces_it_and_is_told_besides(here: Site, clock: Clock, cast: Cast) -> None:
    post = await say(here, cast.ana, "First words", Followers(cast.ana.id))
    await tell_all(here)
    await begin_all(here)
    clock.move(timedelta(minutes=1))
    await edit(here, cast.ana, post, "Second words")
    await tell_all(here)
    told = await queued(here)
    assert [each.kind for each in told] == ["Create"] * 3 + ["Update"] * 3
    assert {each.words for each in told} == {"<p>Second words</p>"}


async def test_an_edit_of_what_has_left_goes_to_its_readers(here: Site, clock: Clock, cast: Cast) -> None:
    post = await say(here, cast.ana, "First words", Followers(cast.ana.id), Person(cast.nell.id))
    await tell_all(here)
    await leave(here)
    clock.move(timedelta(minutes=1))
    await edit(here, cast.ana, post, "Second words")
    await tell_all(here)
    told = await queued(here)
    assert {(each.inbox, each.kind) for each in told} == {
        (inbox, "Update") for inbox in (M_INBOX, cast.pia.inbox, cast.pam.inbox, "https://h1.example/inbox")
    }
    assert {each.activity["object"]["updated"] for each in told} == {"2026-11-20T12:01:00Z"}


async def test_new_words_are_not_told_to_who_may_read_them_no_longer(here: Site, clock: Clock, cast: Cast) -> None:
    post = await say(here, cast.ana, "First words", Followers(cast.ana.id))
    await tell_all(here)
    await leave(here)
    async with begin(here.db) as tx:
        await follows.end(tx, cast.pia.id, cast.ana.id)
    clock.move(timedelta(minutes=1))
    await edit(here, cast.ana, post, "Second words")
    await tell_all(here)
    assert {each.inbox for each in await queued(here)} == {M_INBOX, cast.pam.inbox}


async def test_an_edit_drops_what_waits_for_who_may_read_it_no_longer(here: Site, clock: Clock, cast: Cast) -> None:
    post = await say(here, cast.ana, "First words", Followers(cast.ana.id))
    await tell_all(here)
    async with begin(here.db) as tx:
        await follows.end(tx, cast.pia.id, cast.ana.id)
    clock.move(timedelta(minutes=1))
    await edit(here, cast.ana, post, "Second words")
    await tell_all(here)
    assert {each.inbox for each in await queued(here)} == {M_INBOX, cast.pam.inbox}


async def test_an_edit_of_something_public_goes_wherever_it_has_gone(here: Site, clock: Clock, cast: Cast) -> None:
    post = await say(here, cast.ana, "First words", Public())
    await tell_all(here)
    await leave(here)
    async with begin(here.db) as tx:
        await follows.end(tx, cast.pia.id, cast.ana.id)
        await deliveries.fetched(tx, post.id, Inbox("https://h3.example/inbox", "h3.example"))
    clock.move(timedelta(minutes=1))
    await edit(here, cast.ana, post, "Second words")
    await tell_all(here)
    inboxes = {M_INBOX, cast.pia.inbox, cast.pam.inbox, "https://h3.example/inbox"}
    assert {each.inbox for each in await queued(here)} == inboxes


async def test_who_is_named_by_an_edit_is_told_so_even_if_the_post_still_waits(here: Site, clock: Clock, cast: Cast) -> None:
    post = await say(here, cast.ana, "First words", Followers(cast.ana.id))
    await tell_all(here)
    clock.move(timedelta(minutes=1))
    await edit(here, cast.ana, post, "Hello @gus@m.example", {"gus@m.example": cast.gus})
    await tell_all(here)
    told = [(each.kind, each.said_to) for each in await queued(here) if each.inbox == M_INBOX]
    assert told == [("Create", None), ("Update", "m.example")]


async def test_two_edits_that_are_told_together_are_one_update(here: Site, clock: Clock, cast: Cast) -> None:
    post = await say(here, cast.ana, "First words", Followers(cast.ana.id))
    await tell_all(here)
    await leave(here)
    for number in (2, 3):
        clock.move(timedelta(minutes=1))
        await edit(here, cast.ana, post, f"Words {number}")
    await tell_all(here)
    told = await queued(here)
    assert [each.kind for each in told] == ["Update"] * 3
    assert {each.words for each in told} == {"<p>Words 3</p>"}
    async with begin(here.db) as tx:
        await events.emit(tx, here.now(), PostEdited(cast.ana.id, post.id))
    await begin_all(here)
    await tell_all(here)
    assert len(await queued(here)) == 3


# Taken back


async def test_what_waits_is_taken_back_with_its_bytes_in_the_deed_itself(here: Site, cast: Cast) -> None:
    post = await say(here, cast.ana, "Hello", Followers(cast.ana.id))
    await tell_all(here)
    await retract(here, cast.ana, post)
    assert await queued(here) == []
    assert await here.db.pool.fetchval("select count(*) from activity") == 0
    await tell_all(here)
    assert await queued(here) == []


async def test_a_retraction_follows_the_post_wherever_it_may_have_gone(here: Site, clock: Clock, cast: Cast) -> None:
    post = await say(here, cast.ana, "Hello", Followers(cast.ana.id), Person(cast.gus.id))
    await tell_all(here)
    async with begin(here.db) as tx:
        await deliveries.take(tx, ["m.example", "g.example"], 2)
        await deliveries.fetched(tx, post.id, Inbox("https://h3.example/inbox", "h3.example"))
        await follows.end(tx, cast.gus.id, cast.ana.id)
        await follows.end(tx, cast.gil.id, cast.ana.id)
    await retract(here, cast.ana, post)
    await tell_all(here)
    told = await queued(here)
    assert {each.inbox for each in told} == {M_INBOX, cast.pia.inbox, cast.pam.inbox, "https://h3.example/inbox"}
    assert {each.kind for each in told} == {"Delete"}
    assert {each.activity["object"]["type"] for each in told} == {"Tombstone"}
    assert {tuple(each.activity["cc"]) for each in told if each.inbox != M_INBOX} == {()}
    assert [each.activity["cc"] for each in told if each.inbox == M_INBOX] == [[cast.gus.uri]]
    until = await here.db.pool.fetchval("select min(give_up_at) from delivery")
    assert until == clock() + RETRACTIONS_KEPT
    assert RETRACTIONS_KEPT > WORDS_KEPT


async def test_a_retraction_reaches_no_inbox_that_the_post_never_went_to(here: Site, cast: Cast) -> None:
    post = await say(here, cast.ana, "Hello", Followers(cast.ana.id))
    await tell_all(here)
    async with begin(here.db) as tx:
        await deliveries.take(tx, ["m.example"], 10)
    await retract(here, cast.ana, post)
    await tell_all(here)
    assert [(each.inbox, each.kind) for each in await queued(here)] == [(M_INBOX, "Delete")]


async def test_what_was_queued_while_it_was_taken_back_goes_too(here: Site, cast: Cast) -> None:
    """Telling and taking back meet: the words are queued only after the deed has looked."""
    post = await say(here, cast.ana, "Hello", Followers(cast.ana.id))
    async with begin(here.db) as tx:
        await posts.erase(tx, NOW, post.id)
        copy = deliveries.Copy(None, b"Hello", [Inbox(M_INBOX, "m.example")])
        await deliveries.add(tx, cast.ana.id, "https://here.example/late", [copy], NOW + WORDS_KEPT, words_of=post.id)
        await events.emit(tx, NOW, posting.PostRetracted(cast.ana.id, post.id, post.uri))
    await tell_all(here)
    assert await queued(here) == []


# Follows


async def test_a_request_to_follow_goes_to_the_person_alone(here: Site, cast: Cast) -> None:
    async with begin(here.db) as tx:
        follow = await following.request(tx, NOW, cast.ana, cast.nell)
    await tell_all(here)
    (told,) = await queued(here)
    assert told.inbox == cast.nell.inbox
    assert told.activity | {"@context": 0} == {
        "@context": 0,
        "id": follow.uri,
        "type": "Follow",
        "actor": cast.ana.uri,
        "object": cast.nell.uri,
        "to": [cast.nell.uri],
        "cc": [],
    }


async def test_answers_to_requests_embed_them_and_what_ends_a_follow_waits_longer(here: Site, clock: Clock, cast: Cast) -> None:
    async with begin(here.db) as tx:
        await following.receive_request(tx, NOW, cast.nell, cast.ana, "https://h1.example/follows/1")
        await following.accept(tx, NOW, cast.ana, cast.nell)
        await following.reject(tx, NOW, cast.ana, cast.nell)
        await following.request(tx, NOW, cast.ana, cast.nell)
        await following.undo(tx, NOW, cast.ana, cast.nell)
    await tell_all(here)
    told = await queued(here)
    assert [each.kind for each in told] == ["Accept", "Reject", "Follow", "Undo"]
    assert {each.inbox for each in told} == {cast.nell.inbox}
    whole = {"id": "https://h1.example/follows/1", "type": "Follow", "actor": cast.nell.uri, "object": cast.ana.uri}
    assert told[0].activity["object"] == told[1].activity["object"] == whole
    assert told[3].activity["object"]["id"] == told[2].activity["id"]
    kept = [r["give_up_at"] - clock() for r in await here.db.pool.fetch("select give_up_at from delivery order by id")]
    assert kept == [WORDS_KEPT, RETRACTIONS_KEPT, WORDS_KEPT, RETRACTIONS_KEPT]


async def test_with_a_removed_follower_goes_what_waits_for_them(here: Site, cast: Cast) -> None:
    await say(here, cast.ana, "Hello", Followers(cast.ana.id))
    await tell_all(here)
    async with begin(here.db) as tx:
        await following.reject(tx, NOW, cast.ana, cast.pia)
        await following.reject(tx, NOW, cast.ana, cast.gus)
    await tell_all(here)
    told = [(each.inbox, each.kind) for each in await queued(here)]
    assert sorted(told[:2]) == sorted([(M_INBOX, "Create"), (cast.pam.inbox, "Create")])
    assert told[2:] == [(cast.pia.inbox, "Reject"), (cast.gus.inbox, "Reject")]


# All of it


async def test_deeds_reach_another_server_in_their_order_signed_by_who_did_them(
    here: Site, clock: Clock, elsewhere: Elsewhere, cast: Cast
) -> None:
    stop = asyncio.Event()
    telling = asyncio.create_task(work(here, dict.fromkeys(KINDS, tell), stop))
    async with delivering(here):
        for number in range(5):
            post = await say(here, cast.ana, f"Hello {number}", Followers(cast.ana.id))
            await elsewhere.saw(4 * 3 * number + 3)
            clock.move(timedelta(seconds=1))
            await edit(here, cast.ana, post, f"Hello again {number}")
            await elsewhere.saw(4 * 3 * number + 6)
            await retract(here, cast.ana, post)
            await elsewhere.saw(4 * 3 * number + 9)
            await say(here, cast.bo, "I follow nobody", Person(cast.gus.id), Person(cast.pia.id), Person(cast.nell.id))
            await elsewhere.saw(4 * 3 * number + 12)
        await nothing_waits(here)
    stop.set()
    await telling
    for inbox in ("/inbox", "/users/pia/inbox"):
        hers = [b.activity for b in elsewhere.seen if b.path == inbox and b.host != "h1.example" and b.activity["actor"] == cast.ana.uri]
        assert [each["type"] for each in hers] == ["Create", "Update", "Delete"] * 5
    for brought in elsewhere.seen:
        name = "ana" if brought.activity["actor"] == cast.ana.uri else "bo"
        assert brought.signed_by(name, clock() - timedelta(seconds=5)).body == brought.body
