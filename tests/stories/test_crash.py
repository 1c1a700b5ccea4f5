"""kill -9 of a server and of its PostgreSQL while somebody talks: what was acknowledged is there once, and is heard once."""

import random
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass

import psutil
import pytest
from mastodon import Mastodon, MastodonNetworkError, MastodonServiceUnavailableError

from tests.laboratory import PATIENCE, Instance, Laboratory
from tests.stories.clients import ask, befriend
from tests.stories.conftest import Neighbours
from tests.stories.talk import assert_said_and_heard_once, in_the_end, talking

KILLS = 3


@dataclass(frozen=True)
class Friends:
    """Ana on a server with a PostgreSQL of its own, and bo, who follows her, on another."""

    lab: Laboratory
    speaking: Instance
    listening: Instance
    ana: Mastodon
    bo: Mastodon

    @property
    def servers(self) -> tuple[Instance, Instance]:
        return self.speaking, self.listening


@pytest.fixture(scope="module")
async def friends(lab: Laboratory) -> AsyncIterator[Friends]:
    speaking, listening = await lab.server("speaking", own_database=True), await lab.server("listening", own_database=True)
    neighbours = Neighbours(lab, speaking, listening)
    ana, bo = await neighbours.person(speaking, "ana"), await neighbours.person(listening, "bo")
    await befriend(bo, ana, f"ana@{speaking.host}")
    yield Friends(lab, speaking, listening, ana, bo)
    await speaking.stop()
    await listening.stop()


def family(instance: Instance) -> list[psutil.Process]:
    """The processes of a server, PostgreSQL's among them."""
    assert instance.process is not None
    server = psutil.Process(instance.process.pid)
    return [server, *server.children(recursive=True)]


def postmaster(instance: Instance) -> psutil.Process:
    return psutil.Process(int((instance.directory / "postgresql" / "data" / "postmaster.pid").read_text().splitlines()[0]))


async def all_gone(processes: list[psutil.Process]) -> None:
    _, left = await ask(psutil.wait_procs, processes, timeout=PATIENCE)
    assert left == []


async def test_a_killed_server_loses_nothing_and_leaves_nothing_behind(friends: Friends) -> None:
    chance = random.Random(8)
    async with talking(friends.lab, friends.ana, f"bo@{friends.listening.host}", mouths=4) as talk:
        for turn in range(KILLS):
            await talk.until_more(chance)
            killed = family(friends.speaking)
            assert any(process.name().startswith("postgres") for process in killed)
            await friends.speaking.stop(signal.SIGKILL)
            if turn % 2:
                await all_gone(killed)
            await friends.speaking.start()
            await all_gone(killed)
        await talk.until_more(chance)
    await assert_said_and_heard_once(talk, friends.ana, friends.bo, friends.servers)
    assert talk.refusals


async def test_a_killed_postgresql_comes_back_by_itself_and_has_lost_nothing(friends: Friends) -> None:
    chance = random.Random(9)
    server = friends.speaking.process
    async with talking(friends.lab, friends.ana, f"bo@{friends.listening.host}", mouths=4) as talk:
        for _ in range(KILLS):
            await talk.until_more(chance)
            former = postmaster(friends.speaking)
            killed = [former, *former.children()]
            former.kill()
            await all_gone(killed)
            await talk.until_more(chance)
            assert postmaster(friends.speaking) != former
    assert friends.speaking.process is server
    await assert_said_and_heard_once(talk, friends.ana, friends.bo, friends.servers)
    assert talk.refusals


async def test_what_is_said_to_a_server_that_is_killed_meanwhile_is_heard_there_once(friends: Friends) -> None:
    chance = random.Random(10)
    async with talking(friends.lab, friends.ana, f"bo@{friends.listening.host}", mouths=1) as talk:
        for turn in range(2 * KILLS):
            await talk.until_more(chance)
            newest = (await ask(friends.bo.timeline_home, limit=1))[0].id
            killed = postmaster(friends.listening)
            if turn % 2:
                killed.kill()
                await all_gone([killed])
            else:
                await friends.listening.stop(signal.SIGKILL)
                await friends.listening.start()
            await in_the_end(lambda newest=newest: heard_after(friends.bo, newest), friends.servers, "nothing is heard any more")
    await assert_said_and_heard_once(talk, friends.ana, friends.bo, friends.servers)


def heard_after(listener: Mastodon, newest: int) -> bool:
    """Whether there is something newer at home; a server that is coming back may say that it cannot tell yet."""
    try:
        return bool(listener.timeline_home(since_id=newest))
    except (MastodonNetworkError, MastodonServiceUnavailableError):
        return False
