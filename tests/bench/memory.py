"""Memory of everything with PostgreSQL (PSS): idle, and after load."""

import asyncio
from typing import Any

import aiohttp

from tests.bench.stage import pss, stage
from tests.laboratory import Laboratory


async def run(lab: Laboratory) -> dict[str, Any]:
    """The figures, of a server that runs a PostgreSQL of its own."""
    async with stage(lab, "bench-memory", own_database=True) as ours, aiohttp.ClientSession() as http:
        await asyncio.sleep(5)
        idle = pss(ours.processes())
        origin = f"http://127.0.0.1:{ours.instance.port}"
        told = {"Authorization": f"Bearer {ours.token}", "Host": ours.instance.host}

        async def use(number: int) -> None:
            for turn in range(40):
                answer = await http.post(
                    f"{origin}/api/v1/statuses", json={"status": f"The bakery has the good rye again. {number} {turn}"}, headers=told
                )
                assert answer.status == 200, await answer.text()
                await (await http.get(f"{origin}/api/v1/timelines/home", headers=told)).read()

        await asyncio.gather(*(use(number) for number in range(8)))
        loaded = pss(ours.processes())
        parts = {"python_mb": round(pss(ours.processes()[:1])), "postgresql_mb": round(pss(ours.processes()[1:]))}
    return {"bench": "memory", "idle_mb": round(idle), "after_load_mb": round(loaded), **parts}
