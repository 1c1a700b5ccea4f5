"""Killed at any moment, workers lose nothing, and nothing has a second effect."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fediverse_circle.actions import posting
from fediverse_circle.actions.addressing import Decision, Draft
from fediverse_circle.domain.audience import Addressing, Followers, Person
from fediverse_circle.postgres import Access
from fediverse_circle.site import Site
from fediverse_circle.store import follows
from fediverse_circle.store.db import begin
from tests.federation.outbound.conftest import Elsewhere, nothing_waits, residents, stranger
from tests.people import NOW

HOUSE = Path(__file__).parents[3]
POSTS, KILLS = 40, 3


@asynccontextmanager
async def child(access: Access, elsewhere: Elsewhere, trust: Path, minutes: int) -> AsyncIterator[None]:
    """A worker in a process of its own, killed at the end of the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.federation.outbound.child",
        access.everyday,
        str(elsewhere.port),
        str(trust),
        str(minutes),
        cwd=HOUSE,
    )
    try:
        yield
    finally:
        process.kill()
        await process.wait()


async def test_killed_again_and_again_workers_bring_everything_once_and_in_order(
    here: Site, access: Access, elsewhere: Elsewhere, trust: Path
) -> None:
    async with begin(here.db) as tx:
        (ana,) = await residents(tx, "ana")
        people = [await stranger(tx, "gus", "m.example")]
        people += [await stranger(tx, name, "g.example", shared=False) for name in ("pia", "pam", "pio")]
        for who in people:
            await follows.request(tx, NOW, who.id, ana.id, f"{who.uri}#follow")
            await follows.accept(tx, who.id, ana.id, NOW)
        audience = Addressing(frozenset({Followers(ana.id), Person(people[0].id)}), listed=False)
        for number in range(POSTS):
            draft = Draft(str(number), "", sensitive=False, language=None, asked=None, in_reply_to=None, mentioned={})
            await posting.publish(tx, NOW, ana, draft, Decision(audience, None, {}))
    for life in range(KILLS):
        async with child(access, elsewhere, trust, 2 * life):
            await elsewhere.saw(len(elsewhere.seen) + 25)
    async with child(access, elsewhere, trust, 2 * KILLS):
        await nothing_waits(here)
    wanted = [f"<p>{number}</p>" for number in range(POSTS)]
    for who, path in zip(people, ("/inbox", *(f"/users/{name}/inbox" for name in ("pia", "pam", "pio"))), strict=True):
        came = [brought.activity for brought in elsewhere.seen if brought.path == path]
        once = {each["id"]: each["object"]["content"] for each in came}
        assert list(once.values()) == wanted, who.username
    repeats = Counter((brought.path, brought.body) for brought in elsewhere.seen)
    assert len(repeats) == POSTS * len(people)
