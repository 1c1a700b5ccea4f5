"""Following: who asks, who answers, and what both see of it."""

from datetime import timedelta

import pytest

from fediverse_circle.actions import following
from fediverse_circle.core.errors import Forbidden, NotFound
from fediverse_circle.core.paging import Page
from fediverse_circle.store import follows, notifications
from fediverse_circle.store.db import Tx
from tests.people import NOW, people, strangers


async def told(tx: Tx, account: int) -> list[str]:
    found = await notifications.recent(tx, account, Page(), kinds=None, without=[], by=None)  # type: ignore[arg-type]
    return [notification.kind for notification in found]


async def events(tx: Tx) -> list[str]:
    return [record["kind"] for record in await tx.fetch("select kind from job order by id")]


async def test_a_locked_account_is_asked_first(tx: Tx) -> None:
    ana, bo = await people(tx, "ana", "bo")
    follow = await following.request(tx, NOW, ana, bo)
    assert follow.state == "requested"
    assert await told(tx, bo.id) == ["follow_request"]
    accepted = await following.accept(tx, NOW, bo, ana)
    assert (accepted.state, accepted.reads_from) == ("accepted", NOW)
    assert await told(tx, bo.id) == ["follow"]
    assert await events(tx) == []


async def test_an_open_account_that_lives_here_is_followed_at_once(tx: Tx) -> None:
    (ana,), (bo,) = await people(tx, "ana"), await people(tx, "bo", locked=False)
    assert (await following.request(tx, NOW, ana, bo)).state == "accepted"
    assert await told(tx, bo.id) == ["follow"]


async def test_asking_twice_is_asking_once(tx: Tx) -> None:
    (ana,), (zoe,) = await people(tx, "ana"), await strangers(tx, "zoe")
    first, second = await following.request(tx, NOW, ana, zoe), await following.request(tx, NOW, ana, zoe)
    assert first == second
    assert await events(tx) == ["FollowRequested"]


async def test_only_the_targets_word_makes_a_follower_of_somebody_elsewhere(tx: Tx) -> None:
    (ana,), (zoe,) = await people(tx, "ana"), await strangers(tx, "zoe", locked=False)
    assert (await following.request(tx, NOW, ana, zoe)).state == "requested"
    await following.receive_acceptance(tx, NOW, zoe.id, ana.id, NOW - timedelta(seconds=3))
    follow = await follows.of_pair(tx, ana.id, zoe.id)
    assert follow is not None
    assert (follow.state, follow.reads_from) == ("accepted", NOW - timedelta(seconds=3))


async def test_an_acceptance_that_nobody_asked_for_makes_no_follower(tx: Tx) -> None:
    (ana,), (zoe,) = await people(tx, "ana"), await strangers(tx, "zoe")
    await following.receive_acceptance(tx, NOW, zoe.id, ana.id, NOW)
    assert await follows.of_pair(tx, ana.id, zoe.id) is None


async def test_somebody_elsewhere_hears_the_answer_and_hears_it_again_if_it_was_lost(tx: Tx) -> None:
    (ana,), (zoe,) = await people(tx, "ana"), await strangers(tx, "zoe")
    await following.receive_request(tx, NOW, zoe, ana, "https://there.example/f/1")
    assert await events(tx) == []
    await following.accept(tx, NOW, ana, zoe)
    assert await events(tx) == ["FollowAccepted"]
    await following.receive_request(tx, NOW, zoe, ana, "https://there.example/f/2")
    assert await events(tx) == ["FollowAccepted", "FollowAccepted"]
    assert await told(tx, ana.id) == ["follow"]


async def test_a_refused_request_leaves_nothing_behind(tx: Tx) -> None:
    (ana,), (zoe,) = await people(tx, "ana"), await strangers(tx, "zoe")
    await following.receive_request(tx, NOW, zoe, ana, "https://there.example/f/1")
    await following.reject(tx, NOW, ana, zoe)
    assert await follows.of_pair(tx, zoe.id, ana.id) is None
    assert await told(tx, ana.id) == []
    assert await events(tx) == ["FollowRejected"]
    with pytest.raises(NotFound):
        await following.reject(tx, NOW, ana, zoe)


async def test_nobody_follows_themselves_or_somebody_who_blocks_them(tx: Tx) -> None:
    ana, bo = await people(tx, "ana", "bo")
    with pytest.raises(Forbidden):
        await following.request(tx, NOW, ana, ana)
    await tx.execute("insert into block values ($1, $2)", bo.id, ana.id)
    with pytest.raises(Forbidden):
        await following.request(tx, NOW, ana, bo)


async def test_a_blocked_stranger_is_refused(tx: Tx) -> None:
    (ana,), (zoe,) = await people(tx, "ana"), await strangers(tx, "zoe")
    await tx.execute("insert into block values ($1, $2)", ana.id, zoe.id)
    await following.receive_request(tx, NOW, zoe, ana, "https://there.example/f/1")
    assert await events(tx) == ["FollowRejected"]
    assert await follows.of_pair(tx, zoe.id, ana.id) is None


async def test_who_no_longer_follows_is_told_so_once(tx: Tx) -> None:
    (ana,), (zoe,) = await people(tx, "ana"), await strangers(tx, "zoe")
    await following.request(tx, NOW, ana, zoe)
    await following.undo(tx, NOW, ana, zoe)
    await following.undo(tx, NOW, ana, zoe)
    assert await events(tx) == ["FollowRequested", "FollowUndone"]
