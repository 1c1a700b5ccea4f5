"""A listening server for each test, and the clock it goes by."""

from collections.abc import AsyncIterator

import pytest

from fediverse_circle.store.db import Database
from tests.sites import Clock
from tests.surfaces import Running, running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def house(db: Database, clock: Clock) -> AsyncIterator[Running]:
    async with running(db, clock) as house:
        yield house
