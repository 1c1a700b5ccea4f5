"""Work that waits: leased one by one; what a dead worker held falls due by itself.

A job's last statement deletes the job, in the transaction of its effects: it is done once, or again.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from fediverse_circle.core.errors import NotFound
from fediverse_circle.store.db import Reader, Tx, row


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work: `payload` is JSON with ids, never words; `attempts` counts this one."""

    id: int
    kind: str
    payload: str
    attempts: int


async def add(tx: Tx, run_at: datetime, kind: str, payload: str, *, lane: int | None = None) -> None:
    """Have this done from `run_at` on; within a lane in the order of adding."""
    await tx.execute("insert into job (kind, payload, lane, run_at) values ($1, $2, $3, $4)", kind, payload, lane, run_at)


async def lease(tx: Tx, now: datetime, until: datetime, kinds: Collection[str], limit: int) -> list[Job]:
    """Due jobs of these kinds, nobody else's until then; of each lane the first alone."""
    records = await tx.fetch(
        """update job set run_at = $2, attempts = attempts + 1
            where id in (select j.id from job j
                          where j.run_at <= $1 and j.failure is null and j.kind = any($3)
                            and (j.lane is null or not exists (
                                 select from job before where before.lane = j.lane and before.id < j.id and before.failure is null))
                          order by j.run_at, j.id limit $4 for update skip locked)
           returning id, kind, payload, attempts""",
        now,
        until,
        list(kinds),
        limit,
    )
    return sorted((row(Job, record) for record in records), key=lambda job: job.id)


async def done(tx: Tx, job: int) -> None:
    """The job's effects are in this transaction: it is done.  NotFound, and so no effect, if somebody else has done it meanwhile."""
    if not await tx.execute("delete from job where id = $1", job):
        raise NotFound


async def again(tx: Tx, job: int, run_at: datetime) -> None:
    """Not now: once more from `run_at` on."""
    await tx.execute("update job set run_at = $2 where id = $1", job, run_at)


async def bury(tx: Tx, job: int, failure: str) -> None:
    """This will never work; `failure` says why, without words of anybody's."""
    await tx.execute("update job set failure = $2 where id = $1", job, failure)


async def next_due(db: Reader, kinds: Collection[str]) -> datetime | None:
    """When the next of these kinds falls due; of each lane the first alone counts."""
    due: datetime | None = await db.fetchval(
        """select j.run_at from job j
            where j.failure is null and j.kind = any($1)
              and (j.lane is null or not exists (
                   select from job before where before.lane = j.lane and before.id < j.id and before.failure is null))
            order by j.run_at limit 1""",
        list(kinds),
    )
    return due


async def release(tx: Tx, now: datetime, jobs: Collection[int]) -> None:
    """These were leased and not done: whoever comes next may do them at once."""
    await tx.execute("update job set run_at = $1 where id = any($2)", now, list(jobs))


async def add_once(tx: Tx, run_at: datetime, kind: str) -> None:
    """Have this done from `run_at` on, unless it waits already."""
    await tx.execute("select pg_advisory_xact_lock(hashtext($1))", kind)
    await tx.execute(
        """insert into job (kind, payload, run_at)
           select $1, '{}', $2 where not exists (select from job where kind = $1 and failure is null)""",
        kind,
        run_at,
    )


async def forget_buried(tx: Tx, before: datetime) -> int:
    """Forget buried jobs that fell due before then; how many that were."""
    return await tx.execute("delete from job where failure is not null and run_at < $1", before)
