"""How far an account has read, as its apps tell each other."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from fediverse_circle.core.ids import ActorId
from fediverse_circle.store.db import Reader, Tx, one, row

Timeline = Literal["home", "notifications"]


@dataclass(frozen=True, slots=True)
class Marker:
    """The last thing read in a timeline; `version` counts the changes."""

    timeline: Timeline
    last_read_id: int
    version: int
    updated_at: datetime


async def of(db: Reader, account: ActorId, timelines: Collection[Timeline]) -> list[Marker]:
    """The marks that an account has set in these timelines."""
    records = await db.fetch(
        "select timeline, last_read_id, version, updated_at from marker where account_id = $1 and timeline = any($2)",
        account,
        list(timelines),
    )
    return [row(Marker, record) for record in records]


async def put(tx: Tx, now: datetime, account: ActorId, timeline: Timeline, last_read_id: int) -> Marker:
    """The mark is here now."""
    return one(
        Marker,
        await tx.fetchrow(
            """insert into marker (account_id, timeline, last_read_id, updated_at) values ($1, $2, $3, $4)
               on conflict (account_id, timeline) do update
                  set last_read_id = excluded.last_read_id, version = marker.version + 1, updated_at = excluded.updated_at
               returning timeline, last_read_id, version, updated_at""",
            account,
            timeline,
            last_read_id,
            now,
        ),
    )
