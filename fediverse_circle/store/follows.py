"""Who follows whom, and who asks to.

Only the target's verified word makes a follower: `request` and `accept` are called by deeds that hold it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from fediverse_circle.core.ids import ActorId, new_id
from fediverse_circle.core.paging import Page
from fediverse_circle.domain.actors import Follow
from fediverse_circle.store.db import Reader, Tx, one, row


async def request(tx: Tx, now: datetime, follower: ActorId, target: ActorId, uri: str) -> Follow:
    """The follow of this pair, asked for now if there was none.  Of a request made anew (the answer was lost) the newest id counts."""
    return one(
        Follow,
        await tx.fetchrow(
            """insert into follow (id, follower_id, target_id, state, uri) values ($1, $2, $3, 'requested', $4)
               on conflict (follower_id, target_id) do update set uri = excluded.uri
               returning id, follower_id, target_id, state, uri, reads_from""",
            new_id(now),
            follower,
            target,
            uri,
        ),
    )


async def accept(tx: Tx, follower: ActorId, target: ActorId, reads_from: datetime) -> Follow | None:
    """The follow, accepted just now; None if there was no open request."""
    record = await tx.fetchrow(
        """update follow f
              set state = 'accepted',
                  reads_from = case when (select a.past_open from account a where a.actor_id = f.target_id) then '-infinity'::timestamptz else $3 end
            where follower_id = $1 and target_id = $2 and state = 'requested'
           returning id, follower_id, target_id, state, uri, reads_from""",
        follower,
        target,
        reads_from,
    )
    return row(Follow, record) if record else None


async def end(tx: Tx, follower: ActorId, target: ActorId) -> Follow | None:
    """The follow or request that was, gone now; None if there was none."""
    record = await tx.fetchrow(
        """delete from follow where follower_id = $1 and target_id = $2
           returning id, follower_id, target_id, state, uri, reads_from""",
        follower,
        target,
    )
    return row(Follow, record) if record else None


async def of_pair(db: Reader, follower: ActorId, target: ActorId) -> Follow | None:
    """The follow or request of this pair."""
    record = await db.fetchrow(
        "select id, follower_id, target_id, state, uri, reads_from from follow where follower_id = $1 and target_id = $2", follower, target
    )
    return row(Follow, record) if record else None


async def by_uri(db: Reader, uri: str) -> Follow | None:
    """The follow or request that this Follow activity began."""
    record = await db.fetchrow("select id, follower_id, target_id, state, uri, reads_from from follow where uri = $1", uri)
    return row(Follow, record) if record else None


@dataclass(frozen=True, slots=True)
class Relation:
    """What another actor is to me: do I follow, have I asked, do they, have they; and blocks, both ways."""

    other: ActorId
    following: bool
    requested: bool
    followed_by: bool
    requested_by: bool
    blocking: bool
    blocked_by: bool


async def relations(db: Reader, me: ActorId, others: Sequence[ActorId]) -> list[Relation]:
    """What these are to me, in the order asked."""
    records = await db.fetch(
        """select o.id as other,
                  coalesce(mine.state = 'accepted', false) as following, coalesce(mine.state = 'requested', false) as requested,
                  coalesce(theirs.state = 'accepted', false) as followed_by, coalesce(theirs.state = 'requested', false) as requested_by,
                  exists (select from block b where b.blocker_id = $1 and b.blocked_id = o.id) as blocking,
                  exists (select from block b where b.blocker_id = o.id and b.blocked_id = $1) as blocked_by
             from unnest($2::bigint[]) with ordinality o(id, place)
             join actor a on a.id = o.id and a.deleted_at is null
             left join follow mine on mine.follower_id = $1 and mine.target_id = o.id
             left join follow theirs on theirs.follower_id = o.id and theirs.target_id = $1
            order by o.place""",
        me,
        list(others),
    )
    return [row(Relation, record) for record in records]


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a list of people: the hidden number that orders it, and who."""

    id: int
    actor_id: ActorId


async def requests(db: Reader, target: ActorId, page: Page) -> list[Listed]:
    """Who asks to follow, newest first."""
    records = await db.fetch(
        """select f.id, f.follower_id as actor_id from follow f join actor a on a.id = f.follower_id
            where f.target_id = $1 and f.state = 'requested' and f.id < $2 and f.id > $3 and a.deleted_at is null and a.suspended_at is null
            order by case when $5 then f.id end, f.id desc limit $4""",
        target,
        page.below,
        page.above,
        page.limit,
        page.upwards,
    )
    return sorted((row(Listed, record) for record in records), key=lambda listed: -listed.id)


async def followers(db: Reader, target: ActorId, page: Page) -> list[Listed]:
    """Who follows, newest first."""
    records = await db.fetch(
        """select f.id, f.follower_id as actor_id from follow f join actor a on a.id = f.follower_id
            where f.target_id = $1 and f.state = 'accepted' and f.id < $2 and f.id > $3 and a.deleted_at is null and a.suspended_at is null
            order by case when $5 then f.id end, f.id desc limit $4""",
        target,
        page.below,
        page.above,
        page.limit,
        page.upwards,
    )
    return sorted((row(Listed, record) for record in records), key=lambda listed: -listed.id)


async def following(db: Reader, follower: ActorId, page: Page) -> list[Listed]:
    """Whom somebody follows, newest first."""
    records = await db.fetch(
        """select f.id, f.target_id as actor_id from follow f join actor a on a.id = f.target_id
            where f.follower_id = $1 and f.state = 'accepted' and f.id < $2 and f.id > $3 and a.deleted_at is null and a.suspended_at is null
            order by case when $5 then f.id end, f.id desc limit $4""",
        follower,
        page.below,
        page.above,
        page.limit,
        page.upwards,
    )
    return sorted((row(Listed, record) for record in records), key=lambda listed: -listed.id)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many follow, are followed, and ask to follow."""

    followers: int
    following: int
    requests: int


async def counts(db: Reader, actor: ActorId) -> Counts:
    """An actor's counts: for the actor alone to see, unless they open them."""
    record = await db.fetchrow(
        """select (select count(*) from follow where target_id = $1 and state = 'accepted') as followers,
                  (select count(*) from follow where follower_id = $1 and state = 'accepted') as following,
                  (select count(*) from follow where target_id = $1 and state = 'requested') as requests""",
        actor,
    )
    return one(Counts, record)


async def reader_here(db: Reader, author: ActorId, addressees: Collection[str]) -> ActorId | None:
    """Somebody who lives here for whom the words of somebody elsewhere may be: addressed by name, else a follower."""
    reader: int | None = await db.fetchval(
        """select coalesce(
               (select p.id from actor p join account a on a.actor_id = p.id
                 where p.uri = any($2) and p.kind <> 'Application' and p.deleted_at is null and p.suspended_at is null order by p.id limit 1),
               (select f.follower_id from follow f join account a on a.actor_id = f.follower_id
                 where f.target_id = $1 and f.state = 'accepted' order by f.id limit 1))""",
        author,
        list(addressees),
    )
    return None if reader is None else ActorId(reader)
