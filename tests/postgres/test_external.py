"""A database that somebody else runs is taken only if it keeps what it acknowledges."""

from pathlib import Path

import asyncpg
import pytest

from fediverse_circle import postgres
from fediverse_circle.config import settings_of
from fediverse_circle.postgres import CannotStart, Server, external


async def test_the_database_of_the_settings_is_used_as_it_is_named(server: Server) -> None:
    url = (await server.database("named")).everyday
    async with postgres.running(settings_of({"database_url": url}), print) as access:
        assert access.owner == access.everyday == url


async def test_the_address_of_a_database_is_not_in_the_repr_of_anything(server: Server) -> None:
    url = "postgresql://someone:xyzzy@db.example/x"
    assert "xyzzy" not in repr(postgres.Access(url, url)) + repr(settings_of({"database_url": url}))


async def test_a_forgetful_database_is_refused(server: Server) -> None:
    access = await server.database("forgetful")
    connection = await asyncpg.connect(access.owner)
    await connection.execute("alter database forgetful set synchronous_commit = off")
    await connection.close()
    with pytest.raises(CannotStart, match="synchronous_commit is off"):
        await external(access.everyday)


async def test_a_database_that_is_not_there_is_one_sentence_without_the_password(tmp_path: Path) -> None:
    with pytest.raises(CannotStart) as refusal:
        await external(f"postgresql://someone:xyzzy@/x?host={tmp_path}")
    assert refusal.value.sentence.startswith("database_url: there is no connection")
    assert "xyzzy" not in refusal.value.sentence


async def test_a_database_without_unicode_is_refused(server: Server) -> None:
    connection = await asyncpg.connect((await server.database("postgres")).owner)
    await connection.execute("create database narrow encoding 'SQL_ASCII' locale 'C' template template0")
    await connection.close()
    with pytest.raises(CannotStart, match="UTF-8"):
        await external((await server.database("fediverse_circle")).owner.replace("/fediverse_circle?", "/narrow?"))
