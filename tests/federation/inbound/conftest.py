"""V under test, W and E around it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme

from fediverse_circle.domain.actors import Actor
from fediverse_circle.store.db import Database
from tests.strangers import Person, Stage, W, stage


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def v(db: Database, tmp_path: Path, authority: trustme.CA) -> AsyncIterator[Stage]:
    async with stage(db, tmp_path, authority) as made:
        yield made


@pytest.fixture
async def ana(v: Stage) -> Actor:
    """Somebody at V."""
    return await v.person("ana")


@pytest.fixture
async def bo(v: Stage) -> Actor:
    """Somebody else at V."""
    return await v.person("bo")


@pytest.fixture
async def mo(v: Stage) -> Person:
    """Somebody at W, known at V."""
    person = Person(W, "mo")
    v.strangers[W].welcome(person)
    await v.introduce(person)
    return person


@pytest.fixture
async def nell(v: Stage) -> Person:
    """Somebody else at W, known at V."""
    person = Person(W, "nell")
    v.strangers[W].welcome(person)
    await v.introduce(person)
    return person
