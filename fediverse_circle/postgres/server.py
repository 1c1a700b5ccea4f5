"""A PostgreSQL server of our own, kept alive for as long as the program lives and no longer.

It listens on no network address, only on a socket that its own user (and root) can open.  Another process of ours on the same data directory
finds it and uses it; when its starter ends, so does it, and whoever still needs it starts the next one.
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
from fediverse_circle.postgres.configuration import FIRST_CHOICES, FIXED
from fediverse_circle.postgres.home import Home, alone, prepared_home, reachable, write_for

Say = Callable[[str], None]

_DATABASE = "fediverse_circle"
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
_PROGRESS_SECONDS = 5.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 30.0
_LONG_LIFE = 10.0  # a server that lived so long did not fail at once
_GIVE_UP_SECONDS = 60.0
_LOCK_SECONDS = 15.0  # how long a server that was killed may keep its number before its parent notices


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: ask it for databases."""

    home: Home

    async def database(self, name: str) -> Access:
        """The database of this name, made if it is not there."""
        for _ in range(int(_GIVE_UP_SECONDS / 0.1)):
            try:
                return await access.create(self.home.sockets, name)
            except NOT_YET:  # another process that had started it has just ended, and the next one is being started
                await asyncio.sleep(0.1)
        raise CannotStart(f"PostgreSQL does not stay up; its log in {self.home.log} may say why.")


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
    supervisor = _Supervisor(home, await reachable(binaries or await binaries_for(home.data), home), say)
    try:
        await supervisor.bring_up()
        watch = asyncio.create_task(supervisor.keep_up(), name="postgresql")
        try:
            yield Server(home)
        finally:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch
    finally:
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
        while not await self._answers():
            holder = self._holder()
            if self._own is not None and self._own.returncode is not None:
                await self._judge_end(waited.seconds)
            elif self._own is None and holder is None:
                await self._start()
            elif holder and holder != str(self._home.sockets):
                raise CannotStart(f"A PostgreSQL on {self._home.data} has its socket in {holder}. Set runtime_directory as it was there.")
            await asyncio.sleep(0.05)
            waited.tell("PostgreSQL is starting; after a crash it first makes good what was left undone")

    async def keep_up(self) -> None:
        """Whenever the server ends, bring it up again: at once, and ever more patiently if it does not live long."""
        now, pause = asyncio.get_running_loop().time, _FIRST_PAUSE
        while True:
            began = now()
            await self._end()
            pause = _FIRST_PAUSE if now() - began > _LONG_LIFE else min(2 * pause, _LONGEST_PAUSE)
            await asyncio.sleep(pause)
            self._say("PostgreSQL has ended; it is started again.")
            try:
                await self.bring_up()
            except CannotStart as refusal:
                self._say(refusal.sentence)
            except OSError as error:
                self._say(f"PostgreSQL cannot be started just now: {error.strerror}.")

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
        while self._holder() is not None:  # noqa: ASYNC110  it is no child of ours, so nobody tells us
            await asyncio.sleep(0.2)

    async def _judge_end(self, waited: float) -> None:
        """Our server ended before it answered: because another was faster, because a former one is not quite gone, or for good."""
        self._own = None
        if self._listener is not None:
            await self._listener
        words = " ".join(self._last_words)
        still_ending = "shared memory block" in words or ("lock file" in words and waited < _LOCK_SECONDS)
        if self._holder() is None and not still_ending:
            advice = f"its log is in {self._home.log}"
            if "lock file" in words:
                advice = (
                    f"if none runs on {self._home.data}, another process has got the number of a former one: delete postmaster.pid there"
                )
            raise CannotStart(f"PostgreSQL did not start: {words or 'it gave no reason'} ({advice}).")

    async def _start(self) -> None:
        async with alone(self._home):
            if not (self._home.data / "PG_VERSION").is_file():
                await self._initialise()
            self._write_rules()
            settings = {**FIXED, "unix_socket_directories": f'"{self._home.sockets}"', "log_directory": str(self._home.log)}
            options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
            self._last_words.clear()
            self._own = await self._descended(self._binaries.postgres, "-D", str(self._home.data), *options)
        self._listener = asyncio.create_task(self._listen(self._own), name="postgresql-words")

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        """Keep the last of what the server says before its log is open: why it does not start."""
        assert process.stdout is not None
        async for line in process.stdout:
            self._last_words.append(line.decode(errors="replace").strip())

    async def _initialise(self) -> None:
        """Make the data directory: aside, and put in its place when it is whole."""
        self._say("Making a new database; this takes a few seconds.")
        fresh = self._home.directory / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        options = ["-D", str(fresh), "-U", OWNER, "-E", "UTF8", "--data-checksums", "--locale=C.UTF-8", "--no-instructions"]
        options += ["--auth-local=peer", "--auth-host=reject"]
        if self._binaries.major >= 17:
            options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        process = await self._descended(self._binaries.initdb, *options)
        try:
            output, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()
        if process.returncode != 0:
            raise CannotStart(f"PostgreSQL could not make its files: {output.decode(errors='replace').strip()[-500:]}")
        conf = fresh / "postgresql.conf"
        write_for(self._home.user, conf, conf.read_text(encoding="utf-8") + FIRST_CHOICES)
        fresh.rename(self._home.data)

    def _write_rules(self) -> None:
        """Who may come in: root and the server's own user, by the kernel's word, as one of the two roles."""
        user, data, roles = self._home.user, self._home.data, (OWNER, access.EVERYDAY)
        write_for(user, data / "pg_hba.conf", "".join(f"local all {role} peer map=house\n" for role in roles) + "local all all reject\n")
        write_for(user, data / "pg_ident.conf", "".join(f'house "{name}" {role}\n' for name in {user.name, "root"} for role in roles))

    async def _descended(self, program: Path, *arguments: str) -> asyncio.subprocess.Process:
        user = self._home.user
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-IS",
            str(Path(descend.__file__)),
            str(os.getpid()),
            str(user.uid),
            str(user.gid),
            str(program),
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=_ENVIRONMENT,
            start_new_session=True,  # a Ctrl-C in the terminal is for us; PostgreSQL ends after the last request
        )

    def _holder(self) -> str | None:
        """Where the living server that holds the data directory has its socket ("": it does not say yet); None if there is no such server.

        A server works in its data directory: a process that only bears the number of a former one does not.
        """
        try:
            lines = (self._home.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
            os.kill(int(lines[0]), 0)
            if sys.platform == "linux" and Path(f"/proc/{int(lines[0])}/cwd").readlink() != self._home.data:
                return None
        except (OSError, ValueError, IndexError):
            return None
        return lines[4] if len(lines) > 4 else ""

    async def _answers(self) -> bool:
        try:
            connection = await asyncpg.connect(address(self._home.sockets, OWNER, "postgres"), timeout=5)
        except NOT_YET:
            return False
        except asyncpg.PostgresError as error:
            raise CannotStart(f"PostgreSQL runs on {self._home.data}, but lets nobody in (SQLSTATE {error.sqlstate}).") from None
        await connection.close()
        return True


class _Patience:
    """Says now and then what is being waited for, and since when."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._began, self._told = asyncio.get_running_loop().time(), 0.0

    @property
    def seconds(self) -> float:
        return asyncio.get_running_loop().time() - self._began

    def tell(self, what: str) -> None:
        if self.seconds - self._told >= _PROGRESS_SECONDS:
            self._told = self.seconds
            self._say(f"{what} ({self._told:.0f} s) …")
