"""A PostgreSQL server of our own, kept alive for as long as the program lives and no longer.

It listens on no network address, only on a socket that its own user (and root) can open.  Another process of ours on the same data
directory finds it and uses it; when its starter ends, so does it, and whoever still needs it starts the next one.
"""

import asyncio
import os
import shutil
import signal
import sys
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from fediverse_circle.config import Settings
from fediverse_circle.postgres import access, descend
from fediverse_circle.postgres.access import NOT_YET, OWNER, Access, address
from fediverse_circle.postgres.binaries import Binaries, CannotStart, binaries_for
from fediverse_circle.postgres.home import Home, alone, prepared_home, write_for

Say = Callable[[str], None]

_DATABASE = "fediverse_circle"
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
_PROGRESS_SECONDS = 5.0

# What nobody may turn off: given with the command, so that no file can say otherwise.
_FIXED = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "logging_collector": "on",
    "log_filename": "postgresql-%a.log",  # a week's worth, each day's file written over a week later
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_min_messages": "log",  # from here on: no statement, value or detail reaches the log
    "log_min_error_statement": "panic",
    "log_min_duration_statement": "-1",
    "log_statement": "none",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}

# What somebody with a larger machine may change, in postgresql.conf.
_FIRST_CHOICES = """
# Chosen by fediverse_circle for a small machine; change what you like, it is not written again.
shared_buffers = 32MB
max_wal_size = 256MB
max_connections = 100
jit = off
autovacuum_vacuum_insert_scale_factor = 0.02   # listings need the visibility map
autovacuum_analyze_scale_factor = 0.05
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: ask it for databases."""

    home: Home

    async def database(self, name: str) -> Access:
        """The database of this name, made if it is not there."""
        return await access.create(self.home.sockets, name)


@asynccontextmanager
async def running(settings: Settings, say: Say) -> AsyncIterator[Access]:
    """The database that the settings name, for as long as the block lasts; `say` is told what one waits for."""
    if settings.database_url is not None:
        yield await access.external(settings.database_url)
        return
    async with serving(settings.data_directory, settings.runtime_directory, say) as server:
        yield await server.database(_DATABASE)


@asynccontextmanager
async def serving(data_directory: Path, runtime_directory: Path, say: Say, binaries: Binaries | None = None) -> AsyncIterator[Server]:
    """A server on this data directory: one that runs already, or our own, which then ends with the block."""
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("PostgreSQL would end with this thread: start it on the main thread")
    home = prepared_home(data_directory, runtime_directory)
    supervisor = _Supervisor(home, binaries or await binaries_for(home.data), say)
    await supervisor.bring_up()
    watch = asyncio.create_task(supervisor.keep_up(), name="postgresql")
    try:
        yield Server(home)
    finally:
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch
        await supervisor.stop()


class _Supervisor:
    """Starts, adopts, watches and stops the server of one home."""

    def __init__(self, home: Home, binaries: Binaries, say: Say) -> None:
        self._home, self._binaries, self._say = home, binaries, say
        self._own: asyncio.subprocess.Process | None = None
        self._last_words: deque[str] = deque(maxlen=5)
        self._listener: asyncio.Task[None] | None = None

    async def bring_up(self) -> None:
        """Return when the server answers, whoever started it."""
        waited = _Patience(self._say)
        while True:
            if self._live_pid() is None and self._own is None:
                await self._start()
            if await self._answers():
                return
            if self._own is not None and self._own.returncode is not None:
                self._own = None
                if self._live_pid() is None:
                    words = " ".join(self._last_words) or "it gave no reason"
                    raise CannotStart(f"PostgreSQL did not start: {words} (more may stand in {self._home.log}).")
            await asyncio.sleep(0.05)
            waited.tell("PostgreSQL is starting; after a crash it first makes good what was lost")

    async def keep_up(self) -> None:
        """Whenever the server ends, bring it up again."""
        pause = 0.1
        while True:
            await self._end()
            self._say("PostgreSQL has ended unexpectedly; it is started again.")
            try:
                await self.bring_up()
                pause = 0.1
            except CannotStart as refusal:
                self._say(refusal.sentence)
                await asyncio.sleep(pause)
                pause = min(2 * pause, 30.0)

    async def stop(self) -> None:
        """End our own server, with everything written; leave another's alone."""
        if self._own is None:
            return
        with suppress(ProcessLookupError):
            self._own.send_signal(signal.SIGINT)
        waited = _Patience(self._say)
        ended = asyncio.ensure_future(self._own.wait())
        while not (await asyncio.wait({ended}, timeout=1))[0]:
            waited.tell("PostgreSQL is writing out what it holds")
        self._own = None
        if self._listener is not None:
            await self._listener

    async def _end(self) -> None:
        if self._own is not None:
            await self._own.wait()
            self._own = None
            return
        while self._live_pid() is not None:  # noqa: ASYNC110  it is no child of ours, so nobody tells us
            await asyncio.sleep(0.2)

    async def _start(self) -> None:
        with alone(self._home):
            if not (self._home.data / "PG_VERSION").is_file():
                await self._initialise()
            self._write_rules()
        settings = {
            **_FIXED,
            "unix_socket_directories": str(self._home.sockets),
            "log_directory": str(self._home.log),
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self._last_words.clear()
        self._own = await self._descended(str(self._binaries.postgres), "-D", str(self._home.data), *options)
        self._listener = asyncio.create_task(self._listen(self._own), name="postgresql-words")

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            self._last_words.append(line.decode(errors="replace").strip())

    async def _initialise(self) -> None:
        """Make the data directory: aside, and put in its place when it is whole."""
        self._say("Making a new database; this takes a few seconds.")
        fresh = self._home.directory / "data.new"
        if fresh.exists():
            shutil.rmtree(fresh)
        options = ["-D", str(fresh), "-U", OWNER, "-E", "UTF8", "--data-checksums", "--locale=C.UTF-8", "--no-instructions"]
        options += ["--auth-local=peer", "--auth-host=reject"]
        if self._binaries.major >= 17:
            options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        process = await self._descended(str(self._binaries.initdb), *options)
        output, _ = await process.communicate()
        if process.returncode != 0:
            raise CannotStart(f"PostgreSQL could not make its files: {output.decode(errors='replace').strip()[-500:]}")
        conf = fresh / "postgresql.conf"
        write_for(self._home.user, conf, conf.read_text() + _FIRST_CHOICES)
        fresh.rename(self._home.data)

    def _write_rules(self) -> None:
        """Who may come in: root and the server's own user, by the kernel's word, as one of the two roles."""
        user, data = self._home.user, self._home.data
        names = sorted({user.name, "root"})
        roles = (OWNER, access.EVERYDAY)
        write_for(user, data / "pg_hba.conf", "".join(f"local all {role} peer map=house\n" for role in roles) + "local all all reject\n")
        write_for(user, data / "pg_ident.conf", "".join(f'house "{name}" {role}\n' for name in names for role in roles))

    async def _descended(self, *command: str) -> asyncio.subprocess.Process:
        user = self._home.user
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-IS",
            str(Path(descend.__file__)),
            str(os.getpid()),
            str(user.uid),
            str(user.gid),
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=_ENVIRONMENT,
            start_new_session=True,  # a Ctrl-C in the terminal is for us; PostgreSQL ends after the last request
        )

    def _live_pid(self) -> int | None:
        """The process that holds the data directory, if one does."""
        try:
            pid = int((self._home.data / "postmaster.pid").read_text().split("\n", 1)[0])
            os.kill(pid, 0)
        except (OSError, ValueError):
            return None
        return pid

    async def _answers(self) -> bool:
        try:
            connection = await asyncpg.connect(address(self._home.sockets, OWNER, "postgres"), timeout=5)
        except NOT_YET:
            return False
        await connection.close()
        return True


class _Patience:
    """Says now and then what is being waited for, and since when."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._began = self._told = asyncio.get_running_loop().time()

    def tell(self, what: str) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._told >= _PROGRESS_SECONDS:
            self._told = now
            self._say(f"{what} ({now - self._began:.0f} s) …")
