"""Timelines.

`home_entry` is an index written on arrival, never a permission: every read joins `visible_posts`.  A home computed from follows
(`author_id in (...) order by id`) reads the whole table for people with quiet friends; it is not to be had here.
"""

from fediverse_circle.core.ids import ActorId, PostId
from fediverse_circle.core.paging import Page
from fediverse_circle.domain.post import Post
from fediverse_circle.store.db import Reader, Tx, row


async def enter(tx: Tx, post: PostId) -> None:
    """Put a new post into the homes it belongs to."""
    await tx.execute("insert into home_entry (viewer_id, post_id) select h, $1 from homes_of($1) h on conflict do nothing", post)


async def receive(tx: Tx, post: Post) -> bool:
    """Put what came from elsewhere into the homes it belongs to; whether answers to it are here already (`posts.adopt`)."""
    is_awaited: bool = await tx.fetchval(
        """with entered as (insert into home_entry (viewer_id, post_id) select h, $1 from homes_of($1) h on conflict do nothing)
           select exists (select from orphans_of($2))""",
        post.id,
        post.uri,
    )
    return is_awaited


async def refill(tx: Tx, viewer: ActorId, author: ActorId, limit: int) -> None:
    """After a follow: the newest of the author's posts that the viewer may read come home too."""
    await tx.execute(
        """insert into home_entry (viewer_id, post_id)
           select $1, p.id from visible_posts($1) p
            where p.author_id = $2 and p.in_reply_to_uri is null order by p.id desc limit $3
           on conflict do nothing""",
        viewer,
        author,
        limit,
    )


async def forget(tx: Tx, viewer: ActorId, author: ActorId) -> None:
    """After a follow has ended: what the author said leaves the viewer's home."""
    await tx.execute(
        """delete from home_entry h using visible_posts($2) p
            where h.viewer_id = $1 and h.post_id = p.id and p.author_id = $2""",
        viewer,
        author,
    )


async def home(db: Reader, viewer: ActorId, page: Page) -> list[Post]:
    """The viewer's home timeline, newest first."""
    if page.upwards:
        records = await db.fetch(
            """select p.*
                 from home_entry h join visible_posts($1) p on p.id = h.post_id
                where h.viewer_id = $1 and h.post_id < $2 and h.post_id > $3
                order by h.post_id limit $4""",
            viewer,
            page.below,
            page.above,
            page.limit,
        )
        return [row(Post, record) for record in reversed(records)]
    records = await db.fetch(
        """select p.*
             from home_entry h join visible_posts($1) p on p.id = h.post_id
            where h.viewer_id = $1 and h.post_id < $2 and h.post_id > $3
            order by h.post_id desc limit $4""",
        viewer,
        page.below,
        page.above,
        page.limit,
    )
    return [row(Post, record) for record in records]
