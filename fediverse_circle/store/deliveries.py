"""What is said to other servers: activities, a delivery for each inbox, and the hosts that they wait for.

A host is leased whole, by one worker at a time, who sends what waits for it in the order of `delivery.id`.  Deliveries are marked before their first
byte leaves (`attempted`, `post_sent`), so that whatever happens then, a retraction knows where a post may have gone.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from fediverse_circle.core.ids import ActorId, PostId
from fediverse_circle.store.db import Reader, Tx, row

Signs = Literal["cavage", "rfc9421"]


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody elsewhere to whom a post is to be brought."""

    id: ActorId
    uri: str
    inbox: str
    shared_inbox: str | None


async def recipients(db: Reader, post: PostId) -> list[Recipient]:
    """The readers of a post who live elsewhere."""
    records = await db.fetch(
        """select a.id, a.uri, a.inbox, a.shared_inbox from readers_of($1) r join actor a on a.id = r
            where not a.local and a.deleted_at is null order by a.id""",
        post,
    )
    return [row(Recipient, record) for record in records]


@dataclass(frozen=True, slots=True)
class Inbox:
    """Where to bring something; `host` is the authority of its URL."""

    url: str
    host: str


@dataclass(frozen=True, slots=True)
class Copy:
    """An activity as it is said to one host (None: to every one alike), and the inboxes it goes to."""

    said_to: str | None
    body: bytes = field(repr=False)
    inboxes: Sequence[Inbox]


async def add(tx: Tx, signer: ActorId, uri: str, copies: Sequence[Copy], give_up_at: datetime, *, words_of: PostId | None) -> None:
    """Have this activity brought to these inboxes, after all that waits for their hosts; said already, it is not said again.

    `words_of`: the post whose words it bears.
    """
    await tx.execute(
        """with target as (
               select t.* from unnest($6::int[], $7::text[], $8::text[]) with ordinality t(copy, host, inbox, place)
                where not exists (select from buried_inbox b where b.inbox = t.inbox)),
             place as (
               insert into destination (host) select distinct host from target order by host on conflict do nothing),
             said as (
               insert into activity (uri, host, signer_id, body)
               select $2, c.host, $1, c.body from unnest($3::text[], $4::bytea[]) with ordinality c(host, body, number)
                where c.number in (select copy from target)
               on conflict do nothing
               returning id, host)
           insert into delivery (host, inbox, activity_id, post_id, give_up_at)
           select t.host, t.inbox, s.id, $9, $5
             from target t join said s on s.host is not distinct from ($3::text[])[t.copy]
            order by t.place
           on conflict do nothing""",
        signer,
        uri,
        [copy.said_to for copy in copies],
        [copy.body for copy in copies],
        give_up_at,
        [number for number, copy in enumerate(copies, 1) for _ in copy.inboxes],
        [inbox.host for copy in copies for inbox in copy.inboxes],
        [inbox.url for copy in copies for inbox in copy.inboxes],
        words_of,
    )


async def fetched(tx: Tx, post: PostId, inbox: Inbox) -> None:
    """Somebody elsewhere has read a post at its origin: its retraction goes to their inbox too."""
    await tx.execute("insert into destination (host) values ($1) on conflict do nothing", inbox.host)
    await tx.execute("insert into post_sent (post_id, inbox, host) values ($1, $2, $3) on conflict do nothing", post, inbox.url, inbox.host)


async def sent_to(db: Reader, post: PostId) -> list[Inbox]:
    """The inboxes that a post may have reached."""
    return [row(Inbox, r) for r in await db.fetch("select inbox as url, host from post_sent where post_id = $1 order by inbox", post)]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery of a post's words that has not been done yet."""

    id: int
    inbox: str
    attempted: bool
    activity_id: int
    uri: str
    said_to: str | None


async def waiting(tx: Tx, post: PostId) -> list[Waiting]:
    """What waits of a post; nobody begins with any of it before this transaction ends."""
    records = await tx.fetch(
        """select d.id, d.inbox, d.attempted, d.activity_id, a.uri, a.host as said_to
             from delivery d join activity a on a.id = d.activity_id
            where d.post_id = $1 order by d.id for update of d""",
        post,
    )
    return [row(Waiting, record) for record in records]


async def replace(tx: Tx, bodies: Iterable[tuple[int, bytes]]) -> None:
    """Other bytes for activities that wait."""
    await tx.executemany("update activity set body = $2 where id = $1", bodies)


async def drop(tx: Tx, ids: Collection[int]) -> None:
    """These are not to be brought any more, or have been; and of what nobody waits for, the bytes go too."""
    records = await tx.fetch("delete from delivery where id = any($1) returning activity_id", list(ids))
    said = list({record["activity_id"] for record in records})
    await tx.execute("select from activity where id = any($1) order by id for update", said)  # of two who drop the last, the second sees it
    await tx.execute(
        "delete from activity a where a.id = any($1) and not exists (select from delivery d where d.activity_id = a.id)",
        said,
    )


async def cancel(tx: Tx, post: PostId) -> None:
    """The words of a post are taken back: none that wait leave any more, and no bytes of them stay."""
    await tx.execute(
        """with gone as (select activity_id from delivery where post_id = $1 order by id for update)
           delete from activity where id in (select activity_id from gone)""",
        post,
    )


async def cancel_unreadable(tx: Tx, author: ActorId, reader: ActorId) -> None:
    """After a follower was removed: the author's posts that wait for that follower's inbox, if nobody who reads there may read them."""
    await tx.execute(
        """with gone as (
               select d.activity_id, d.id from delivery d join activity a on a.id = d.activity_id join actor o on o.id = $2
                where a.signer_id = $1 and d.post_id is not null and d.inbox in (o.inbox, o.shared_inbox)
                  and not exists (select from readers_of(d.post_id) r join actor x on x.id = r where d.inbox in (x.inbox, x.shared_inbox))
                order by d.id for update of d)
           delete from delivery where id in (select id from gone)""",
        author,
        reader,
    )


@dataclass(frozen=True, slots=True)
class Destination:
    """A host we write to.  `failed`: how often in a row it could not be reached; `signs`: what it understands."""

    host: str
    signs: Signs
    failed: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """One activity to one inbox.  `attempted`: it was begun before; `refused`: how often the host, alive, failed over it."""

    id: int
    host: str
    inbox: str
    activity_id: int
    post_id: PostId | None
    attempted: bool
    refused: int
    give_up_at: datetime


@dataclass(frozen=True, slots=True)
class Activity:
    """What we say: the bytes that are sent, and for whom they are signed."""

    id: int
    signer_id: ActorId
    body: bytes = field(repr=False)


async def next_due(db: Reader) -> datetime | None:
    """When the next host that something waits for may be tried; None: nothing waits."""
    due: datetime | None = await db.fetchval(
        """select min(greatest(d.next_attempt_at, d.lease_until, 'epoch')) from destination d
            where exists (select from delivery q where q.host = d.host)"""
    )
    return due


async def lease(tx: Tx, now: datetime, until: datetime, owner: UUID, limit: int) -> list[Destination]:
    """Hosts that may be tried and that something waits for: nobody else's until then."""
    records = await tx.fetch(
        """update destination set lease_owner = $1, lease_until = $3
            where host in (select d.host from destination d
                            where d.next_attempt_at <= $2 and d.lease_until <= $2 and exists (select from delivery q where q.host = d.host)
                            order by d.next_attempt_at limit $4 for update skip locked)
           returning host, signs, fail_count as failed""",
        owner,
        now,
        until,
        limit,
    )
    return [row(Destination, record) for record in records]


async def take(tx: Tx, hosts: Collection[str], limit: int) -> list[Delivery]:
    """The first of what waits for each of these hosts, marked as begun: from now on it may have arrived."""
    records = await tx.fetch(
        """with next as (
               select q.id, q.attempted
                 from unnest($1::text[]) h(host)
                cross join lateral (select d.id, d.attempted from delivery d where d.host = h.host order by d.id limit $2 for update) q)
           update delivery d set attempted = true from next where d.id = next.id
           returning d.id, d.host, d.inbox, d.activity_id, d.post_id, next.attempted as attempted, d.refused, d.give_up_at""",
        list(hosts),
        limit,
    )
    taken = sorted((row(Delivery, record) for record in records), key=lambda delivery: delivery.id)
    about = [delivery for delivery in taken if delivery.post_id is not None]
    if about:
        await tx.execute(
            """insert into post_sent (post_id, inbox, host) select * from unnest($1::bigint[], $2::text[], $3::text[])
               on conflict do nothing""",
            [delivery.post_id for delivery in about],
            [delivery.inbox for delivery in about],
            [delivery.host for delivery in about],
        )
    return taken


async def activities(db: Reader, ids: Collection[int]) -> dict[int, Activity]:
    """The bytes of these activities, as they are now: asked after `take`, which waits for whoever changes them."""
    records = await db.fetch("select id, signer_id, body from activity where id = any($1)", list(ids))
    return {record["id"]: row(Activity, record) for record in records}


async def not_begun(tx: Tx, ids: Collection[int]) -> None:
    """These were taken, but no byte of them has left."""
    await tx.execute("update delivery set attempted = false where id = any($1)", list(ids))


async def refused(tx: Tx, ids: Collection[int]) -> None:
    """The host was there and failed over these."""
    await tx.execute("update delivery set refused = refused + 1 where id = any($1)", list(ids))


async def bury(tx: Tx, inboxes: Collection[Inbox]) -> None:
    """These inboxes are gone for good: nothing is brought there any more."""
    await tx.execute(
        "insert into buried_inbox (inbox, host) select * from unnest($1::text[], $2::text[]) on conflict do nothing",
        [inbox.url for inbox in inboxes],
        [inbox.host for inbox in inboxes],
    )
    waiting = await tx.fetch("select id from delivery where inbox = any($1) order by id for update", [inbox.url for inbox in inboxes])
    await drop(tx, [record["id"] for record in waiting])


@dataclass(frozen=True, slots=True)
class Rest:
    """How a host was left: when it may be tried again (None: at once), how often in a row it has failed now, and what it understands.

    `answers`: it was there, whatever it said.
    """

    host: str
    until: datetime | None
    failed: int
    signs: Signs
    answers: bool


async def release(tx: Tx, now: datetime, owner: UUID, rests: Sequence[Rest]) -> None:
    """Give leased hosts back.  A lease that ran out meanwhile is somebody else's, and stays so."""
    await tx.execute(
        """update destination d
              set lease_owner = null, lease_until = '-infinity', next_attempt_at = coalesce(r.until, '-infinity'),
                  fail_count = r.failed, signs = r.signs,
                  first_failed_at = case when not r.answers then coalesce(d.first_failed_at, $2) end
             from unnest($3::text[], $4::timestamptz[], $5::int[], $6::text[], $7::bool[]) r(host, until, failed, signs, answers)
            where d.host = r.host and d.lease_owner = $1""",
        owner,
        now,
        [rest.host for rest in rests],
        [rest.until for rest in rests],
        [rest.failed for rest in rests],
        [rest.signs for rest in rests],
        [rest.answers for rest in rests],
    )


async def heard_from(tx: Tx, host: str) -> None:
    """A request signed by somebody of this host has come: it is there, whatever we thought.

    Where the next try is near anyway, or it was there and failed over what we brought, nothing changes: else whoever writes to us often while
    their inbox is broken would be asked as often.
    """
    await tx.execute(
        """with revived as (
               update destination set next_attempt_at = '-infinity', fail_count = 0, first_failed_at = null
                where host = $1 and fail_count > 2 and first_failed_at is not null)
           delete from buried_inbox where host = $1""",
        host,
    )


async def sweep(tx: Tx) -> int:
    """Forget the bytes of activities that nobody waits for; how many that were."""
    return await tx.execute("delete from activity a where not exists (select from delivery d where d.activity_id = a.id)")
