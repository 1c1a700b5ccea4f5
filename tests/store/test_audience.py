"""The one decision about readers, against an oracle; and the oracle's strength, against mutants."""

from random import Random

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fediverse_circle.postgres import Access
from fediverse_circle.store.db import Tx
from fediverse_circle.store.schema import schema_directory
from tests.store.worlds import disagreements, invented, write

AUDIENCE = (schema_directory() / "functions" / "audience.sql").read_text()

# Each is one forgotten or twisted condition; every one must be found out.
MUTANTS = [
    ("p.author_id = viewer or p.said_at is not null and exists (", "p.author_id = viewer or exists ("),
    ("(p.author_id = viewer or p.said_at", "(p.said_at"),
    ("when 'public'    then true", "when 'public'    then viewer is not null"),
    ("when 'public'    then true", "when 'public'    then false"),
    ("then a.actor_id = viewer", "then true"),
    ("then a.actor_id = viewer", "then a.actor_id = p.author_id"),
    ("f.follower_id = viewer and f.target_id = a.actor_id", "f.target_id = a.actor_id"),
    ("f.follower_id = viewer and f.target_id = a.actor_id", "f.follower_id = viewer"),
    ("f.follower_id = viewer and f.target_id = a.actor_id", "f.follower_id = viewer and f.target_id = p.author_id"),
    ("f.follower_id = viewer and f.target_id = a.actor_id", "f.target_id = viewer and f.follower_id = a.actor_id"),
    ("and f.state = 'accepted' and f.reads_from <= p.said_at)", "and f.state = 'accepted')"),
    ("f.state = 'accepted' and f.reads_from <= p.said_at)", "f.state = 'accepted' and f.reads_from < p.said_at)"),
    ("f.state = 'accepted' and f.reads_from <= p.said_at)", "f.state = 'accepted' and f.reads_from >= p.said_at)"),
    ("m.circle_id = a.circle_id and m.actor_id = viewer and m.ended_by is null", "m.circle_id = a.circle_id and m.actor_id = viewer"),
    ("m.circle_id = a.circle_id and m.actor_id = viewer and m.ended_by is null", "m.circle_id = a.circle_id and m.ended_by is null"),
    ("m.circle_id = a.circle_id and m.actor_id = viewer and m.ended_by is null", "m.actor_id = viewer and m.ended_by is null"),
    ("(not a.only_then and m.reads_from <= p.said_at or exists (", "(m.reads_from <= p.said_at or exists ("),
    ("(not a.only_then and m.reads_from <= p.said_at or exists (", "(not a.only_then or exists ("),
    ("(not a.only_then and m.reads_from <= p.said_at or exists (", "(not a.only_then and m.reads_from < p.said_at or exists ("),
    ("(not a.only_then and m.reads_from <= p.said_at or exists (", "(not a.only_then and m.reads_from <= p.said_at and exists ("),
    ("(not a.only_then and m.reads_from <= p.said_at or exists (", "(false or exists ("),
    ("r.roll_id = a.roll_id and r.member_id = m.id))", "r.roll_id = a.roll_id))"),
    ("r.roll_id = a.roll_id and r.member_id = m.id))", "r.member_id = m.id))"),
    ("in ((p.author_id, viewer), (viewer, p.author_id))", "in ((p.author_id, viewer))"),
    ("in ((p.author_id, viewer), (viewer, p.author_id))", "in ((viewer, p.author_id))"),
    ("s.id in (p.author_id, viewer)", "s.id in (p.author_id)"),
    ("s.id in (p.author_id, viewer)", "s.id in (viewer)"),
    ("p where p.deleted_at is null", "p"),
    ("where id = the_post and deleted_at is null", "where id = the_post"),
    ("        select p.author_id from said p\n        union select a.actor_id", "        select a.actor_id"),
    ("where a.kind = 'actor' and p.said_at is not null", "where a.kind = 'actor'"),
    ("where a.kind = 'actor' and p.said_at is not null", "where p.said_at is not null and a.actor_id is not null"),
    ("coalesce(a.actor_id, p.author_id)", "p.author_id"),
    ("where a.kind = 'public' and p.said_at is not null or a.kind", "where a.kind = 'public' or a.kind"),
    ("or a.kind = 'followers' and f.reads_from <= p.said_at", "or a.kind = 'followers' and p.said_at is not null"),
    ("or a.kind = 'followers' and f.reads_from <= p.said_at", "or f.reads_from <= p.said_at"),
    ("m.circle_id = a.circle_id and m.ended_by is null\n", "m.circle_id = a.circle_id\n"),
    ("where a.kind = 'circle' and p.said_at is not null and (not a.only_then", "where a.kind = 'circle' and (not a.only_then"),
    ("in ((p.author_id, r.id), (r.id, p.author_id))", "in ((p.author_id, r.id))"),
    ("in ((p.author_id, r.id), (r.id, p.author_id))", "in ((r.id, p.author_id))"),
    ("s.id in (p.author_id, r.id)", "s.id in (p.author_id)"),
    ("s.id in (p.author_id, r.id)", "s.id in (r.id)"),
]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.randoms(use_true_random=False))
async def test_both_functions_agree_with_the_oracle_for_everyone(tx: Tx, random: Random) -> None:
    world = invented(random)
    await tx.execute("savepoint world")
    try:
        await write(tx, world)
        found = await disagreements(tx, world)
    finally:
        await tx.execute("rollback to world")
    assert not found, "\n".join([*found, repr(world)])


async def test_every_mutant_of_the_decision_is_found_out(access: Access) -> None:
    connection = await asyncpg.connect(access.owner)
    alive = dict.fromkeys(range(len(MUTANTS)))
    try:
        for seed in range(400):
            if not alive:
                break
            outer = connection.transaction()
            await outer.start()
            world = invented(Random(seed))
            await write(connection, world)
            for number in list(alive):
                right, wrong = MUTANTS[number]
                assert right in AUDIENCE, f"mutant {number} mutates nothing: {right}"
                inner = connection.transaction()
                await inner.start()
                await connection.execute(AUDIENCE.replace(right, wrong))
                if await disagreements(connection, world):
                    del alive[number]
                await inner.rollback()
            await outer.rollback()
    finally:
        await connection.close()
    assert not alive, "\n".join(f"survived: {MUTANTS[number]}" for number in alive)


async def test_a_stranger_is_answered_without_scanning_all_that_is_visible(access: Access) -> None:
    connection = await asyncpg.connect(access.owner)
    try:
        for statement in (
            "select * from visible_posts(1) where id = 2",
            "select * from visible_posts(null) where uri = 'x'",
            "select p.* from home_entry h join visible_posts(1) p on p.id = h.post_id where h.viewer_id = 1 order by h.post_id desc limit 20",
        ):
            plan = "\n".join(r[0] for r in await connection.fetch(f"explain {statement}"))
            assert "Function Scan" not in plan, plan
    finally:
        await connection.close()


@pytest.mark.parametrize("text", [AUDIENCE])
def test_the_decision_stays_inlinable(text: str) -> None:
    declared = [line for line in text.splitlines() if line.startswith("create or replace function")]
    assert len(declared) == 4
    for line in declared:
        assert "language sql stable as" in line, line
