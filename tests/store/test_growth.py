"""What a page costs does not grow with what others have said: blocks touched, counted by PostgreSQL, with 10 000 posts and with 40 000.

The reader has eight quiet friends and everybody else talks: where a timeline is computed the easy way, this reader pays for all of it.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import asyncpg

from fediverse_circle.postgres import Access
from fediverse_circle.store.connections import SESSION
from tests.house.test_sql import STATEMENTS

READER, ANSWERED = 1, 5_000
AUTHORS, QUIET = range(100, 400), range(100, 108)
LARGEST = (1 << 63) - 1
MAY_GROW = 1.5

PAGES: Mapping[str, tuple[Any, ...]] = {  # the listing statements, by what only they say, and what they are asked
    "from home_entry h join visible_posts($1) p on p.id = h.post_id\n                where h.viewer_id = $1 and h.post_id < $2 and h.post_id > $3\n                order by h.post_id limit": (
        READER, LARGEST, 0, 20,
    ),
    "order by h.post_id desc limit $4": (READER, LARGEST, 0, 20),
    "and id < $3 and id > $4 and not ($6 and in_reply_to_uri is not null)\n            order by id desc limit": (READER, 100, LARGEST, 0, 20, True),
    "select * from visible_posts($1) where id = $2": (READER, ANSWERED),
    "select * from visible_posts($1) where uri = $2": (READER, "https://h.example/posts/17"),
    "with recursive tree as": (READER, ANSWERED, 100),
    "from notification n join actor a on a.id = n.actor_id": (READER, LARGEST, 0, None, [], None, 20, False),
}  # fmt: skip


async def fill(connection: "asyncpg.Connection[Any]", first: int, last: int) -> None:
    """Posts of these numbers, one in fifty by one of the reader's friends; all in the homes of their authors' followers."""
    await connection.execute("alter table post disable trigger all")
    await connection.execute(
        """insert into post (id, uri, author_id, content, said_at)
           select n * 2, 'https://h.example/posts/' || n, case when n % 50 = 0 then 100 + n / 50 % 8 else 108 + n % 292 end, 'w',
                  '2026-01-01'::timestamptz + n * interval '1 second'
             from generate_series($1::bigint, $2::bigint) n""",
        first,
        last,
    )
    await connection.execute(
        "insert into post_audience (post_id, kind, actor_id) select id, 'followers', author_id from post where id between $1 and $2",
        first * 2,
        last * 2,
    )
    await connection.execute(
        """insert into home_entry (viewer_id, post_id)
           select f.follower_id, p.id from post p join follow f on f.target_id = p.author_id where p.id between $1 and $2""",
        first * 2,
        last * 2,
    )
    await connection.execute("analyze")


async def blocks(connection: "asyncpg.Connection[Any]", statement: str, asked: tuple[Any, ...]) -> int:
    """How many blocks the statement touches, planned as the program plans it."""
    literals = ", ".join(
        "null" if value is None else "'{}'" if value == [] else repr(value).lower() if isinstance(value, bool) else repr(value)
        for value in asked
    )
    await connection.execute(f"prepare q as {statement}")
    try:
        await connection.fetch(f"explain (analyze, buffers) execute q({literals})")
        plan = await connection.fetch(f"explain (analyze, buffers) execute q({literals})")
    finally:
        await connection.execute("deallocate q")
    touched = re.search(r"Buffers: shared hit=(\d+)(?: read=(\d+))?", "\n".join(line[0] for line in plan))
    assert touched is not None
    return int(touched[1]) + int(touched[2] or 0)


async def test_a_page_costs_the_same_however_much_others_have_said(access: Access) -> None:
    connection = await asyncpg.connect(access.owner, server_settings=dict(SESSION))
    try:
        now = datetime(2026, 1, 1, tzinfo=UTC)
        people = [READER, *AUTHORS]
        await connection.executemany(
            """insert into actor (id, uri, username, host, inbox, local, published_at)
               values ($1::bigint, 'https://h.example/' || $1::bigint::text, 'a' || $1::bigint::text, 'h.example', 'https://h.example/i', true, $2)""",
            [(person, now) for person in people],
        )
        await connection.executemany("insert into account (actor_id) values ($1)", [(person,) for person in people])
        follows = [(READER, friend) for friend in QUIET] + [
            (a, 108 + (a + step) % 292) for a in AUTHORS for step in range(1, 20) if a != 108 + (a + step) % 292
        ]
        await connection.executemany(
            """insert into follow (id, follower_id, target_id, state, uri, reads_from)
               values ($1::bigint, $2, $3, 'accepted', 'f:' || $1::bigint::text, '-infinity')""",
            [(number, follower, target) for number, (follower, target) in enumerate(follows, 1)],
        )
        wanted = {}
        for part, asked in PAGES.items():
            found = {statement.value for _, statement in STATEMENTS if part in statement.value}  # type: ignore[attr-defined]
            assert found, f"no statement says: {part}"
            wanted[min(found, key=len)] = asked
        await fill(connection, 1, 10_000)
        await connection.execute(
            """insert into notification (account_id, id, kind, actor_id, post_id, created_at)
               select $1, n, 'mention', 100 + n % 8, n * 100, now() from generate_series(1, 20) n""",
            READER,
        )
        few = {statement: await blocks(connection, statement, asked) for statement, asked in wanted.items()}
        await fill(connection, 10_001, 40_000)
        many = {statement: await blocks(connection, statement, asked) for statement, asked in wanted.items()}
    finally:
        await connection.close()
    grown = {
        f"{few[statement]} -> {many[statement]} blocks:\n{statement}"
        for statement in wanted
        if many[statement] > MAY_GROW * few[statement] + 10
    }
    assert not grown, "\n\n".join(grown)
