"""What may not be tried too often, counted for all processes: each attempt is a row, so that a limit holds however many arrive at once.

Who tried is kept as a digest, and not for long.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from fediverse_circle.store.db import Tx


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many attempts of a kind within a time."""

    kind: str
    attempts: int
    within: timedelta

    def key(self, subject: str) -> bytes:
        """What is stored of who tried what."""
        return hashlib.sha256(f"{self.kind}\0{subject}".encode()).digest()


async def begin(tx: Tx, now: datetime, limit: Limit, subject: str) -> datetime | None:
    """Count an attempt; if there were too many, none is counted, and this is when the next will be welcome."""
    key = limit.key(subject)
    await tx.execute("select pg_advisory_xact_lock(hashtextextended(encode($1, 'hex'), 0))", key)
    opening: datetime | None = await tx.fetchval(
        "select made_at from attempt where key = $1 and made_at > $2 order by made_at desc offset $3 limit 1",
        key,
        now - limit.within,
        limit.attempts - 1,
    )
    if opening is not None:
        return opening + limit.within
    await tx.execute("insert into attempt (key, made_at) values ($1, $2)", key, now)
    return None


async def succeeded(tx: Tx, made_at: datetime, limit: Limit, subject: str) -> None:
    """The attempt begun then was rightful: it does not count."""
    await tx.execute("delete from attempt where key = $1 and made_at = $2", limit.key(subject), made_at)
