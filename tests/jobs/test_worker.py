"""Jobs on a real database: each is done once, in its lane's order, by whoever is there."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from fediverse_circle.core.errors import Conflict, Forbidden, Invalid, NotFound, TooMany, Unauthenticated, Unreachable
from fediverse_circle.jobs.patience import delay
from fediverse_circle.jobs.worker import HANDS, HANDS_FOR_ONE_KIND, LEASE, TRIES, Again, Buried, Dropped, Fate, fate, work
from fediverse_circle.site import Site
from fediverse_circle.store import jobs
from fediverse_circle.store.db import Database, begin
from fediverse_circle.store.jobs import Job
from tests.people import NOW
from tests.sites import Clock, site


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def here(db: Database, clock: Clock) -> AsyncIterator[Site]:
    async with site(db, clock) as here:
        yield here


async def add(here: Site, *payloads: str, kind: str = "Tell", lane: int | None = None, wait: timedelta = timedelta()) -> None:
    async with begin(here.db) as tx:
        for payload in payloads:
            await jobs.add(tx, here.now() + wait, kind, payload, lane=lane)


async def left(here: Site) -> list[tuple[str, str | None]]:
    return [(row["payload"], row["failure"]) for row in await here.db.pool.fetch("select payload, failure from job order by id")]


class Deeds:
    """A handler that notes what it did, and fails as it is told."""

    def __init__(self, *, failing: Callable[[Job], Exception | None] = lambda _: None) -> None:
        self.did: list[str] = []
        self.failing = failing
        self.side_by_side = self.most = 0

    async def __call__(self, here: Site, job: Job) -> None:
        self.side_by_side += 1
        self.most = max(self.most, self.side_by_side)
        try:
            async with begin(here.db) as tx:
                if (error := self.failing(job)) is not None:
                    raise error
                await jobs.done(tx, job.id)
            self.did.append(job.payload)
        finally:
            self.side_by_side -= 1


@asynccontextmanager
async def working(here: Site, **handlers: Callable[[Site, Job], Awaitable[None]]) -> AsyncIterator[None]:
    """A worker for as long as the block lasts; it ends cleanly."""
    stop = asyncio.Event()
    task = asyncio.create_task(work(here, handlers, stop))
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(10):
            await task


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await true():
            await asyncio.sleep(0.005)


async def test_what_is_due_is_done_and_gone(here: Site) -> None:
    deeds = Deeds()
    await add(here, "a", "b")
    async with working(here, Tell=deeds):
        await until(lambda: nothing_left(here))
        await add(here, "c")
        await until(lambda: nothing_left(here))
    assert sorted(deeds.did) == ["a", "b", "c"]


async def nothing_left(here: Site) -> bool:
    return not await left(here)


async def test_what_is_not_due_waits_for_its_time(here: Site, clock: Clock) -> None:
    deeds = Deeds()
    await add(here, "later", wait=timedelta(minutes=5))
    async with working(here, Tell=deeds):
        await add(here, "now")
        await until(lambda: equal(left(here), [("later", None)]))
        clock.move(timedelta(minutes=5))
        here.db.bell.touch()
        await until(lambda: nothing_left(here))
    assert deeds.did == ["now", "later"]


async def equal(given: Awaitable[object], wanted: object) -> bool:
    return await given == wanted


async def test_jobs_of_one_lane_are_done_in_their_order_and_never_side_by_side(here: Site) -> None:
    deeds = Deeds()
    numbers = [str(number) for number in range(20)]
    await add(here, *numbers, lane=7)
    async with working(here, Tell=deeds), working(here, Tell=deeds):
        await until(lambda: nothing_left(here))
    assert deeds.did == numbers
    assert deeds.most == 1


async def test_a_lane_waits_for_what_failed_for_now_and_others_do_not(here: Site, clock: Clock) -> None:
    gone = Deeds(failing=lambda job: Unreachable() if job.payload == "first" and job.attempts == 1 else None)
    await add(here, "first", "second", lane=7)
    await add(here, "other", lane=8)
    async with working(here, Tell=gone):
        await until(lambda: equal(left(here), [("first", None), ("second", None)]))
        assert gone.did == ["other"]
        clock.move(delay(1, 1))
        here.db.bell.touch()
        await until(lambda: nothing_left(here))
    assert gone.did == ["other", "first", "second"]


async def test_different_lanes_are_done_side_by_side(here: Site) -> None:
    met = asyncio.Barrier(3)

    async def meet(here: Site, job: Job) -> None:
        await met.wait()
        async with begin(here.db) as tx:
            await jobs.done(tx, job.id)

    for lane in range(3):
        await add(here, "x", lane=lane)
    async with working(here, Tell=meet):
        await until(lambda: nothing_left(here))


async def test_slow_jobs_of_one_kind_leave_hands_for_the_others(here: Site) -> None:
    free, deeds = asyncio.Event(), Deeds()
    begun: list[int] = []

    async def dawdle(here: Site, job: Job) -> None:
        begun.append(job.id)
        await free.wait()
        await deeds(here, job)

    await add(here, *(str(number) for number in range(HANDS + 5)), kind="Understand")
    async with working(here, Understand=dawdle, Tell=deeds):
        await until(lambda: value(len(begun) == HANDS_FOR_ONE_KIND))
        await add(here, "quick")
        await until(lambda: value(deeds.did == ["quick"]))
        assert len(begun) == HANDS_FOR_ONE_KIND
        free.set()
        await until(lambda: nothing_left(here))


async def value(found: bool) -> bool:
    return found


async def test_two_workers_do_each_job_once(here: Site) -> None:
    deeds = Deeds()
    numbers = [str(number) for number in range(100)]
    await add(here, *numbers)
    async with working(here, Tell=deeds), working(here, Tell=deeds):
        await until(lambda: nothing_left(here))
    assert sorted(deeds.did, key=int) == numbers


async def test_a_buried_job_keeps_the_class_of_its_failure_and_none_of_its_words(here: Site) -> None:
    deeds = Deeds(failing=lambda _: ValueError("a private word"))
    await add(here, "a")
    async with working(here, Tell=deeds):
        await until(lambda: equal(left(here), [("a", "ValueError")]))


async def test_a_job_about_something_gone_is_dropped(here: Site) -> None:
    deeds = Deeds(failing=lambda _: NotFound())
    await add(here, "a")
    async with working(here, Tell=deeds):
        await until(lambda: nothing_left(here))
    assert deeds.did == []


async def test_a_buried_job_does_not_hold_up_its_lane(here: Site) -> None:
    deeds = Deeds(failing=lambda job: Conflict() if job.payload == "bad" else None)
    await add(here, "bad", "good", lane=7)
    async with working(here, Tell=deeds):
        await until(lambda: equal(left(here), [("bad", "Conflict")]))
    assert deeds.did == ["good"]


async def test_a_worker_told_to_stop_finishes_what_is_under_way_and_begins_nothing(here: Site) -> None:
    begun, free, deeds = asyncio.Event(), asyncio.Event(), Deeds()

    async def dawdle(here: Site, job: Job) -> None:
        begun.set()
        await free.wait()
        await deeds(here, job)

    await add(here, "first", "second", lane=7)
    stop = asyncio.Event()
    task = asyncio.create_task(work(here, {"Tell": dawdle}, stop))
    await begun.wait()
    stop.set()
    free.set()
    await task
    assert await left(here) == [("second", None)]


async def test_what_a_cancelled_worker_held_may_be_begun_at_once(here: Site) -> None:
    begun, deeds = asyncio.Event(), Deeds()

    async def hang(_: Site, __: Job) -> None:
        begun.set()
        await asyncio.Event().wait()

    await add(here, "a")
    task = asyncio.create_task(work(here, {"Tell": hang}, asyncio.Event()))
    await begun.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with working(here, Tell=deeds):
        await until(lambda: nothing_left(here))
    assert deeds.did == ["a"]


async def test_a_job_whose_lease_ran_out_and_was_done_by_another_has_no_second_effect(here: Site, clock: Clock) -> None:
    await add(here, "a")
    async with begin(here.db) as tx:
        (held,) = await jobs.lease(tx, clock(), clock() + LEASE, ["Tell"], 1)
    clock.move(LEASE)
    async with working(here, Tell=Deeds()):
        await until(lambda: nothing_left(here))

    async def do_it_late() -> None:
        async with begin(here.db) as tx:
            await jobs.add(tx, clock(), "Effect", "of the slow one")
            await jobs.done(tx, held.id)

    with pytest.raises(NotFound):
        await do_it_late()
    assert await left(here) == []


SOON = NOW + timedelta(seconds=5)


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (NotFound(), Dropped()),
        (Unreachable(), Again(SOON)),
        (TimeoutError(), Again(SOON)),
        (TooMany(NOW + timedelta(hours=1)), Again(NOW + timedelta(hours=1))),
        (TooMany(NOW), Again(SOON)),
        (Invalid("field", "No."), Buried("Invalid")),
        (Unauthenticated(), Buried("Unauthenticated")),
        (Forbidden(), Buried("Forbidden")),
        (Conflict(), Buried("Conflict")),
        (KeyError("a private word"), Buried("KeyError")),
    ],
    ids=lambda each: type(each).__name__,
)
def test_what_becomes_of_a_job_depends_on_what_went_wrong(error: Exception, wanted: Fate) -> None:
    assert fate(error, Job(1, "Tell", "{}", attempts=1), NOW, 0) == wanted


def test_patience_ends_one_day() -> None:
    assert fate(Unreachable(), Job(1, "Tell", "{}", attempts=TRIES), NOW, 0) == Buried("Unreachable")
