"""Two running servers for the stories, and what people need to use them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from mastodon import Mastodon

from fediverse_circle.postgres import Server
from tests.laboratory import Instance, Laboratory, laboratory
from tests.persons import PASSWORD, signed_in_client


@pytest.fixture(scope="session")
async def lab(server: Server) -> AsyncIterator[Laboratory]:
    async with laboratory(server) as made:
        yield made


@dataclass
class Neighbours:
    """Two servers, nobody in them yet."""

    lab: Laboratory
    one: Instance
    two: Instance

    async def person(self, where: Instance, username: str) -> Mastodon:
        """Somebody comes to live on a server and signs in with a client."""
        await where.command("account", "create", username, "--email", f"{username}@mail.example", "--password-stdin", given=f"{PASSWORD}\n")
        return await asyncio.to_thread(signed_in_client, where, username, self.lab.authority_file)


@pytest.fixture(scope="session")
async def neighbours(lab: Laboratory) -> Neighbours:
    one, two = await asyncio.gather(lab.server("one"), lab.server("two"))
    return Neighbours(lab, one, two)
