"""Strangers on loopback: real sockets, real TLS, names that lead there."""

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme
from aiohttp import web

from fediverse_circle.net.client import Client, open_client

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
NAMES = ("v.example", "w.example", "e.example")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Speaker = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class World:
    """Servers with names, and what they saw."""

    trust: Path
    tls: ssl.SSLContext
    stack: AsyncExitStack
    map: dict[str, tuple[str, int]] = field(default_factory=dict)
    seen: list[web.Request] = field(default_factory=list)
    dialled: int = 0

    async def serve(self, host: str, handler: Handler) -> None:
        """A server with this name that answers every request so."""

        async def note(request: web.Request) -> web.StreamResponse:
            self.seen.append(request)
            return await handler(request)

        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", note)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
        await runner.setup()
        self.stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=self.tls)
        await site.start()
        self.map[host] = ("127.0.0.1", runner.addresses[0][1])

    async def speak(self, host: str, speaker: Speaker) -> None:
        """A server with this name that reads the head of a request and then does as it likes with the bytes of the connection."""
        tasks: list[asyncio.Task[None]] = []

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.dialled += 1
            tasks.append(asyncio.current_task())
            try:
                await reader.readuntil(b"\r\n\r\n")
                await speaker(reader, writer)
            except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                pass
            finally:
                writer.close()

        async def stop() -> None:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=self.tls)
        await self.stack.enter_async_context(server)
        self.stack.push_async_callback(stop)
        self.map[host] = ("127.0.0.1", server.sockets[0].getsockname()[1])

    async def client(self, *, networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = LOOPBACK) -> Client:
        """A client of v.example that may go to the loopback networks (or where the test says), and finds the servers started so far."""
        return await self.stack.enter_async_context(
            open_client(
                user_agent="fediverse_circle (test)",
                own_hosts=("v.example",),
                allowed_private_networks=networks,
                host_map=self.map,
                extra_ca=self.trust,
            )
        )


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*NAMES, "127.0.0.1", "localhost").configure_cert(context)
    return context


@pytest.fixture
def trust(authority: trustme.CA, tmp_path: Path) -> Iterator[Path]:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return tmp_path / "ca.pem"


@pytest.fixture
async def world(tls: ssl.SSLContext, trust: Path) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        yield World(trust, tls, stack)
