"""One server for all tests of the client API: each test makes its own people, who leave each other alone."""

from collections.abc import AsyncIterator

import pytest

from fediverse_circle.postgres import Access, Server
from fediverse_circle.store.db import open_database
from tests.conformance.house import House, open_house
from tests.database import fresh_access


@pytest.fixture(scope="session")
async def house(server: Server, template: Access) -> AsyncIterator[House]:
    async with fresh_access(server) as access, open_database(access.everyday) as db, open_house(db) as house:
        yield house
