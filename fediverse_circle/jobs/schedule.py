"""What the clock alone asks for.  Each errand is a job that adds itself again: of all processes, one does it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from fediverse_circle.jobs.worker import Handler, work
from fediverse_circle.site import Site
from fediverse_circle.store import deliveries, idempotency, jobs, received, sweeps
from fediverse_circle.store.db import begin
from fediverse_circle.store.jobs import Job

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RECEIVED_KEPT = timedelta(days=30)  # far longer than any signature is good for, or a server repeats itself
BURIED_KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Errand:
    """Something to do every so often."""

    kind: str
    every: timedelta
    do: Callable[[Site, datetime], Awaitable[None]]


async def sweep(here: Site, now: datetime) -> None:
    """Forget what has expired."""
    async with begin(here.db) as tx:
        await received.sweep(tx, now - RECEIVED_KEPT)
        await sweeps.expired_sessions(tx, now)
        await sweeps.used_codes(tx, now - DAY)
        await sweeps.attempts(tx, now - DAY)
        await idempotency.forget(tx, now)
        await jobs.forget_buried(tx, now - BURIED_KEPT)
        await deliveries.sweep(tx)


async def tidy_homes(here: Site, _: datetime) -> None:
    """Forget entries of homes that nobody sees: they cost each page a little."""
    for viewer in await sweeps.homes(here.db.pool):
        async with begin(here.db) as tx:
            await sweeps.dead_entries(tx, viewer)


ERRANDS = (Errand("Sweep", HOUR, sweep), Errand("TidyHomes", DAY, tidy_homes))


async def keep_house(here: Site, stop: asyncio.Event) -> None:
    """See to the errands until told to stop."""
    async with begin(here.db) as tx:
        for errand in ERRANDS:
            await jobs.add_once(tx, here.now(), errand.kind)
    await work(here, {errand.kind: _again(errand) for errand in ERRANDS}, stop)


def _again(errand: Errand) -> Handler:
    """The errand as a job: done, it waits for the next time."""

    async def done_and_due_again(here: Site, job: Job) -> None:
        now = here.now()
        await errand.do(here, now)
        async with begin(here.db) as tx:
            await jobs.done(tx, job.id)
            await jobs.add(tx, now + errand.every, errand.kind, "{}")

    return done_and_due_again
