"""Does jobs: leases what is due, several side by side, and decides what becomes of what failed.

A job's effects and its end are one transaction of its handler.  So a worker may be killed at any moment: what it held falls due by itself when the
lease runs out, and is done once.  Jobs of one lane are leased one after the other.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import final

import structlog

from fediverse_circle.core.errors import NotFound, TooMany, Unreachable
from fediverse_circle.jobs.attention import attentive, seconds_until
from fediverse_circle.jobs.patience import delay
from fediverse_circle.site import Site
from fediverse_circle.store import jobs
from fediverse_circle.store.db import begin
from fediverse_circle.store.jobs import Job

Handler = Callable[[Site, Job], Awaitable[None]]
"""Does one job in transactions of its own, of which the last ends with `jobs.done(tx, job.id)`."""

HANDS = 32  # jobs side by side
HANDS_FOR_ONE_KIND = 24  # strangers may be slow; what does not need them goes on
JOB_SECONDS = 75.0
LEASE = timedelta(seconds=90)
TRIES = 20  # about three days
_BREATH_SECONDS = 0.005  # what ends and what comes within that time is looked at together
_REST_SECONDS = 1.0  # after the database could not be reached

_log = structlog.get_logger()


@final
@dataclass(frozen=True, slots=True)
class Dropped:
    """What it was about is not there any more."""


@final
@dataclass(frozen=True, slots=True)
class Again:
    """Not now; from then on."""

    at: datetime


@final
@dataclass(frozen=True, slots=True)
class Buried:
    """It will never work; `reason` is a class, not words."""

    reason: str


Fate = Dropped | Again | Buried


def fate(error: Exception, job: Job, now: datetime, chance: float) -> Fate:
    """What becomes of a job whose handler failed so."""
    match error:
        case NotFound():
            return Dropped()
        case TooMany(until=until):
            return Again(max(until, now + delay(job.attempts, chance)))
        case Unreachable() | TimeoutError() if job.attempts < TRIES:
            return Again(now + delay(job.attempts, chance))
        case _:
            return Buried(type(error).__name__)


async def work(here: Site, handlers: Mapping[str, Handler], stop: asyncio.Event) -> None:
    """Do jobs of these kinds until told to stop; then finish what is under way.  If cancelled, what is under way may be begun anew at once."""
    under_way: dict[asyncio.Task[None], Job] = {}
    async with attentive(here.db.bell, stop) as ear:

        def ended(task: asyncio.Task[None]) -> None:
            under_way.pop(task, None)
            if not task.cancelled() and (error := task.exception()) is not None:
                _log.error("a job could not be settled", exc_info=error)
            ear.ring()

        try:
            while not stop.is_set():
                try:
                    due = await _begin_due(here, handlers, under_way, ended)
                except Unreachable as error:
                    _log.warning("jobs wait for the database", exc_info=error)
                    await ear.wait(_REST_SECONDS)
                else:
                    if under_way:
                        await asyncio.sleep(_BREATH_SECONDS)
                    await ear.wait(seconds_until(due, here.now()))
            if under_way:
                await asyncio.wait(under_way)
        finally:
            await _let_go(here, dict(under_way))


async def _begin_due(
    here: Site,
    handlers: Mapping[str, Handler],
    under_way: dict[asyncio.Task[None], Job],
    ended: Callable[[asyncio.Task[None]], None],
) -> datetime | None:
    """Begin with as much of what is due as there are hands for; when to look again at the latest."""
    busy = Counter(job.kind for job in under_way.values())
    kinds = [kind for kind in handlers if busy[kind] < HANDS_FOR_ONE_KIND]
    hands = min(HANDS - len(under_way), HANDS_FOR_ONE_KIND - max((busy[kind] for kind in kinds), default=0))
    if not kinds or hands <= 0:
        return None
    due, now = await jobs.next_due(here.db.pool, kinds), here.now()
    if due is None or due > now:
        return due
    for job in await _leased(here, kinds, hands):
        task = asyncio.create_task(_do(here, handlers[job.kind], job), name=f"job {job.kind}")
        under_way[task] = job
        task.add_done_callback(ended)
    return now


async def _leased(here: Site, kinds: Collection[str], hands: int) -> list[Job]:
    async with begin(here.db) as tx:
        return await jobs.lease(tx, here.now(), here.now() + LEASE, kinds, hands)


async def _do(here: Site, handler: Handler, job: Job) -> None:
    try:
        async with asyncio.timeout(JOB_SECONDS):
            await handler(here, job)
    except Exception as error:
        await _settle(here, job, fate(error, job, here.now(), random.random()), error)  # noqa: S311 (jitter)


async def _settle(here: Site, job: Job, fate: Fate, error: Exception) -> None:
    try:
        async with begin(here.db) as tx:
            match fate:
                case Dropped():
                    with suppress(NotFound):
                        await jobs.done(tx, job.id)
                case Again(at):
                    await jobs.again(tx, job.id, at)
                case Buried(reason):
                    _log.error("job buried", kind=job.kind, job=job.id, exc_info=error)
                    await jobs.bury(tx, job.id, reason)
    except Unreachable:
        return  # it falls due again by itself


async def _let_go(here: Site, under_way: Mapping[asyncio.Task[None], Job]) -> None:
    """End what was not finished, and give it back."""
    for task in under_way:
        task.cancel()
    if under_way:
        await asyncio.gather(*under_way, return_exceptions=True)
        with suppress(Unreachable):
            async with begin(here.db) as tx:
                await jobs.release(tx, here.now(), [job.id for job in under_way.values()])
