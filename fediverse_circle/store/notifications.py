"""What an account is told: who named it, who follows it, who asks to.

Numbers are counted per account, so that no number tells how busy the server is.  What a notification is about is read through
`visible_posts` at each look: taken back or out of reach, and it is gone.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from fediverse_circle.core.ids import ActorId, PostId
from fediverse_circle.core.paging import Page
from fediverse_circle.store.db import Reader, Tx, row

Kind = Literal["mention", "follow", "follow_request"]


@dataclass(frozen=True, slots=True)
class Notification:
    """One thing an account is told; `actor_id` caused it."""

    id: int
    kind: Kind
    actor_id: ActorId
    post_id: PostId | None
    created_at: datetime


async def tell_mentioned(tx: Tx, now: datetime, post: PostId, author: ActorId) -> None:
    """Tell those who live here, are named in the post, and may read it.  A repeat rings once."""
    await tx.execute(
        """with told as (
               select a.actor_id from mention m join account a on a.actor_id = m.actor_id
                where m.post_id = $1 and m.actor_id <> $2 and m.actor_id in (select readers_of($1))
                  and not exists (select from notification n
                                   where n.account_id = a.actor_id and n.kind = 'mention' and n.actor_id = $2 and n.post_id = $1)),
             counted as (
               update account set notifications = notifications + 1 where actor_id in (select actor_id from told)
               returning actor_id, notifications)
           insert into notification (account_id, id, kind, actor_id, post_id, created_at)
           select actor_id, notifications, 'mention', $2, $1, $3 from counted""",
        post,
        author,
        now,
    )


async def tell(tx: Tx, now: datetime, account: ActorId, kind: Kind, actor: ActorId) -> None:
    """Tell an account that somebody follows, or asks to.  No effect for who does not live here; a repeat rings once."""
    await tx.execute(
        """with counted as (
               update account set notifications = notifications + 1
                where actor_id = $1 and not exists (select from notification where account_id = $1 and kind = $2 and actor_id = $3)
               returning notifications)
           insert into notification (account_id, id, kind, actor_id, created_at) select $1, notifications, $2, $3, $4 from counted""",
        account,
        kind,
        actor,
        now,
    )


async def untell(tx: Tx, account: ActorId, kind: Kind, actor: ActorId) -> None:
    """The occasion is gone: so is the notification."""
    await tx.execute("delete from notification where account_id = $1 and kind = $2 and actor_id = $3", account, kind, actor)


async def recent(
    db: Reader, account: ActorId, page: Page, *, kinds: Collection[Kind] | None, without: Collection[Kind], by: ActorId | None
) -> list[Notification]:
    """What an account was told and may still see, newest first; of some kinds only, without some, by one actor only."""
    records = await db.fetch(
        """select n.id, n.kind, n.actor_id, n.post_id, n.created_at
             from notification n join actor a on a.id = n.actor_id
            where n.account_id = $1 and n.id < $2 and n.id > $3
              and a.deleted_at is null and a.suspended_at is null
              and ($4::text[] is null or n.kind = any($4)) and n.kind <> all($5) and ($6::bigint is null or n.actor_id = $6)
              and (n.post_id is null or exists (select from visible_posts($1) p where p.id = n.post_id))
            order by case when $8 then n.id end, n.id desc limit $7""",
        account,
        page.below,
        page.above,
        None if kinds is None else list(kinds),
        list(without),
        by,
        page.limit,
        page.upwards,
    )
    return sorted((row(Notification, record) for record in records), key=lambda told: -told.id)


async def clear(tx: Tx, account: ActorId) -> None:
    """Forget all that an account was told."""
    await tx.execute("delete from notification where account_id = $1", account)


async def dismiss(tx: Tx, account: ActorId, number: int) -> None:
    """Forget one thing."""
    await tx.execute("delete from notification where account_id = $1 and id = $2", account, number)
