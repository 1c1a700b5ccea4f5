"""Actors: everybody we know of, here and elsewhere."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from operator import itemgetter
from typing import Any

from fediverse_circle.core.errors import NotFound
from fediverse_circle.core.ids import ActorId, new_id
from fediverse_circle.domain.actors import Actor, Field, Kind
from fediverse_circle.domain.audience import PUBLIC_NAMES, Known
from fediverse_circle.store.db import Reader, Tx, row

_NAMES = [column.name for column in fields(Actor)]
_columns = itemgetter(*_NAMES)
_FIELDS = _NAMES.index("fields")


def _actor(record: Any) -> Actor:
    values = list(_columns(record))
    values[_FIELDS] = tuple(Field(name, value) for name, value in values[_FIELDS])
    return Actor(*values)


async def by_id(db: Reader, actor: ActorId) -> Actor:
    """The actor; NotFound if there is none, or it was deleted or suspended."""
    found = await by_ids(db, [actor])
    if not found:
        raise NotFound
    return found[actor]


async def by_ids(db: Reader, actors: Collection[ActorId]) -> dict[ActorId, Actor]:
    """The actors of these ids that are there: neither deleted nor suspended."""
    records = await db.fetch("select * from actor where id = any($1) and deleted_at is null and suspended_at is null", list(actors))
    return {actor.id: actor for actor in map(_actor, records)}


async def by_uri(db: Reader, uri: str) -> Actor | None:
    """The actor of this id on the wire, in whatever state: the caller looks at `deleted_at` and `suspended_at`."""
    record = await db.fetchrow("select * from actor where uri = $1", uri)
    return _actor(record) if record else None


async def by_handle(db: Reader, username: str, host: str) -> Actor | None:
    """Whoever bears this handle; of several (an account made anew elsewhere) the one seen last."""
    record = await db.fetchrow(
        """select * from actor
            where lower(username) = lower($1) and host = $2 and deleted_at is null and suspended_at is null
            order by fetched_at desc nulls first limit 1""",
        username,
        host,
    )
    return _actor(record) if record else None


async def by_handles(db: Reader, handles: Collection[tuple[str, str]]) -> dict[tuple[str, str], Actor]:
    """Whoever bears these handles (user name and host, both in lower case); of several the one seen last."""
    records = await db.fetch(
        """select distinct on (lower(a.username), a.host) a.*
             from unnest($1::text[], $2::text[]) wanted(username, host)
             join actor a on lower(a.username) = wanted.username and a.host = wanted.host
            where a.deleted_at is null and a.suspended_at is null
            order by lower(a.username), a.host, a.fetched_at desc nulls first""",
        [username for username, _ in handles],
        [host for _, host in handles],
    )
    return {(actor.username.lower(), actor.host): actor for actor in map(_actor, records)}


async def matching(db: Reader, text: str, limit: int, *, offset: int = 0, followed_by: ActorId | None = None) -> list[Actor]:
    """Actors whose handle begins with the text, those who live here first; only those whom somebody follows, if asked for."""
    records = await db.fetch(
        """select * from actor
            where lower(username) like replace(replace(replace(lower($1), '\\', '\\\\'), '%', '\\%'), '_', '\\_') || '%'
              and kind <> 'Application' and deleted_at is null and suspended_at is null
              and ($4::bigint is null or exists (
                   select from follow f where f.follower_id = $4 and f.target_id = actor.id and f.state = 'accepted'))
            order by local desc, username, host limit $2 offset $3""",
        text,
        limit,
        offset,
        followed_by,
    )
    return [_actor(record) for record in records]


@dataclass(frozen=True, slots=True)
class Shown:
    """An actor as a viewer may see it: with the number of posts that everybody may read; follows are told to the actor alone."""

    actor: Actor
    public_posts: int
    followers: int
    following: int


async def shown(db: Reader, viewer: ActorId | None, actors: Collection[ActorId]) -> dict[ActorId, Shown]:
    """Those of these actors that are there, as the viewer may see them."""
    records = await db.fetch(
        """select a.*, coalesce(t.public_posts, 0) as public_posts,
                  case when a.id = $1 then (select count(*) from follow where target_id = $1 and state = 'accepted') else 0 end as followed,
                  case when a.id = $1 then (select count(*) from follow where follower_id = $1 and state = 'accepted') else 0 end as following
             from actor a left join tally t on t.actor_id = a.id
            where a.id = any($2) and a.deleted_at is null and a.suspended_at is null""",
        viewer,
        list(actors),
    )
    return {
        ActorId(record["id"]): Shown(_actor(record), record["public_posts"], record["followed"], record["following"]) for record in records
    }


@dataclass(frozen=True, slots=True)
class Teller:
    """Somebody who says something.  `followed`: somebody here follows them, or has asked to."""

    id: ActorId
    uri: str
    followers: str | None
    followed: bool


async def teller(db: Reader, actor: ActorId) -> Teller | None:
    """Somebody whose word counts; None if they are gone."""
    record = await db.fetchrow(
        """select a.id, a.uri, a.followers,
                  exists (select from follow f where f.target_id = a.id and f.state = 'accepted')
                  or exists (select from follow f where f.target_id = a.id and f.state = 'requested') as followed
             from actor a where a.id = $1 and a.deleted_at is null and a.suspended_at is null""",
        actor,
    )
    return row(Teller, record) if record else None


@dataclass(frozen=True, slots=True)
class Named:
    """What those whom a foreign post names are to us.  `concerns_us`: somebody here is named, or follows the author, or has asked to."""

    known: Known
    concerns_us: bool


async def named(db: Reader, author: Teller, uris: Collection[str]) -> Named:
    """What these ids are to us: actors, and followers collections with their owners.  What is the author's own is known without a look."""
    wanted = set(uris) - {author.followers} - PUBLIC_NAMES
    own = {author.followers: author.id} if author.followers is not None and author.followers in uris else {}
    if not wanted:
        return Named(Known({}, own), author.followed)
    records = await db.fetch(
        """select id, uri, followers, local from actor
            where (uri = any($1) or followers = any($1)) and deleted_at is null and suspended_at is null""",
        list(wanted),
    )
    known = Known(
        actors={record["uri"]: ActorId(record["id"]) for record in records if record["uri"] in wanted},
        followers=own | {record["followers"]: ActorId(record["id"]) for record in records if record["followers"] in wanted},
    )
    return Named(known, author.followed or any(record["local"] and record["uri"] in wanted for record in records))


@dataclass(frozen=True, slots=True)
class Profile:
    """What an actor says of itself; texts are HTML, ours or sanitised."""

    uri: str
    kind: Kind
    username: str
    host: str
    name: str
    note: str
    url: str | None
    avatar: str | None
    header: str | None
    fields: Sequence[Field]
    inbox: str
    shared_inbox: str | None
    followers: str | None
    locked: bool
    discoverable: bool
    published_at: datetime


async def insert_local(tx: Tx, now: datetime, profile: Profile) -> Actor:
    """A new actor who lives here.  The unique name is the database's to refuse."""
    return await _insert(tx, profile, now, fetched_at=None)


async def rewrite(
    tx: Tx, actor: ActorId, *, kind: Kind, name: str, note: str, fields: Sequence[Field], locked: bool, discoverable: bool
) -> None:
    """What an actor who lives here says of itself now."""
    await tx.execute(
        """update actor set (kind, name, note, fields, locked, discoverable) = ($2, $3, $4, $5, $6, $7)
            where id = $1 and local and deleted_at is null""",
        actor,
        kind,
        name,
        note,
        [[field.name, field.value] for field in fields],
        locked,
        discoverable,
    )


async def keep_remote(tx: Tx, now: datetime, profile: Profile) -> Actor:
    """What was just fetched of an actor elsewhere, new or in place of what we had.  Never touches one of ours."""
    return await _insert(tx, profile, now, fetched_at=now)


async def _insert(tx: Tx, profile: Profile, now: datetime, *, fetched_at: datetime | None) -> Actor:
    record = await tx.fetchrow(
        """insert into actor (id, uri, kind, username, host, name, note, url, avatar, header, fields, inbox, shared_inbox, followers,
                              local, locked, discoverable, published_at, fetched_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
           on conflict (uri) do update
              set (kind, username, host, name, note, url, avatar, header, fields, inbox, shared_inbox, followers, locked, discoverable,
                   fetched_at)
                = (excluded.kind, excluded.username, excluded.host, excluded.name, excluded.note, excluded.url, excluded.avatar,
                   excluded.header, excluded.fields, excluded.inbox, excluded.shared_inbox, excluded.followers, excluded.locked,
                   excluded.discoverable, excluded.fetched_at)
            where not actor.local and actor.deleted_at is null
           returning *""",
        new_id(now),
        profile.uri,
        profile.kind,
        profile.username,
        profile.host,
        profile.name,
        profile.note,
        profile.url,
        profile.avatar,
        profile.header,
        [[field.name, field.value] for field in profile.fields],
        profile.inbox,
        profile.shared_inbox,
        profile.followers,
        fetched_at is None,
        profile.locked,
        profile.discoverable,
        profile.published_at,
        fetched_at,
    )
    if record is None:
        raise NotFound
    return _actor(record)


async def resident(db: Reader, username: str) -> Actor | None:
    """Who lives or lived here under this name, in whatever state; not the server's own actor."""
    record = await db.fetchrow("select * from actor where local and lower(username) = lower($1) and kind <> 'Application'", username)
    return _actor(record) if record else None


async def inbox_owner(db: Reader, username: str) -> ActorId | None:
    """Who lives here under this name and can be written to."""
    owner: int | None = await db.fetchval(
        """select id from actor
            where local and lower(username) = lower($1) and kind <> 'Application' and deleted_at is null and suspended_at is null""",
        username,
    )
    return None if owner is None else ActorId(owner)


async def bury(tx: Tx, now: datetime, actor: ActorId) -> None:
    """Somebody is gone for good: nothing they said of themselves stays, and nobody comes back under this id."""
    await tx.execute(
        """with gone as (
               update actor set (name, note, url, avatar, header, fields, discoverable, deleted_at) = ('', '', null, null, null, '{}', false, $2)
                where id = $1 and deleted_at is null returning id),
             unfollowed as (delete from follow using gone where follow.follower_id = gone.id or follow.target_id = gone.id)
           delete from notification using gone where notification.actor_id = gone.id""",
        actor,
        now,
    )
