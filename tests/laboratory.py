"""Real servers as processes on this machine: names below .localhost, TLS by a throw-away authority, a database each.

A test asks for what it needs: `laboratory.server("one")` starts `fediverse-circle up` and waits until it listens.
"""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

import trustme

from fediverse_circle.postgres import Server
from fediverse_circle.postgres.access import OWNER, address
from tests.database import passable_directory

HOUSE = Path(__file__).resolve().parent.parent
PATIENCE = 60.0
T = TypeVar("T")


def free_port() -> int:
    """A port that nobody listens on; nobody takes it before we do, on any machine we have seen."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def names_below_localhost() -> Iterator[None]:
    """In this process, names below .localhost are this machine (RFC 6761): unmodified clients find the servers."""
    ask = socket.getaddrinfo

    def asked(host: Any, *rest: Any, **more: Any) -> Any:
        return ask("127.0.0.1" if isinstance(host, str) and host.endswith(".localhost") else host, *rest, **more)

    with patch.object(socket, "getaddrinfo", asked):
        yield


async def until(condition: Callable[[], T | None], *, what: str = "it did not happen") -> T:
    """What the condition gives as soon as it gives something; clients see other servers' news by looking again."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not (found := await asyncio.to_thread(condition)):
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(what) from None
    return found


@dataclass
class Instance:
    """One server, or one of its processes."""

    name: str
    host: str
    port: int
    directory: Path
    environment: dict[str, str]
    database: str
    said: deque[str] = field(default_factory=lambda: deque(maxlen=400))
    process: Process | None = None
    _listener: asyncio.Task[None] | None = None

    @property
    def origin(self) -> str:
        return f"https://{self.host}"

    async def start(self, *command: str) -> None:
        """Start it (`up`, or another command) and return when it says that it is there."""
        self.said.clear()
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "fediverse_circle",
            *(command or ("up",)),
            cwd=self.directory,
            env=self.environment,
            stdout=PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        ready = asyncio.Event()
        self._listener = asyncio.create_task(self._listen(self.process, ready))
        waiting = asyncio.create_task(ready.wait())
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait({waiting, self._listener}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        assert ready.is_set(), "\n".join(self.said)

    async def _listen(self, process: Process, ready: asyncio.Event) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            self.said.append(line.decode().rstrip())
            if self.said[-1].startswith(("Listening on", "Working for")):
                ready.set()

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Tell it to end, and wait until it has; its exit code."""
        assert self.process is not None
        with suppress(ProcessLookupError):
            self.process.send_signal(number)
        async with asyncio.timeout(PATIENCE):
            code = await self.process.wait()
            if self._listener is not None:
                await self._listener
        self.process = None
        return code

    async def command(self, *arguments: str, given: str | None = None) -> str:
        """What `fediverse-circle …` prints for this server."""
        code, out, err = await self.outcome(*arguments, given=given)
        assert code == 0, err
        return out.strip()

    async def outcome(self, *arguments: str, given: str | None = None, **settings: str) -> tuple[int, str, str]:
        """How `fediverse-circle …` ends for this server, with other settings if so said: exit code, output, what it says beside it."""
        environment = self.environment | {f"FEDIVERSE_CIRCLE_{key.upper()}": value for key, value in settings.items()}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "fediverse_circle",
            *arguments,
            cwd=self.directory,
            env=environment,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
        )
        try:
            async with asyncio.timeout(PATIENCE):
                out, err = await process.communicate(given.encode() if given is not None else None)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()


@dataclass
class Laboratory:
    """Where servers are started: one authority, one PostgreSQL, one directory."""

    directory: Path
    postgres: Server
    authority: trustme.CA
    instances: list[Instance] = field(default_factory=list)

    @property
    def authority_file(self) -> Path:
        return self.directory / "authority.pem"

    def paper(self, host: str) -> tuple[Path, Path]:
        """Certificate and key for a name, as files."""
        issued = self.authority.issue_cert(host)
        certificate, key = self.directory / f"{host}.pem", self.directory / f"{host}.key"
        certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(str(key))
        return certificate, key

    async def instance(self, name: str, *, own_database: bool = False, **settings: str) -> Instance:
        """A server that is not started yet; with a PostgreSQL of its own, or a database of the laboratory's."""
        port = free_port()
        host = f"{name}.localhost"
        certificate, key = self.paper(host)
        data = self.directory / f"{name}-{port}"
        data.mkdir(mode=0o711)
        told = {
            "domain": f"{host}:{port}",
            "listen": f"127.0.0.1:{port}",
            "tls_certificate": str(certificate),
            "tls_key": str(key),
            "extra_ca_bundle": str(self.authority_file),
            "allowed_private_networks": "127.0.0.0/8",
            "data_directory": str(data),
            "runtime_directory": str(self.directory),
            **settings,
        }
        if own_database:
            database = address(data / "postgresql" / "run", OWNER, "fediverse_circle")
        elif "database_url" in settings:
            database = settings["database_url"]
        else:
            database = told["database_url"] = (await self.postgres.database(f"lab_{name.replace('-', '_')}_{port}")).owner
        environment = {f"FEDIVERSE_CIRCLE_{key.upper()}": value for key, value in told.items()}
        made = Instance(name, f"{host}:{port}", port, data, {"PATH": os.environ["PATH"], "PYTHONPATH": str(HOUSE), **environment}, database)
        self.instances.append(made)
        return made

    async def server(self, name: str, *, own_database: bool = False, **settings: str) -> Instance:
        """A server that is running."""
        made = await self.instance(name, own_database=own_database, **settings)
        await made.start()
        return made

    def beside(self, instance: Instance) -> Instance:
        """Another process of the same server, not started yet."""
        made = replace(instance, said=deque(maxlen=400), process=None)
        self.instances.append(made)
        return made

    async def close(self) -> None:
        for instance in self.instances:
            if instance.process is not None:
                await instance.stop()


@asynccontextmanager
async def laboratory(postgres: Server) -> AsyncIterator[Laboratory]:
    """A laboratory, and all its servers stopped at the end."""
    with passable_directory() as directory, names_below_localhost():
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(directory / "authority.pem"))
        made = Laboratory(directory, postgres, authority)
        try:
            yield made
        finally:
            await made.close()
