"""The same request twice makes one post: what a key was used for, for an hour.

`reserve` waits for a transaction that is making the first post, so that the second request answers with it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from fediverse_circle.core.ids import ActorId, PostId
from fediverse_circle.store.db import Tx, row

KEPT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Use:
    """What a key was used for: the digest of the request, and the post it made."""

    digest: bytes
    post_id: PostId


async def reserve(tx: Tx, now: datetime, actor: ActorId, key: str) -> Use | None:
    """What the actor used this key for; None: nothing, and until the end of this transaction nobody else will."""
    await tx.execute("select pg_advisory_xact_lock(hashtextextended($1, $2))", key, actor)
    record = await tx.fetchrow(
        "select digest, post_id from idempotency where actor_id = $1 and key = $2 and created_at > $3", actor, key, now - KEPT
    )
    return row(Use, record) if record else None


async def note(tx: Tx, now: datetime, actor: ActorId, key: str, use: Use) -> None:
    """The key was used for this."""
    await tx.execute(
        """insert into idempotency (actor_id, key, digest, post_id, created_at) values ($1, $2, $3, $4, $5)
           on conflict (actor_id, key) do update set digest = excluded.digest, post_id = excluded.post_id, created_at = excluded.created_at""",
        actor,
        key,
        use.digest,
        use.post_id,
        now,
    )


async def forget(tx: Tx, now: datetime) -> None:
    """Keys of more than an hour ago mean nothing any more."""
    await tx.execute("delete from idempotency where created_at <= $1", now - KEPT)
