"""One post to 200 followers, on 1 host and on 50: the time from asking to the last delivery."""

import asyncio
import time
from statistics import median
from typing import Any

import aiohttp

from fediverse_circle.domain import uris
from fediverse_circle.signing import generate_rsa, secret_pem
from fediverse_circle.store.db import begin
from tests.bench.stage import floor, let_follow, remote, stage, written
from tests.laboratory import Laboratory

FOLLOWERS, ROUNDS = 200, 7


async def run(lab: Laboratory, hosts: int) -> dict[str, Any]:
    """The figures for so many hosts."""
    names = [f"far{number}.localhost" for number in range(hosts)]
    issued = lab.authority.issue_cert(*names)
    certificate = written(lab.directory / f"far{hosts}.pem", b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    key_file = written(lab.directory / f"far{hosts}.key", issued.private_key_pem.bytes())
    key = generate_rsa()
    signing_key = written(lab.directory / "bench-signing.pem", secret_pem(key))
    async with floor("receive", certificate, key_file) as (far, _), stage(lab, f"bench-fanout{hosts}") as ours:
        async with begin(ours.db) as tx:
            for number in range(FOLLOWERS):
                host = f"{names[number % hosts]}:{far}"
                follower = await remote(tx, host, f"f{number}", shared_inbox=False, key=key)
                await let_follow(tx, follower, ours.ana)
        inboxes = [uris.inbox(uris.actor(f"https://{names[n % hosts]}:{far}", f"f{n}")) for n in range(FOLLOWERS)]
        async with (
            floor("send", signing_key, str(lab.authority_file), "1" if hosts > 1 else "6") as (bare, _),
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=False)) as http,
        ):
            taken, floors = [], []
            for _ in range(ROUNDS):
                await http.post(f"https://127.0.0.1:{far}/reset")
                began = time.time()
                answer = await http.post(
                    f"http://127.0.0.1:{ours.instance.port}/api/v1/statuses",
                    json={"status": "The bakery has the good rye again.", "visibility": "private"},
                    headers={"Authorization": f"Bearer {ours.token}", "Host": ours.instance.host},
                )
                assert answer.status == 200, await answer.text()
                async with asyncio.timeout(60):
                    while (told := await (await http.get(f"https://127.0.0.1:{far}/told")).json())["count"] < FOLLOWERS:
                        await asyncio.sleep(0.01)
                assert told["count"] == FOLLOWERS
                taken.append((told["last"] - began) * 1000)
                order = {"inboxes": inboxes, "body": "x" * 2000}
                floors.append((await (await http.post(f"http://127.0.0.1:{bare}/go", json=order)).json())["ms"])
    taken, floors = taken[2:], floors[2:]  # the first rounds open connections
    return {
        "bench": "fanout",
        "followers": FOLLOWERS,
        "hosts": hosts,
        "last_delivery_ms": round(median(taken)),
        "floor_ms": round(median(floors)),
        "ratio": round(median(bare / ms for ms, bare in zip(taken, floors, strict=True)), 3),
    }
