"""The queue itself: its order, its leases, and what is dropped from it."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

from fediverse_circle.domain.actors import Actor
from fediverse_circle.store import deliveries
from fediverse_circle.store.db import Database, Tx, begin
from fediverse_circle.store.deliveries import Copy, Inbox, Rest
from tests.people import NOW, people

LATER = NOW + timedelta(minutes=1)


def inbox(host: str, name: str = "inbox") -> Inbox:
    return Inbox(f"https://{host}/{name}", host)


async def say(tx: Tx, author: Actor, name: str, *copies: Copy) -> None:
    await deliveries.add(tx, author.id, f"https://here.example/{name}", copies, NOW + timedelta(days=1), words_of=None)


async def waiting(tx: Tx) -> Sequence[tuple[str, bytes]]:
    records = await tx.fetch("select d.inbox, a.body from delivery d join activity a on a.id = d.activity_id order by d.id")
    return [(record["inbox"], record["body"]) for record in records]


async def test_copies_go_to_their_own_inboxes_in_the_order_given(tx: Tx) -> None:
    (ana,) = await people(tx, "ana")
    m, g, h = inbox("m.example"), inbox("g.example"), inbox("h.example")
    await say(tx, ana, "1", Copy(None, b"all", [m, g]), Copy("h.example", b"theirs", [h]), Copy("x.example", b"nobody's", []))
    assert await waiting(tx) == [(m.url, b"all"), (g.url, b"all"), (h.url, b"theirs")]
    assert await tx.fetchval("select count(*) from activity") == 2


async def test_the_same_activity_is_not_said_again(tx: Tx) -> None:
    (ana,) = await people(tx, "ana")
    await say(tx, ana, "1", Copy(None, b"first", [inbox("m.example")]))
    await say(tx, ana, "1", Copy(None, b"second", [inbox("m.example"), inbox("g.example")]))
    assert await waiting(tx) == [("https://m.example/inbox", b"first")]


async def test_a_host_is_leased_to_one_until_the_lease_runs_out(tx: Tx) -> None:
    (ana,) = await people(tx, "ana")
    await say(tx, ana, "1", Copy(None, b"1", [inbox("m.example")]))
    assert await deliveries.next_due(tx) is not None
    (leased,) = await deliveries.lease(tx, NOW, LATER, uuid4(), 10)
    assert leased.host == "m.example"
    assert await deliveries.lease(tx, NOW, LATER, uuid4(), 10) == []
    assert await deliveries.next_due(tx) == LATER
    assert len(await deliveries.lease(tx, LATER, LATER, uuid4(), 10)) == 1


async def test_who_lost_a_lease_gives_nothing_back(tx: Tx) -> None:
    (ana,) = await people(tx, "ana")
    await say(tx, ana, "1", Copy(None, b"1", [inbox("m.example")]))
    first, second = uuid4(), uuid4()
    await deliveries.lease(tx, NOW, LATER, first, 10)
    await deliveries.lease(tx, LATER, LATER + timedelta(minutes=1), second, 10)
    await deliveries.release(tx, NOW, first, [Rest("m.example", None, 0, "cavage", answers=True)])
    assert await tx.fetchval("select lease_owner from destination") == second


async def test_a_host_that_nothing_waits_for_is_not_leased(tx: Tx) -> None:
    (ana,) = await people(tx, "ana")
    await say(tx, ana, "1", Copy(None, b"1", [inbox("m.example")]))
    (taken,) = await deliveries.take(tx, ["m.example"], 10)
    await deliveries.drop(tx, [taken.id])
    assert await deliveries.next_due(tx) is None
    assert await deliveries.lease(tx, NOW, LATER, uuid4(), 10) == []


async def test_what_is_taken_says_whether_it_was_begun_before(tx: Tx) -> None:
    (ana,) = await people(tx, "ana")
    await say(tx, ana, "1", Copy(None, b"1", [inbox("m.example")]))
    await say(tx, ana, "2", Copy(None, b"2", [inbox("m.example")]))
    assert [each.attempted for each in await deliveries.take(tx, ["m.example"], 1)] == [False]
    taken = await deliveries.take(tx, ["m.example"], 10)
    assert [each.attempted for each in taken] == [True, False]
    await deliveries.not_begun(tx, [taken[1].id])
    assert [each.attempted for each in await deliveries.take(tx, ["m.example"], 10)] == [True, False]


async def test_of_two_who_drop_the_last_deliveries_of_an_activity_the_second_drops_its_bytes(db: Database) -> None:
    async with begin(db) as tx:
        (ana,) = await people(tx, "ana")
        await say(tx, ana, "1", Copy(None, b"private words", [inbox("m.example"), inbox("g.example")]))
        first, second = await deliveries.take(tx, ["m.example", "g.example"], 10)
    dropped = asyncio.Event()

    async def drop_second() -> None:
        await dropped.wait()
        async with begin(db) as tx:
            await deliveries.drop(tx, [second.id])

    other = asyncio.create_task(drop_second())
    async with begin(db) as tx:
        await deliveries.drop(tx, [first.id])
        dropped.set()
        async with asyncio.timeout(10):
            while not await tx.fetchval("select exists (select from pg_locks where not granted)"):
                await asyncio.sleep(0.002)
    await other
    async with begin(db) as tx:
        assert await waiting(tx) == []
        assert await tx.fetchval("select count(*) from activity") == 0
