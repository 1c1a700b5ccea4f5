"""Where a server of ours lives, and as whom: directories, owner, and whether that owner gets there.

<data directory>/postgresql/        owned by the user PostgreSQL runs as, closed to all others
    data/   PostgreSQL's own        run/   its socket        log/   its words-free log
"""

import fcntl
import hashlib
import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fediverse_circle.postgres.binaries import CannotStart

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
    directory = data_directory / "postgresql"
    data_directory.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    user = _user_of(directory)
    check_reach(user, directory.parent)
    sockets = directory / "run"
    if len(os.fsencode(sockets)) > _LONGEST_DIRECTORY:
        name = hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]
        sockets = runtime_directory / f"fediverse-circle-{name}"
        if len(os.fsencode(sockets)) > _LONGEST_DIRECTORY:
            raise CannotStart(f"runtime_directory: the path {runtime_directory} is too long for a socket; choose a shorter one.")
        check_reach(user, sockets.parent)
    home = Home(directory, sockets, user)
    for each in (directory, home.log, sockets):
        _make_private(each, user)
    return home


def check_reach(user: User, path: Path) -> None:
    """CannotStart if the user cannot enter this directory or one above it."""
    for directory in (*reversed(path.parents), path):
        status = directory.stat()
        if user.uid == status.st_uid:
            may = status.st_mode & stat.S_IXUSR
        elif user.gid == status.st_gid:
            may = status.st_mode & stat.S_IXGRP
        else:
            may = status.st_mode & stat.S_IXOTH
        if not may:
            raise CannotStart(
                f"PostgreSQL refuses to run as root and would run as {user.name}, who cannot enter {directory} on the way to {path}. "
                "Choose a data_directory elsewhere (such as /var/lib/fediverse-circle), or start the program as another user than root."
            )


@contextmanager
def alone(home: Home) -> Iterator[None]:
    """One process at a time prepares a home."""
    descriptor = os.open(home.directory.parent / "postgresql.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write_for(user: User, path: Path, text: str) -> None:
    """A file of that user's, replaced whole: never through a link somebody laid there."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        if os.geteuid() == 0:
            os.fchown(descriptor, user.uid, user.gid)
    fresh.replace(path)


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


def _make_private(directory: Path, user: User) -> None:
    try:
        directory.mkdir(mode=0o700)
    except FileExistsError:
        pass
    else:
        if os.geteuid() == 0:
            os.chown(directory, user.uid, user.gid, follow_symlinks=False)
    status = directory.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != user.uid or status.st_mode & 0o077:
        raise CannotStart(f"{directory} must be a directory of {user.name}'s, closed to others (mode 0700); it is not.")
