"""Somebody who talks without a pause, and whoever listens: for servers that are stopped and killed meanwhile."""

import asyncio
import random
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeVar

import asyncpg
import requests
from mastodon import Mastodon, MastodonNetworkError, MastodonServiceUnavailableError

from fediverse_circle.postgres.access import NOT_YET
from tests.laboratory import PATIENCE, Instance, Laboratory, until
from tests.stories.clients import ask

T = TypeVar("T")
LOOKS = 20  # in an hour
AHEAD = 30  # words; who talks faster than the test goes on would only be slow to check
_WORD = re.compile(r"talk\d+ \d+-\d+")
_numbers = count(1)


@dataclass
class Talk:
    """What somebody has said so far and the server has acknowledged: the id of each post by its words.

    Each word is said again under the same key until the server says that it has it, as a client does whose connection is lost.
    """

    name: str
    acknowledged: dict[str, str] = field(default_factory=dict)
    refusals: int = 0
    _wanted: int = 0
    _over: bool = False

    async def until_more(self, chance: random.Random) -> None:
        """Return at some moment soon, in the middle of it."""
        self._wanted = len(self.acknowledged) + chance.randint(3, 12)
        await until(
            lambda: len(self.acknowledged) >= self._wanted, what=f"nothing is acknowledged any more, after {len(self.acknowledged)}"
        )

    async def _say(self, client: Mastodon, mouth: int, to: str) -> None:
        for number in count(1):
            word = f"{self.name} {mouth}-{number}"
            while word not in self.acknowledged:
                try:
                    said = await ask(client.status_post, f"{word} @{to}", visibility="private", idempotency_key=word)
                    self.acknowledged[word] = str(said.id)
                except (MastodonNetworkError, MastodonServiceUnavailableError):  # gone, or not just now; nothing else will do
                    self.refusals += 1
                    await asyncio.sleep(0.1)
            while not self._over and len(self.acknowledged) > self._wanted + AHEAD:
                await asyncio.sleep(0.05)
            if self._over:
                return


@asynccontextmanager
async def talking(lab: Laboratory, who: Mastodon, to: str, *, mouths: int) -> AsyncIterator[Talk]:
    """Somebody talks to their followers, naming one of them, for as long as the block lasts; at its end all that was begun is acknowledged."""
    talk = Talk(f"talk{next(_numbers)}")
    with requests.Session() as session:
        session.trust_env, session.verify = False, str(lab.authority_file)
        client = Mastodon(access_token=who.access_token, api_base_url=who.api_base_url, session=session)
        async with asyncio.TaskGroup() as group:
            for mouth in range(mouths):
                group.create_task(talk._say(client, mouth, to))
            try:
                yield talk
            finally:
                talk._over = True


async def hours_pass(instance: Instance) -> None:
    """Leases run out and rests end, as if hours had passed: what a killed worker held falls due now.  (Unless the database is just coming back.)"""
    with suppress(*NOT_YET):
        connection = await asyncpg.connect(instance.database)
        try:
            await connection.execute("update job set run_at = now() where run_at > now() and failure is null")
            await connection.execute("update destination set lease_until = '-infinity', next_attempt_at = '-infinity'")
            await connection.execute("notify bell")
        finally:
            await connection.close()


async def in_the_end(condition: Callable[[], T | None], servers: Sequence[Instance], what: str) -> T:
    """What the condition gives as soon as it gives something.  Hours pass now and then: not so often that all is begun anew before it ends."""
    try:
        async with asyncio.timeout(PATIENCE):
            for look in count():
                if found := await ask(condition):
                    return found
                if look % LOOKS == 0:
                    await asyncio.gather(*(hours_pass(server) for server in servers))
                await asyncio.sleep(0.2)
    except TimeoutError:
        pass
    raise AssertionError(what)


async def assert_said_and_heard_once(talk: Talk, speaker: Mastodon, listener: Mastodon, servers: Sequence[Instance]) -> None:
    """Every acknowledged word is one post; it is in the listener's home once, and the listener was told once that they were named."""
    me = (await ask(speaker.account_verify_credentials)).id
    said = [(_word(status), status["id"]) for status in await ask(_pages, speaker, f"accounts/{me}/statuses")]
    assert dict(said).items() >= talk.acknowledged.items()
    assert len(dict(said)) == len(said)
    for path, post in (("timelines/home", lambda status: status), ("notifications", lambda notice: notice.get("status"))):

        def heard(path: str = path, post: Callable[[Any], Any] = post) -> list[str] | None:
            words = [word for each in _pages(listener, path) if (word := _word(post(each))) in talk.acknowledged]
            return words if set(words) == talk.acknowledged.keys() else None

        words = await in_the_end(heard, servers, f"something never came to {path}")
        assert len(words) == len(talk.acknowledged)


def _pages(client: Mastodon, path: str) -> list[Any]:
    """All there is, page by page.  (Mastodon.py would make an object of every field, which takes twenty times as long.)"""
    url, headers = f"{client.api_base_url}/api/v1/{path}?limit=40", {"Authorization": f"Bearer {client.access_token}"}
    found: list[Any] = []
    while url:
        page = client.session.get(url, headers=headers, timeout=PATIENCE)
        page.raise_for_status()
        found += page.json()
        url = page.links.get("next", {}).get("url", "")
    return found


def _word(status: Any) -> str:
    """The word of a post."""
    found = _WORD.search(status["content"] if status else "")
    return found[0] if found else ""
