"""Posts and their audiences.

Every read of a post for somebody goes through `visible_posts` (or, for what is left of one, `buried_posts`): what is not for the viewer is not
there.  This module writes the base table and never reads it (tests/house).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fediverse_circle.core.ids import ActorId, CircleId, PostId, RollId, new_id
from fediverse_circle.core.paging import Page
from fediverse_circle.domain.audience import Addressing, Audience, Followers, InCircle, Person, Public
from fediverse_circle.domain.post import KnownPost, Post, Words
from fediverse_circle.store.db import Reader, Tx, one, row


@dataclass(frozen=True, slots=True)
class Origin:
    """Where and when a post was said, by whom, in answer to what: the part that no edit changes."""

    uri: str
    url: str | None
    author: ActorId
    in_reply_to: PostId | None
    in_reply_to_uri: str | None
    kind: str
    said_at: datetime


def _columns(audience: Audience) -> tuple[str, int | None, int | None, int | None, bool]:
    match audience:
        case Public():
            return "public", None, None, None, False
        case Followers(of):
            return "followers", of, None, None, False
        case InCircle(circle, roll, only_then):
            return "circle", None, circle, roll, only_then
        case Person(actor):
            return "actor", actor, None, None, False


def _audience(record: Any) -> Audience:
    match record["kind"]:
        case "public":
            return Public()
        case "followers":
            return Followers(ActorId(record["actor_id"]))
        case "circle":
            return InCircle(CircleId(record["circle_id"]), RollId(record["roll_id"]), record["only_then"])
        case "actor":
            return Person(ActorId(record["actor_id"]))
        case unknown:
            raise ValueError(f"an audience of kind {unknown}")


async def insert(tx: Tx, now: datetime, origin: Origin, words: Words, addressing: Addressing) -> Post | None:
    """A new post with its audience; None if its id is known already, be it as a tombstone.

    It is said when its author says, but never later than now: backdating narrows, and nothing is from the future.
    """
    columns: list[Sequence[object]] = list(zip(*map(_columns, addressing.rows), strict=True)) or [()] * 5
    record = await tx.fetchrow(
        """with said as (
               insert into post (id, uri, url, author_id, in_reply_to, in_reply_to_uri, kind, content, source, summary, sensitive, language,
                                 listed, said_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
               on conflict (uri) do nothing
               returning *),
             addressed as (
               insert into post_audience (post_id, kind, actor_id, circle_id, roll_id, only_then)
               select said.id, a.* from said, unnest($15::audience_kind[], $16::bigint[], $17::bigint[], $18::bigint[], $19::boolean[]) a),
             named as (
               insert into mention (post_id, actor_id) select said.id, m.* from said, unnest($20::bigint[]) m),
             counted as (
               insert into tally (actor_id, public_posts) select said.author_id, 1 from said where 'public' = any($15)
               on conflict (actor_id) do update set public_posts = tally.public_posts + 1)
           select * from said""",
        new_id(now),
        origin.uri,
        origin.url,
        origin.author,
        origin.in_reply_to,
        origin.in_reply_to_uri,
        origin.kind,
        words.content,
        words.source,
        words.summary,
        words.sensitive,
        words.language,
        addressing.listed,
        min(origin.said_at, now),
        *map(list, columns),
        list(words.mentioned),
    )
    return row(Post, record) if record else None


async def reword(tx: Tx, now: datetime, post: PostId, words: Words) -> Post | None:
    """The post in new words, its audience as it was; None if it was taken back, or elsewhere said later still, meanwhile."""
    record = await tx.fetchrow(
        """with said as (
               update post
                  set (content, source, summary, sensitive, language, edited_at) = ($2, $3, $4, $5, $6, $7)
                where id = $1 and deleted_at is null and (source is not null or edited_at is null or edited_at <= $7)
               returning *),
             gone as (
               delete from mention using said where post_id = said.id and actor_id <> all($8::bigint[])),
             named as (
               insert into mention (post_id, actor_id) select said.id, m.* from said, unnest($8::bigint[]) m on conflict do nothing)
           select * from said""",
        post,
        words.content,
        words.source,
        words.summary,
        words.sensitive,
        words.language,
        now,
        list(words.mentioned),
    )
    return row(Post, record) if record else None


async def erase(tx: Tx, now: datetime, post: PostId) -> None:
    """Take the words of a post back: erased here and now, with whatever rang or listed it.  Its tombstone refuses their return."""
    await tx.execute(
        """with taken as (
               update post set (content, source, summary, deleted_at) = ('', null, '', $2) where id = $1 and deleted_at is null
               returning id, author_id),
             uncounted as (
               update tally set public_posts = greatest(public_posts - 1, 0) from taken
                where tally.actor_id = taken.author_id
                  and exists (select from post_audience a where a.post_id = taken.id and a.kind = 'public')),
             unlisted as (delete from home_entry using taken where post_id = taken.id),
             unnamed as (delete from mention using taken where post_id = taken.id)
           delete from notification using taken where post_id = taken.id""",
        post,
        now,
    )


async def bury(tx: Tx, now: datetime, uri: str, author: ActorId) -> None:
    """A tombstone for a post that was taken back before it came: nothing of it will be stored."""
    await tx.execute(
        """insert into post (id, uri, author_id, content, said_at, deleted_at) values ($1, $2, $3, '', $4, $4) on conflict (uri) do nothing""",
        new_id(now),
        uri,
        author,
        now,
    )


async def visible(db: Reader, viewer: ActorId | None, post: PostId) -> Post:
    """The post, if it is for the viewer; NotFound otherwise."""
    return one(Post, await db.fetchrow("select * from visible_posts($1) where id = $2", viewer, post))


async def visible_by_uri(db: Reader, viewer: ActorId | None, uri: str) -> Post:
    """The post of this id on the wire, if it is for the viewer; NotFound otherwise."""
    return one(Post, await db.fetchrow("select * from visible_posts($1) where uri = $2", viewer, uri))


async def all_visible(db: Reader, viewer: ActorId | None, ids: Collection[PostId]) -> dict[PostId, Post]:
    """Those of these posts that are for the viewer."""
    records = await db.fetch("select * from visible_posts($1) where id = any($2)", viewer, list(ids))
    return {post.id: post for post in (row(Post, record) for record in records)}


async def buried_by_uri(db: Reader, viewer: ActorId | None, uri: str) -> Post:
    """The tombstone of this id, if the post was for the viewer; NotFound otherwise."""
    return one(Post, await db.fetchrow("select * from buried_posts($1) where uri = $2", viewer, uri))


async def mine(db: Reader, me: ActorId, post: PostId) -> Post:
    """My own post; NotFound for anybody else's."""
    return one(Post, await db.fetchrow("select * from visible_posts($1) where id = $2 and author_id = $1", me, post))


async def known(db: Reader, uri: str) -> KnownPost | None:
    """That a post of this id was here, and whose; nothing of its words."""
    record = await db.fetchrow("select * from known_post($1)", uri)
    return row(KnownPost, record) if record else None


async def addressing(db: Reader, post: Post) -> Addressing:
    """The audience of a post that the caller may read."""
    return (await addressings(db, [post]))[post.id]


async def addressings(db: Reader, posts: Sequence[Post]) -> dict[PostId, Addressing]:
    """The audiences of posts that the caller may read."""
    records = await db.fetch("select * from post_audience where post_id = any($1)", [post.id for post in posts])
    rows: dict[int, set[Audience]] = {post.id: set() for post in posts}
    for record in records:
        rows[record["post_id"]].add(_audience(record))
    return {post.id: Addressing(frozenset(rows[post.id]), post.listed) for post in posts}


async def mentions(db: Reader, posts: Collection[PostId]) -> Mapping[PostId, list[ActorId]]:
    """Who is named in the text of posts that the caller may read."""
    named: dict[PostId, list[ActorId]] = {post: [] for post in posts}
    for record in await db.fetch("select post_id, actor_id from mention where post_id = any($1) order by actor_id", list(posts)):
        named[PostId(record["post_id"])].append(ActorId(record["actor_id"]))
    return named


async def replies_count(db: Reader, viewer: ActorId | None, posts: Collection[PostId]) -> dict[PostId, int]:
    """How many answers to each the viewer may read."""
    records = await db.fetch(
        "select in_reply_to, count(*) as answers from visible_posts($1) where in_reply_to = any($2) group by in_reply_to",
        viewer,
        list(posts),
    )
    return {PostId(record["in_reply_to"]): record["answers"] for record in records}


async def ancestors(db: Reader, viewer: ActorId | None, post: Post, limit: int) -> list[Post]:
    """What a post answers, and what that answers, from the first word on; what the viewer may not see ends the line."""
    records = await db.fetch(
        """with recursive line as (
               select p.*, 1 as distance from visible_posts($1) p where p.id = $2
               union all
               select p.*, line.distance + 1 from line join visible_posts($1) p on p.id = line.in_reply_to where line.distance < $3)
           select * from line order by distance desc""",
        viewer,
        post.in_reply_to,
        limit,
    )
    return [row(Post, record) for record in records]


async def descendants(db: Reader, viewer: ActorId | None, post: Post, limit: int) -> list[Post]:
    """What answers a post, and what answers that, oldest first; nothing below what the viewer may not see."""
    records = await db.fetch(
        """with recursive tree as (
               select p.*, 1 as depth from visible_posts($1) p where p.in_reply_to = $2
               union all
               select p.*, tree.depth + 1 from tree join visible_posts($1) p on p.in_reply_to = tree.id where tree.depth < 100)
           select * from tree order by id limit $3""",
        viewer,
        post.id,
        limit,
    )
    return [row(Post, record) for record in records]


async def by_author(db: Reader, viewer: ActorId | None, author: ActorId, page: Page, *, without_replies: bool) -> list[Post]:
    """What the viewer may read of an author, newest first."""
    records = (
        await db.fetch(
            """select * from visible_posts($1)
            where author_id = $2 and id < $3 and id > $4 and not ($6 and in_reply_to_uri is not null)
            order by id desc limit $5""",
            viewer,
            author,
            page.below,
            page.above,
            page.limit,
            without_replies,
        )
        if not page.upwards
        else await db.fetch(
            """select * from visible_posts($1)
            where author_id = $2 and id < $3 and id > $4 and not ($6 and in_reply_to_uri is not null)
            order by id limit $5""",
            viewer,
            author,
            page.below,
            page.above,
            page.limit,
            without_replies,
        )
    )
    return sorted((row(Post, record) for record in records), key=lambda post: -post.id)


async def public_count(db: Reader, author: ActorId) -> int:
    """How many posts of an author everybody may read: the one number about them that everybody may know."""
    count: int | None = await db.fetchval("select public_posts from tally where actor_id = $1", author)
    return count or 0


async def answers(db: Reader, viewer: ActorId | None, post: Post, page: Page) -> list[Post]:
    """What answers a post at once, as far as the viewer may read it, newest first."""
    records = await db.fetch(
        "select * from visible_posts($1) where in_reply_to = $2 and id < $3 and id > $4 order by id desc limit $5",
        viewer,
        post.id,
        page.below,
        page.above,
        page.limit,
    )
    return [row(Post, record) for record in records]


async def adopt(tx: Tx, post: PostId) -> list[PostId]:
    """Answers that came before this post are answers to it now, as far as their authors may read it; which ones."""
    records = await tx.fetch("update post set in_reply_to = $1 where id in (select a from awaiting($1) a) returning id", post)
    return [PostId(record["id"]) for record in records]


async def admit(tx: Tx, post: PostId, reader: ActorId) -> None:
    """The post is for one more: its author brought it to them, too."""
    await tx.execute("insert into post_audience (post_id, kind, actor_id) values ($1, 'actor', $2) on conflict do nothing", post, reader)


async def erase_all(tx: Tx, now: datetime, author: ActorId) -> None:
    """Take all back that somebody ever said here, as `erase` does."""
    await tx.execute(
        """with taken as (
               update post set (content, source, summary, deleted_at) = ('', null, '', $2) where author_id = $1 and deleted_at is null
               returning id),
             uncounted as (delete from tally where actor_id = $1),
             unlisted as (delete from home_entry using taken where post_id = taken.id),
             unnamed as (delete from mention using taken where post_id = taken.id)
           delete from notification using taken where post_id = taken.id""",
        author,
        now,
    )


async def readers(db: Reader, post: Post, among: Collection[ActorId]) -> set[ActorId]:
    """Which of these may read the post."""
    records = await db.fetch("select r as reader from readers_of($1) r where r = any($2)", post.id, list(among))
    return {ActorId(record["reader"]) for record in records}
