"""Follow, Accept, Reject, Undo from elsewhere: in any order, more than once, and only by those whose word it is."""

import itertools

import pytest

from fediverse_circle.actions import following
from fediverse_circle.domain.actors import Actor, Follow
from fediverse_circle.store import actors, follows
from fediverse_circle.store.db import begin
from tests.strangers import Person, Stage


async def ask(v: Stage, follower: Actor, target: Person) -> Follow:
    """Somebody here asks to follow somebody elsewhere."""
    them = await v.actor(target)
    assert them is not None
    async with begin(v.db) as tx:
        return await following.request(tx, v.clock(), follower, them)


async def state(v: Stage, follower: Actor | Person, target: Actor | Person) -> str | None:
    one = follower.id if isinstance(follower, Actor) else await v.known(follower)
    other = target.id if isinstance(target, Actor) else await v.known(target)
    found = await follows.of_pair(v.db.pool, one, other)
    return found.state if found is not None else None


async def told_to(v: Stage) -> list[str]:
    """The kinds of events that wait to be told."""
    return [record["kind"] for record in await v.db.pool.fetch("select kind from job where kind <> 'Understand' order by id")]


def request_of(follow: Follow, follower: Actor, target: Person) -> dict[str, object]:
    return {"type": "Follow", "id": follow.uri, "actor": follower.uri, "object": target.id}


async def test_a_request_waits_for_the_one_who_is_asked(v: Stage, ana: Actor, mo: Person) -> None:
    await v.deliver(mo.does("Follow", ana.uri), mo, f"{ana.uri}/inbox")
    assert await state(v, mo, ana) == "requested"
    assert await v.told(ana) == [("follow_request", await v.known(mo))]
    assert await told_to(v) == []


async def test_an_open_account_answers_at_once(v: Stage, ana: Actor, mo: Person) -> None:
    await v.db.pool.fetch("update actor set locked = false where id = $1 returning id", ana.id)
    await v.deliver(mo.does("Follow", ana.uri), mo)
    assert await state(v, mo, ana) == "accepted"
    assert await told_to(v) == ["FollowAccepted"]
    assert await v.told(ana) == [("follow", await v.known(mo))]


async def test_an_answer_that_was_lost_is_given_again(v: Stage, ana: Actor, mo: Person) -> None:
    await v.followed_by(mo, ana)
    await v.deliver(mo.does("Follow", ana.uri, "follow/again"), mo)
    assert await state(v, mo, ana) == "accepted"
    assert await told_to(v) == ["FollowAccepted"]
    assert await v.told(ana) == []


@pytest.mark.parametrize("whom", ["https://v.example/users/nobody", "https://w.example/users/nell", "https://v.example/actor"])
async def test_a_request_to_nobody_here_is_none(v: Stage, ana: Actor, mo: Person, whom: str) -> None:
    await v.deliver(mo.does("Follow", whom), mo)
    assert await v.db.pool.fetchval("select count(*) from follow") == 0


async def test_the_server_itself_refuses_to_be_followed(v: Stage, mo: Person) -> None:
    await v.deliver(mo.does("Follow", f"https://{v.host}/actor"), mo)
    assert await told_to(v) == ["FollowRejected"]


async def test_an_undone_follow_stays_undone_in_whatever_order_and_inbox(v: Stage, ana: Actor, mo: Person) -> None:
    follow = mo.does("Follow", ana.uri)
    undo = mo.does("Undo", follow)
    for number, (one, other) in enumerate(itertools.permutations(["/inbox", f"{ana.uri}/inbox"])):
        follow["id"] = undo["object"]["id"] = mo.thing(f"follow/{number}")
        undo["id"] = mo.thing(f"undo/{number}")
        v.clock.pass_by(seconds=1)
        await v.deliver(undo, mo, one)
        v.clock.pass_by(seconds=1)
        await v.deliver(follow, mo, other)
        assert await state(v, mo, ana) is None
    assert await v.told(ana) == []


async def test_an_undo_that_comes_late_ends_no_later_follow(v: Stage, ana: Actor, mo: Person) -> None:
    first, second = mo.does("Follow", ana.uri, "follow/1"), mo.does("Follow", ana.uri, "follow/2")
    await v.deliver(first, mo)
    await v.deliver(second, mo)
    await v.deliver(mo.does("Undo", first), mo)
    assert await state(v, mo, ana) == "requested"
    await v.deliver(mo.does("Undo", second, "undo/2"), mo)
    assert await state(v, mo, ana) is None


async def test_an_undo_without_an_id_names_its_pair(v: Stage, ana: Actor, mo: Person) -> None:
    await v.followed_by(mo, ana)
    await v.deliver(mo.does("Undo", {"type": "Follow", "actor": mo.id, "object": ana.uri}), mo)
    assert await state(v, mo, ana) is None


async def test_an_undo_of_a_bare_id_is_understood(v: Stage, ana: Actor, mo: Person) -> None:
    follow = mo.does("Follow", ana.uri)
    await v.deliver(follow, mo)
    await v.deliver(mo.does("Undo", follow["id"]), mo)
    assert await state(v, mo, ana) is None


async def test_an_undo_ends_what_was_accepted_and_what_may_be_read(v: Stage, ana: Actor, mo: Person) -> None:
    follow = mo.does("Follow", ana.uri)
    await v.deliver(follow, mo)
    them = await v.actor(mo)
    assert them is not None
    async with begin(v.db) as tx:
        await following.accept(tx, v.clock(), ana, them)
    assert await state(v, mo, ana) == "accepted"
    await v.deliver(mo.does("Undo", follow), mo)
    assert await state(v, mo, ana) is None


async def test_acceptance_is_the_targets_word_and_counts_from_then(v: Stage, ana: Actor, mo: Person) -> None:
    asked = await ask(v, ana, mo)
    v.clock.pass_by(minutes=3)
    await v.deliver(mo.does("Accept", request_of(asked, ana, mo)), mo)
    follow = await follows.by_uri(v.db.pool, asked.uri)
    assert follow is not None
    assert (follow.state, follow.reads_from) == ("accepted", v.clock())


async def test_acceptance_names_the_request_or_its_pair(v: Stage, ana: Actor, bo: Actor, mo: Person, nell: Person) -> None:
    asked = await ask(v, ana, mo)
    await v.deliver(mo.does("Accept", asked.uri), mo)
    assert await state(v, ana, mo) == "accepted"
    await ask(v, bo, mo)
    await v.deliver(mo.does("Accept", {"type": "Follow", "actor": bo.uri, "object": mo.id}, "accept/2"), mo)
    assert await state(v, bo, mo) == "accepted"
    asked = await ask(v, ana, nell)
    await v.deliver(nell.does("Accept", request_of(asked, ana, nell) | {"id": nell.thing("changed")}), nell)
    assert await state(v, ana, nell) == "accepted"


async def test_a_rejection_ends_a_request_and_a_follow(v: Stage, ana: Actor, mo: Person) -> None:
    asked = await ask(v, ana, mo)
    await v.deliver(mo.does("Reject", request_of(asked, ana, mo)), mo)
    assert await state(v, ana, mo) is None
    follow = await v.befriend(ana, mo)
    await v.deliver(mo.does("Reject", request_of(follow, ana, mo), "reject/2"), mo)
    assert await state(v, ana, mo) is None
    await v.deliver(mo.does("Accept", request_of(follow, ana, mo), "accept/late"), mo)
    assert await state(v, ana, mo) is None


async def test_what_was_home_before_an_acceptance_comes_home_with_it(v: Stage, ana: Actor, bo: Actor, mo: Person) -> None:
    await v.befriend(bo, mo)
    note = mo.note("1", to=["https://www.w3.org/ns/activitystreams#Public"], cc=[mo.followers])
    await v.deliver(mo.does("Create", note), mo)
    asked = await ask(v, ana, mo)
    assert await v.home(ana) == []
    await v.deliver(mo.does("Accept", request_of(asked, ana, mo)), mo)
    assert await v.home(ana) == [note["id"]]


async def test_who_leaves_follows_nobody_and_is_followed_by_nobody(v: Stage, ana: Actor, mo: Person) -> None:
    await v.followed_by(mo, ana)
    await v.befriend(ana, mo)
    await v.deliver(mo.does("Delete", mo.id), mo)
    them = await v.known(mo)
    assert await follows.of_pair(v.db.pool, them, ana.id) is None
    assert await follows.of_pair(v.db.pool, ana.id, them) is None
    assert await actors.by_ids(v.db.pool, [them]) == {}
    assert (await v.post(mo.does("Follow", ana.uri, "follow/after"), mo)).status == 401
