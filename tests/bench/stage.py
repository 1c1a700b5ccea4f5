"""What every bench needs: one of our servers with people in it, a floor beside it, and their CPU and memory."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from fediverse_circle.core.ids import ActorId, new_id
from fediverse_circle.domain import uris
from fediverse_circle.signing import RsaSecretKey, generate_rsa, pem
from fediverse_circle.store import actors, follows, keys
from fediverse_circle.store.actors import Profile
from fediverse_circle.store.db import Database, Tx, begin, open_database
from tests.laboratory import HOUSE, Instance, Laboratory, free_port


@dataclass
class Stage:
    """A running server of ours, its database, and somebody who lives in it."""

    instance: Instance
    db: Database
    ana: ActorId
    token: str

    def processes(self) -> list[psutil.Process]:
        """The server with all it started; PostgreSQL too where it is its own."""
        assert self.instance.process is not None
        server = psutil.Process(self.instance.process.pid)
        return [server, *server.children(recursive=True)]


@asynccontextmanager
async def stage(lab: Laboratory, name: str, *, own_database: bool = False, tls: bool = False, **settings: str) -> AsyncIterator[Stage]:
    """A server with ana in it, reached in plain HTTP (a proxy would end TLS), or with TLS."""
    instance = await lab.instance(name, own_database=own_database, **settings)
    if not tls:
        del instance.environment["FEDIVERSE_CIRCLE_TLS_CERTIFICATE"], instance.environment["FEDIVERSE_CIRCLE_TLS_KEY"]
    await instance.start()
    try:
        await instance.command("account", "create", "ana", "--email", "ana@bench.example")
        token = await instance.command("token", "create", "ana")
        dsn = instance.environment.get("FEDIVERSE_CIRCLE_DATABASE_URL")
        if dsn is None:
            yield Stage(instance, None, ActorId(0), token)  # type: ignore[arg-type]  the memory bench reads no tables
            return
        async with open_database(dsn, connections=4) as db:
            ana = await actors.by_handle(db.pool, "ana", instance.host)
            assert ana is not None
            yield Stage(instance, db, ana.id, token)
    finally:
        await instance.stop()


@asynccontextmanager
async def floor(kind: str, *arguments: str) -> AsyncIterator[tuple[int, psutil.Process]]:
    """A bare program of this kind: its port, and the process."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.floor", kind, str(port), *arguments, cwd=HOUSE, stdout=PIPE
    )
    assert process.stdout is not None
    try:
        assert await process.stdout.readline(), f"the floor {kind} did not start"
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        await process.wait()


def cpu(processes: list[psutil.Process]) -> float:
    """CPU seconds these have used so far."""
    used = 0.0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            used += times.user + times.system
    return used


def pss(processes: list[psutil.Process]) -> float:
    """Their memory in MB, what they share counted once."""
    total = 0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            total += process.memory_full_info().pss
    return total / 1e6


@dataclass
class Stranger:
    """Somebody elsewhere, with a key to sign with."""

    id: ActorId
    uri: str
    key: RsaSecretKey


async def stranger(db: Database, host: str, name: str = "zoe", *, key: RsaSecretKey | None = None, shared_inbox: bool = True) -> Stranger:
    """Somebody elsewhere, known to the database with their key."""
    key = key or generate_rsa()
    async with begin(db) as tx:
        return Stranger(await remote(tx, host, name, shared_inbox=shared_inbox, key=key), uris.actor(f"https://{host}", name), key)


async def remote(tx: Tx, host: str, name: str, *, shared_inbox: bool, key: RsaSecretKey) -> ActorId:
    now, uri = datetime.now(UTC), uris.actor(f"https://{host}", name)
    made = await actors.keep_remote(
        tx,
        now,
        Profile(
            uri,
            "Person",
            name,
            host,
            name,
            "",
            None,
            None,
            None,
            (),
            uris.inbox(uri),
            uris.shared_inbox(f"https://{host}") if shared_inbox else None,
            uris.followers(uri),
            locked=False,
            discoverable=False,
            published_at=now,
        ),
    )
    await keys.replace(tx, made.id, [keys.ActorKey(uris.rsa_key(uri), made.id, "rsa", pem(key.public()), now)])
    return made.id


async def let_follow(tx: Tx, follower: ActorId, target: ActorId) -> None:
    now = datetime.now(UTC)
    await follows.request(tx, now, follower, target, f"https://bench.example/follows/{new_id(now)}")
    await follows.accept(tx, follower, target, datetime(2020, 1, 1, tzinfo=UTC))


def written(path: Path, text: str | bytes) -> str:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)
