"""Every statement of the store is one literal, and PostgreSQL understands it against the migrated tables."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from fediverse_circle import store
from fediverse_circle.postgres import Access

STORE = Path(store.__file__).parent
SPEAKERS = {"fetch", "fetchrow", "fetchval", "execute", "executemany"}
FOREIGN = {"db.py", "bell.py", "schema.py"}  # speak of transactions, channels and tables that are still to be made


def statements() -> Iterator[tuple[str, ast.expr]]:
    for path in sorted(STORE.glob("*.py")):
        if path.name in FOREIGN:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SPEAKERS and node.args:
                yield f"{path.name}:{node.lineno}", node.args[0]


STATEMENTS = list(statements())


def test_the_store_says_something() -> None:
    assert len(STATEMENTS) > 60


@pytest.mark.parametrize(("place", "statement"), STATEMENTS, ids=[place for place, _ in STATEMENTS])
def test_a_statement_is_one_literal(place: str, statement: ast.expr) -> None:
    assert isinstance(statement, ast.Constant), f"{place}: SQL is written out, never put together"
    assert isinstance(statement.value, str)


async def test_every_statement_prepares_on_the_migrated_database(template: Access) -> None:
    connection = await asyncpg.connect(template.everyday)
    try:
        for place, statement in STATEMENTS:
            assert isinstance(statement, ast.Constant)
            try:
                await connection.prepare(statement.value)
            except asyncpg.PostgresError as error:
                pytest.fail(f"{place}: {error}")
    finally:
        await connection.close()


async def test_no_read_scans_a_function(template: Access) -> None:
    """What is inlined can use an index; a Function Scan finds all that somebody may see before it looks at the question."""
    connection = await asyncpg.connect(template.everyday)
    scans, read = [], 0
    try:
        await connection.execute("set plan_cache_mode = force_generic_plan")
        for place, statement in STATEMENTS:
            assert isinstance(statement, ast.Constant)
            if "visible_posts" not in statement.value and "buried_posts" not in statement.value:
                continue
            read += 1
            blanks = ", ".join("null" for _ in (await connection.prepare(statement.value)).get_parameters())
            await connection.execute(f"prepare q as {statement.value}")
            plan = await connection.fetch(f"explain execute q({blanks})")
            await connection.execute("deallocate q")
            scans += [f"{place}: {line[0]}" for line in plan if re.search(r"Function Scan on \w+_posts", line[0])]
    finally:
        await connection.close()
    assert read > 10
    assert not scans, "\n".join(scans)
