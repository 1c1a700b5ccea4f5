"""The home timeline over HTTP: 20 posts, hot and cold, 1 and 8 readers, 1 000 and 100 000 posts stored."""

import random
import time
from dataclasses import dataclass
from statistics import median
from typing import Any

from fediverse_circle.core.ids import EPOCH
from fediverse_circle.signing import generate_rsa
from fediverse_circle.store.db import begin
from tests.bench.stage import Stage, floor, let_follow, remote, stage, written
from tests.bench.wire import Wire, times
from tests.laboratory import Laboratory

REQUESTS, AUTHORS, ROUNDS = 400, 40, 5


async def run(lab: Laboratory, stored: int) -> list[dict[str, Any]]:
    """The figures for so many posts stored."""
    async with stage(lab, f"bench-timeline{stored}") as ours:
        ids = await _filled(ours, stored)
        wire = await Wire.open(ours.instance.port)
        status, body = await wire.ask(_request(ours, ""))
        await wire.close()
        assert status == 200, body[:300]
        assert body.count(b'"visibility"') >= 20
        chance = random.Random(7)
        figures = []
        async with floor("answer", written(lab.directory / "timeline.json", body)) as (bare, _):
            for readers in (1, 8):
                hot = [_request(ours, "")] * REQUESTS
                cold = [_request(ours, f"?max_id={chance.choice(ids)}") for _ in range(REQUESTS)]
                await times(ours.instance.port, hot[:50], readers)
                rounds = [
                    (
                        await _asked(ours.instance.port, hot, readers),
                        await _asked(ours.instance.port, cold, readers),
                        await _asked(bare, hot, readers),
                    )
                    for _ in range(ROUNDS)
                ]
                figures.append(
                    {
                        "bench": "timeline",
                        "posts": stored,
                        "readers": readers,
                        "hot_ms": round(median(hot.ms for hot, _, _ in rounds), 2),
                        "cold_ms": round(median(cold.ms for _, cold, _ in rounds), 2),
                        "floor_ms": round(median(floor.ms for _, _, floor in rounds), 2),
                        "hot_per_s": round(median(hot.rate for hot, _, _ in rounds)),
                        "floor_per_s": round(median(floor.rate for _, _, floor in rounds)),
                        "ratio": round(median(hot.rate / floor.rate for hot, _, floor in rounds), 3),
                    }
                )
    return figures


@dataclass(frozen=True)
class Asked:
    """How it went: the median answer, and answers per second."""

    ms: float
    rate: float


async def _asked(port: int, requests: list[bytes], readers: int) -> Asked:
    began = time.perf_counter()
    taken = await times(port, requests, readers)
    return Asked(median(taken), len(requests) / (time.perf_counter() - began))


def _request(ours: Stage, query: str) -> bytes:
    return (
        f"GET /api/v1/timelines/home{query} HTTP/1.1\r\nHost: {ours.instance.host}\r\nAuthorization: Bearer {ours.token}\r\nAccept: */*\r\n\r\n"
    ).encode()


async def _filled(ours: Stage, stored: int) -> list[int]:
    """Followed people with followers-only posts, spread over a year, all in ana's home; the ids of the posts that have 20 below them."""
    key = generate_rsa()
    async with begin(ours.db) as tx:
        authors = [await remote(tx, f"h{n}.example", f"a{n}", shared_inbox=True, key=key) for n in range(AUTHORS)]
        for author in authors:
            await let_follow(tx, ours.ana, author)
        await tx.execute(
            """insert into post (id, uri, author_id, content, said_at)
               select ((extract(epoch from '2025-11-01'::timestamptz - $3::timestamptz) * 1000 + n * (31536000000 / $1::bigint))::bigint << 22) + 2 * n,
                      'https://h.example/posts/' || n, ($2::bigint[])[1 + n % array_length($2::bigint[], 1)],
                      '<p>' || repeat('The bakery has the good rye again. ', 8) || '</p>', '2025-11-01'::timestamptz + n * interval '1 year' / $1::bigint
                 from generate_series(1, $1::bigint) n""",
            stored,
            authors,
            EPOCH,
        )
        await tx.execute("insert into post_audience (post_id, kind, actor_id) select id, 'followers', author_id from post")
        await tx.execute("insert into home_entry (viewer_id, post_id) select $1, id from post", ours.ana)
    for table in ("post", "post_audience", "home_entry", "follow", "actor"):
        await ours.db.pool.fetch(f"analyze {table}")
    rows = await ours.db.pool.fetch("select post_id from home_entry where viewer_id = $1 order by post_id offset 20", ours.ana)
    return [row["post_id"] for row in rows]
