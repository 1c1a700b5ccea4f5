"""A server of our own is nobody else's: no network, no other user, no rights it does not need, no words in its log."""

import os
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import psutil
import pytest

from fediverse_circle.postgres import Server
from tests.postgres.conftest import needs_root, postmaster


def process_of(server: Server) -> psutil.Process:
    return postmaster(server.home.directory.parent)


async def test_only_a_socket_closed_to_others_is_listened_on(server: Server) -> None:
    assert not [each for each in process_of(server).net_connections("inet") if each.status == psutil.CONN_LISTEN]
    for path in (server.home.sockets, server.home.sockets / ".s.PGSQL.5432"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
        assert path.stat().st_uid == server.home.user.uid


@needs_root
async def test_root_lends_the_server_to_a_user_without_rights(server: Server) -> None:
    process = process_of(server)
    assert 0 not in (*process.uids(), *process.gids())
    status = Path(f"/proc/{process.pid}/status").read_text()
    assert "CapEff:\t0000000000000000\n" in status
    assert "Groups:\t \n" in status


@contextmanager
def opened(*paths: Path) -> Iterator[None]:
    """As if somebody had opened these to everybody."""
    modes = [stat.S_IMODE(path.stat().st_mode) for path in paths]
    for path in paths:
        path.chmod(0o777)
    try:
        yield
    finally:
        for path, mode in zip(paths, modes, strict=True):
            path.chmod(mode)


@needs_root
@pytest.mark.parametrize("role", ["fediverse_circle_owner", "fediverse_circle"])
async def test_another_user_of_the_machine_does_not_get_in_even_through_an_open_socket(server: Server, role: str) -> None:
    await server.database("fediverse_circle")
    home = server.home
    with opened(home.directory, home.sockets, home.sockets / ".s.PGSQL.5432"):
        asked = subprocess.run(
            ["psql", "-h", str(home.sockets), "-U", role, "fediverse_circle", "-c", "select 1"],
            user="nobody",
            group="nogroup",
            capture_output=True,
            text=True,
        )
    assert asked.returncode != 0
    assert "Peer authentication failed" in asked.stderr


async def test_the_everyday_role_can_fill_tables_and_run_no_programs(server: Server) -> None:
    access = await server.database("everyday")
    owner, everyday = await asyncpg.connect(access.owner), await asyncpg.connect(access.everyday)
    await owner.execute("create table word (id int generated always as identity, said text)")
    await everyday.execute("insert into word (said) values ('a'); update word set said = 'b'; delete from word")
    for forbidden in ("copy word to program 'true'", "create table other ()", "drop table word", "create role other"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await everyday.execute(forbidden)
    await owner.close()
    await everyday.close()


async def test_ctrl_c_in_the_terminal_does_not_reach_postgresql(server: Server) -> None:
    assert os.getpgid(process_of(server).pid) != os.getpgid(0)


async def test_no_word_of_a_failing_statement_reaches_the_log(server: Server) -> None:
    connection = await asyncpg.connect((await server.database("words")).owner)
    await connection.execute("create table word (said text primary key check (said <> ''), number int)")
    await connection.execute("insert into word values ($1)", "xyzzy")
    for statement, arguments in (
        ("insert into word values ($1)", ["xyzzy"]),
        ("select $1::text::int", ["xyzzy"]),
        ("select xyzzy", []),
        ("select 'xyzzy'::int", []),
        ("do $$ begin raise warning 'xyzzy'; raise exception 'xyzzy'; end $$", []),
    ):
        with pytest.raises(asyncpg.PostgresError):
            await connection.execute(statement, *arguments)
    await connection.close()
    log = "".join(each.read_text() for each in server.home.log.iterdir())
    assert "ready to accept connections" in log
    assert "xyzzy" not in log
