"""The clock's errands: what expired is forgotten, by one process, again and again."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from fediverse_circle.core.ids import ActorId
from fediverse_circle.core.paging import Page
from fediverse_circle.domain.audience import Addressing, Followers
from fediverse_circle.domain.post import Words
from fediverse_circle.jobs.schedule import BURIED_KEPT, ERRANDS, HOUR, RECEIVED_KEPT, keep_house, sweep, tidy_homes
from fediverse_circle.site import Site
from fediverse_circle.store import deliveries, follows, jobs, logins, posts, received, timelines
from fediverse_circle.store.db import Database, Tx, begin
from fediverse_circle.store.posts import Origin
from fediverse_circle.store.received import Arrival
from tests.people import NOW, people, strangers
from tests.sites import Clock, site


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def here(db: Database, clock: Clock) -> AsyncIterator[Site]:
    async with site(db, clock) as here:
        yield here


async def said(tx: Tx, author: ActorId, uri: str) -> None:
    origin = Origin(uri, None, author, None, None, "Note", NOW)
    words = Words("<p>Hello</p>", None, "", False, None, frozenset())
    post = await posts.insert(tx, NOW, origin, words, Addressing(frozenset({Followers(author)}), listed=False))
    assert post is not None
    await timelines.enter(tx, post.id)


async def test_errands_come_again_after_their_time_and_are_done_by_one_of_several(here: Site, clock: Clock) -> None:
    stop = asyncio.Event()
    houses = [asyncio.create_task(keep_house(here, stop)) for _ in range(2)]
    due = {"Sweep": clock() + HOUR, "TidyHomes": clock() + timedelta(days=1)}
    async with asyncio.timeout(10):
        while {row["kind"]: row["run_at"] for row in await here.db.pool.fetch("select kind, run_at from job")} != due:
            await asyncio.sleep(0.005)
        clock.move(HOUR)
        here.db.bell.touch()
        while await here.db.pool.fetchval("select run_at from job where kind = 'Sweep'") != clock() + HOUR:
            await asyncio.sleep(0.005)
    stop.set()
    await asyncio.gather(*houses)
    assert await here.db.pool.fetchval("select count(*) from job") == len(ERRANDS)


async def test_what_has_expired_is_forgotten_and_nothing_else(here: Site, clock: Clock) -> None:
    async with begin(here.db) as tx:
        (ana,) = await people(tx, "ana")
        (gus,) = await strangers(tx, "gus")
        login = await logins.of_actor(tx, ana.id)
        await logins.begin_session(tx, NOW, login.id, "short", NOW + HOUR)
        await logins.begin_session(tx, NOW, login.id, "long", NOW + 90 * timedelta(days=1))
        await logins.invite(tx, NOW, "unused", "member", NOW + HOUR)
        await received.keep(tx, NOW, Arrival("https://there.example/1", "Like", None, None, gus.id, b"1", NOW), None)
        later = NOW + timedelta(days=1)
        await received.keep(tx, later, Arrival("https://there.example/2", "Like", None, None, gus.id, b"2", later), None)
        await jobs.add(tx, NOW, "Tell", "buried")
        await jobs.add(tx, NOW, "Tell", "waiting")
        await tx.execute("update job set failure = 'ValueError' where payload = 'buried'")
        await tx.execute("insert into activity (uri, signer_id, body) values ('https://here.example/a', $1, 'words')", ana.id)
        inbox = deliveries.Inbox(gus.inbox, "there.example")
        await deliveries.add(tx, ana.id, "https://here.example/b", [deliveries.Copy(None, b"words", [inbox])], later, words_of=None)
    assert RECEIVED_KEPT == BURIED_KEPT
    clock.move(RECEIVED_KEPT + HOUR)
    await sweep(here, clock())
    pool = here.db.pool
    assert await logins.by_session(pool, NOW, "short") is None
    assert await logins.by_session(pool, NOW, "long") is not None
    assert await logins.invited(pool, NOW, "unused") is None
    assert [r["activity_uri"] for r in await pool.fetch("select activity_uri from received")] == ["https://there.example/2"]
    assert [r["payload"] for r in await pool.fetch("select payload from job")] == ["waiting"]
    assert [r["uri"] for r in await pool.fetch("select uri from activity")] == ["https://here.example/b"]


async def test_a_home_is_tidied_of_what_its_owner_cannot_see(here: Site, clock: Clock) -> None:
    async with begin(here.db) as tx:
        ana, bo, kim = await people(tx, "ana", "bo", "kim")
        for target in (bo, kim):
            await follows.request(tx, NOW, ana.id, target.id, f"{target.uri}#follow")
            await follows.accept(tx, ana.id, target.id, NOW)
            await said(tx, target.id, f"{target.uri}/1")
        await tx.execute("update actor set suspended_at = now() where id = $1", kim.id)
    assert await here.db.pool.fetchval("select count(*) from home_entry where viewer_id = $1", ana.id) == 2
    await tidy_homes(here, clock())
    kept = await here.db.pool.fetch("select post_id from home_entry where viewer_id = $1", ana.id)
    (seen,) = await timelines.home(here.db.pool, ana.id, Page())
    assert seen.author_id == bo.id
    assert [row["post_id"] for row in kept] == [seen.id]
