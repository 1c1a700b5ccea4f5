"""Small, dense worlds of people, follows, blocks, circles and posts; and an oracle of who may read what that shares nothing with the program."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Protocol

START = datetime(2026, 1, 1, tzinfo=UTC)
ALWAYS, NEVER = -1, 99


def at(step: int) -> datetime | None:
    return None if step in (ALWAYS, NEVER) else START + timedelta(minutes=step)


@dataclass
class Stay:
    id: int
    circle: int
    actor: int
    ended: bool
    reads_from: int


@dataclass
class Row:
    kind: str
    actor: int | None = None
    circle: int | None = None
    roll: int | None = None
    only_then: bool = False


@dataclass
class Said:
    id: int
    author: int
    said: int | None
    deleted: bool
    rows: list[Row]


@dataclass
class World:
    actors: list[int]
    suspended: set[int]
    follows: dict[tuple[int, int], int | None]  # (follower, target) -> since when, None: only asked
    blocks: set[tuple[int, int]]
    circles: list[int]
    stays: list[Stay]
    rolls: dict[int, tuple[int, set[int]]]  # roll -> circle, stays
    posts: list[Said] = field(default_factory=list)

    def may_read(self, viewer: int | None, post: Said) -> bool:
        """The oracle."""
        if post.deleted or post.author in self.suspended or viewer in self.suspended:
            return False
        if viewer is not None and {(viewer, post.author), (post.author, viewer)} & self.blocks:
            return False
        return viewer == post.author or (post.said is not None and any(self._admits(row, viewer, post) for row in post.rows))

    def is_told(self, viewer: int, post: Said) -> bool:
        """Whether a post reaches somebody: what is public reaches the followers of its author."""
        if not self.may_read(viewer, post):
            return False
        if viewer == post.author or any(row.kind != "public" and self._admits(row, viewer, post) for row in post.rows):
            return True
        return any(row.kind == "public" for row in post.rows) and self.follows.get((viewer, post.author)) is not None

    def _admits(self, row: Row, viewer: int | None, post: Said) -> bool:
        assert post.said is not None
        if row.kind == "public":
            return True
        if viewer is None:
            return False
        if row.kind == "actor":
            return row.actor == viewer
        if row.kind == "followers":
            assert row.actor is not None
            since = self.follows.get((viewer, row.actor))
            return since is not None and since <= post.said
        assert row.roll is not None
        here = [stay for stay in self.stays if stay.circle == row.circle and stay.actor == viewer and not stay.ended]
        on_roll = any(stay.id in self.rolls[row.roll][1] for stay in here)
        return on_roll or (not row.only_then and any(stay.reads_from <= post.said for stay in here))


def invented(random: Random) -> World:
    """A world: few people, close to each other, so that every rule matters for somebody."""
    actors = list(range(1, 5))
    since = [ALWAYS, 0, 1, 2, 3]
    follows = {(a, b): random.choice([*since, None]) for a in actors for b in actors if a != b and random.random() < 0.6}
    circles = [101, 102]
    stays, number = [], 0
    for circle in circles:
        for actor in actors:
            for ended in [True, False] if random.random() < 0.2 else [random.random() < 0.3] if random.random() < 0.6 else []:
                number += 1
                stays.append(Stay(number, circle, actor, ended, random.choice([0, 1, 2, 3, NEVER])))
    rolls = {
        roll: (circle, {stay.id for stay in stays if stay.circle == circle and random.random() < 0.5})
        for roll, circle in enumerate([101, 101, 102, 102], 1)
    }
    world = World(
        actors,
        {actor for actor in actors if random.random() < 0.1},
        follows,
        {(a, b) for a in actors for b in actors if a != b and random.random() < 0.08},
        circles,
        stays,
        rolls,
    )
    for number in range(1, 7):
        rows: dict[tuple[object, ...], Row] = {}
        for _ in range(random.choice([0, 1, 1, 1, 2, 3])):
            kind = random.choice(["public", "followers", "followers", "actor", "circle", "circle"])
            row = Row(kind)
            if kind in ("followers", "actor"):
                row.actor = random.choice(actors)
            elif kind == "circle":
                row.roll = random.choice(list(rolls))
                row.circle, row.only_then = rolls[row.roll][0], random.random() < 0.4
            rows[kind, row.actor, row.circle] = row
        said = None if random.random() < 0.1 else random.choice([0, 1, 2, 3])
        world.posts.append(Said(1000 + number, random.choice(actors), said, random.random() < 0.08, list(rows.values())))
    return world


class Writer(Protocol):
    async def executemany(self, query: str, arguments: Any, /) -> Any: ...
    async def fetch(self, query: str, /, *arguments: Any) -> list[Any]: ...


async def write(db: Writer, world: World) -> None:
    """Put a world into an empty database."""
    await db.executemany(
        """insert into actor (id, uri, kind, username, host, inbox, local, published_at, suspended_at)
           values ($1, 'https://h.example/' || $1::bigint::text, 'Person', 'a' || $1::bigint::text, 'h.example', 'https://h.example/i', true, $2, $3)""",
        [(a, START, START if a in world.suspended else None) for a in [*world.actors, *world.circles]],
    )
    await db.executemany("insert into account (actor_id) values ($1)", [(a,) for a in world.actors])
    await db.executemany(
        """insert into follow (id, follower_id, target_id, state, uri, reads_from)
           values ($1, $2, $3, case when $4::int is null then 'requested' else 'accepted' end, 'f:' || $1::bigint::text,
                   case when $4 < 0 then '-infinity' else $5::timestamptz + $4 * interval '1 minute' end)""",
        [(number, a, b, since, START) for number, ((a, b), since) in enumerate(world.follows.items(), 1)],
    )
    await db.executemany("insert into block values ($1, $2)", list(world.blocks))
    await db.executemany("insert into circle (id, uri) values ($1, 'hl:' || $1::bigint::text)", [(c,) for c in world.circles])
    await db.executemany(
        "insert into circle_entry (hash, circle_id, parents, body) values ($1, $2, '{}', '')",
        [(bytes([stay.id]), stay.circle) for stay in world.stays],
    )
    await db.executemany(
        """insert into circle_member (id, circle_id, actor_id, joined_by, ended_by, reads_from) overriding system value
           values ($1, $2, $3, $4, $5, coalesce($6::timestamptz, 'infinity'))""",
        [(s.id, s.circle, s.actor, bytes([s.id]), bytes([s.id]) if s.ended else None, at(s.reads_from)) for s in world.stays],
    )
    await db.executemany(
        "insert into circle_roll (id, circle_id, digest) overriding system value values ($1, $2, $3)",
        [(roll, circle, bytes([roll])) for roll, (circle, _) in world.rolls.items()],
    )
    await db.executemany(
        "insert into circle_roll_member (roll_id, member_id) values ($1, $2)",
        [(roll, stay) for roll, (_, stays) in world.rolls.items() for stay in stays],
    )
    await db.executemany(
        """insert into post (id, uri, author_id, content, said_at, deleted_at)
           values ($1, 'https://h.example/p/' || $1::bigint::text, $2, case when $4 then '' else 'w' end, $3, case when $4 then $5::timestamptz end)""",
        [(p.id, p.author, None if p.said is None else at(p.said), p.deleted, START) for p in world.posts],
    )
    await db.executemany(
        """insert into post_audience (post_id, kind, actor_id, circle_id, roll_id, only_then)
           values ($1, $2::audience_kind, $3, $4, $5, $6)""",
        [(p.id, r.kind, r.actor, r.circle, r.roll, r.only_then) for p in world.posts for r in p.rows],
    )


async def disagreements(db: Writer, world: World) -> list[str]:
    """Where the database's two functions and the oracle part, as sentences."""
    found = []
    for viewer in [*world.actors, None]:
        seen = {r["id"] for r in await db.fetch("select id from visible_posts($1)", viewer)}
        for post in world.posts:
            if (post.id in seen) != world.may_read(viewer, post):
                found.append(f"{viewer or 'a stranger'} {'sees' if post.id in seen else 'does not see'} {post}")
    for post in world.posts:
        told = {r["reader"] for r in await db.fetch("select r as reader from readers_of($1) r", post.id)}
        for actor in world.actors:
            if (actor in told) != world.is_told(actor, post):
                found.append(f"{actor} is {'' if actor in told else 'not '}told of {post}")
    return found
