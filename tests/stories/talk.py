"""Somebody who talks without a pause, and whoever listens: for servers that are stopped and killed meanwhile."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import asyncpg
import requests
from mastodon import Mastodon, MastodonNetworkError, MastodonServiceUnavailableError

from fediverse_circle.postgres.access import NOT_YET
from tests.laboratory import PATIENCE, Instance, Laboratory, until
from tests.stories.clients import ask

T = TypeVar("T")
MOUTHS = 4  # side by side
_WORD = re.compile(r"word \d+-\d+")


@dataclass
class Talk:
    """What somebody has said so far and the server has acknowledged: the id of each post by its words.

    Each word is said again under the same key until the server says that it has it, as a client does whose connection is lost.
    """

    acknowledged: dict[str, int] = field(default_factory=dict)
    refusals: int = 0
    _over: bool = False

    async def until_more(self, chance: random.Random) -> None:
        """Return at some moment soon, in the middle of it."""
        wanted = len(self.acknowledged) + chance.randint(3, 12)
        await until(lambda: len(self.acknowledged) >= wanted, what=f"nothing is acknowledged any more, after {len(self.acknowledged)}")

    async def _say(self, client: Mastodon, mouth: int, to: str) -> None:
        number = 0
        while not self._over:
            number += 1
            word = f"word {mouth}-{number}"
            while word not in self.acknowledged:
                try:
                    said = await ask(client.status_post, f"{word} @{to}", visibility="private", idempotency_key=word)
                    self.acknowledged[word] = said.id
                except (MastodonNetworkError, MastodonServiceUnavailableError):  # gone, or not just now; nothing else will do
                    self.refusals += 1
                    await asyncio.sleep(0.1)


@asynccontextmanager
async def talking(lab: Laboratory, who: Mastodon, to: str) -> AsyncIterator[Talk]:
    """Somebody talks to their followers, naming one of them, for as long as the block lasts; at its end all that was begun is acknowledged."""
    talk = Talk()
    async with asyncio.TaskGroup() as mouths:
        for mouth in range(MOUTHS):
            session = requests.Session()
            session.trust_env, session.verify = False, str(lab.authority_file)
            client = Mastodon(access_token=who.access_token, api_base_url=who.api_base_url, session=session)
            mouths.create_task(talk._say(client, mouth, to))
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
    """What the condition gives as soon as it gives something, however long the servers meant to wait."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not (found := await ask(condition)):
                await asyncio.gather(*(hours_pass(server) for server in servers))
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise AssertionError(what) from None
    return found


async def assert_said_and_heard_once(talk: Talk, speaker: Mastodon, listener: Mastodon, servers: Sequence[Instance]) -> None:
    """Every acknowledged word is one post; it is in the listener's home once, and the listener was told once that they were named."""
    said = await ask(_all, speaker, "account_statuses", (await ask(speaker.account_verify_credentials)).id)
    assert {_word(status): status.id for status in said if _word(status) in talk.acknowledged} == talk.acknowledged
    assert len({_word(status) for status in said}) == len(said)
    for method in ("timeline_home", "notifications"):

        def heard(method: str = method) -> Counter[str]:
            return Counter(word for each in _all(listener, method) if (word := _word(each)) in talk.acknowledged)

        words = await in_the_end(lambda: len(heard()) == len(talk.acknowledged) and heard(), servers, f"something never came to {method}")
        assert set(words.values()) == {1}


def _all(client: Mastodon, method: str, *arguments: object) -> list[Any]:
    return list(client.fetch_remaining(getattr(client, method)(*arguments, limit=40)))


def _word(heard: Any) -> str:
    """The word of a post, or of the post that a notification is about."""
    content = heard.content if "content" in heard else heard.status.content if heard.get("status") else ""
    found = _WORD.search(content)
    return found[0] if found else ""
