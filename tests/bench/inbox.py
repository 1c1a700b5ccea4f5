"""Signed deliveries per second that are *visible* in the receiver's home, and CPU per delivery."""

import asyncio
import json
import time
from datetime import UTC, datetime
from statistics import median
from typing import Any

from fediverse_circle.core.ids import new_name
from fediverse_circle.core.urls import parse_url
from fediverse_circle.domain import uris
from fediverse_circle.signing import pem, sign_cavage
from fediverse_circle.store.db import begin
from tests.bench.stage import Stage, Stranger, cpu, floor, let_follow, stage, stranger, written
from tests.bench.wire import pour
from tests.laboratory import Laboratory

CONNECTIONS, DELIVERIES, ROUNDS = 8, 1500, 3
ACCEPTED = 202


def deliveries(stage: Stage, zoe: Stranger, count: int) -> list[bytes]:
    """Ready-made requests: each its own note for zoe's followers, signed."""
    made, now = [], datetime.now(UTC)
    url = parse_url(f"{stage.instance.origin}/inbox")
    for _ in range(count):
        note = f"https://{zoe.uri.split('/')[2]}/notes/{new_name()}"
        body = json.dumps(
            {
                "@context": "https://www.w3.org/ns/activitystreams",
                "id": f"{note}/activity",
                "type": "Create",
                "actor": zoe.uri,
                "published": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "to": [uris.followers(zoe.uri)],
                "cc": [],
                "object": {
                    "id": note,
                    "type": "Note",
                    "attributedTo": zoe.uri,
                    "content": "<p>The bakery has the good rye again, and somebody left a note on the door that says <em>back in ten minutes</em>.</p>"
                    * 4,
                    "published": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "to": [uris.followers(zoe.uri)],
                    "cc": [],
                    "url": note,
                    "sensitive": False,
                    "summary": None,
                    "tag": [],
                    "attachment": [],
                },
            }
        ).encode()
        headers = {
            "Host": stage.instance.host,
            "Content-Type": "application/activity+json",
            "User-Agent": "bench",
            "Content-Length": str(len(body)),
            **sign_cavage(zoe.key, uris.rsa_key(zoe.uri), "POST", url, body, now),
        }
        head = "POST /inbox HTTP/1.1\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in headers.items() if name.lower() != "host" or name == "Host"
        )
        made.append(head.encode() + b"\r\n" + body)
    return made


async def visible(stage: Stage) -> int:
    """How many posts are in ana's home."""
    count: int = await stage.db.pool.fetchval(
        "select count(*) from home_entry h join visible_posts($1) p on p.id = h.post_id where h.viewer_id = $1", stage.ana
    )
    return count


async def run(lab: Laboratory, stored: int = 0) -> dict[str, Any]:
    """The figures."""
    async with stage(lab, "bench-inbox") as ours:
        zoe = await stranger(ours.db, "zoe.example")
        async with begin(ours.db) as tx:
            await let_follow(tx, ours.ana, zoe.id)
        key_file = written(lab.directory / "zoe.pem", pem(zoe.key.public()))
        async with floor("inbox", ours.instance.environment["FEDIVERSE_CIRCLE_DATABASE_URL"], key_file) as (bare_port, _):
            await pour(bare_port, deliveries(ours, zoe, 100), CONNECTIONS, ACCEPTED)
            await _visible_after(ours, deliveries(ours, zoe, 100))
            rates, floors, costs = [], [], []
            for _ in range(ROUNDS):
                requests = deliveries(ours, zoe, DELIVERIES)
                used = cpu(ours.processes())
                rates.append(DELIVERIES / await _visible_after(ours, requests))
                costs.append((cpu(ours.processes()) - used) / DELIVERIES * 1e6)
                floors.append(DELIVERIES / await pour(bare_port, deliveries(ours, zoe, DELIVERIES), CONNECTIONS, ACCEPTED))
    return {
        "bench": "inbox",
        "visible_per_s": round(median(rates)),
        "floor_per_s": round(median(floors)),
        "ratio": round(median(rate / bare for rate, bare in zip(rates, floors, strict=True)), 3),
        "cpu_us_per_delivery_without_postgresql": round(median(costs)),
        "connections": CONNECTIONS,
    }


async def _visible_after(ours: Stage, requests: list[bytes]) -> float:
    """Seconds from the first byte until all of them are to be seen."""
    wanted = await visible(ours) + len(requests)
    began = time.perf_counter()
    await pour(ours.instance.port, requests, CONNECTIONS, ACCEPTED)
    async with asyncio.timeout(60):
        while await visible(ours) < wanted:
            await asyncio.sleep(0.01)
    return time.perf_counter() - began
