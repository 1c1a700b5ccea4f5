"""What time alone makes worthless, and is forgotten: nothing here changes what anybody may see or do."""

from datetime import datetime

from fediverse_circle.core.ids import ActorId
from fediverse_circle.store.db import Reader, Tx


async def expired_sessions(tx: Tx, now: datetime) -> int:
    """Forget sessions and invitations that open nothing any more; how many."""
    return await tx.execute(
        """with links as (delete from invitation where expires_at <= $1)
           delete from browser_session where expires_at <= $1""",
        now,
    )


async def used_codes(tx: Tx, before: datetime) -> int:
    """Forget codes of the authorise page that expired before then; how many."""
    return await tx.execute("delete from oauth_code where expires_at < $1", before)


async def attempts(tx: Tx, before: datetime) -> int:
    """Forget what was tried before then; how many."""
    return await tx.execute("delete from attempt where made_at < $1", before)


async def homes(db: Reader) -> list[ActorId]:
    """Everybody whose home has entries."""
    return [ActorId(r["actor_id"]) for r in await db.fetch("select actor_id from account order by actor_id")]


async def dead_entries(tx: Tx, viewer: ActorId) -> int:
    """Forget the entries of a home that its owner cannot see any more; how many."""
    return await tx.execute(
        """delete from home_entry h
            where h.viewer_id = $1 and not exists (select from visible_posts($1) p where p.id = h.post_id)""",
        viewer,
    )
