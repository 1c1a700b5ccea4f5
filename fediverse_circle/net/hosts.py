"""From names to addresses.

The system's resolver blocks a thread for as long as a stranger's name server likes, so it has threads of its own: a slow one delays who
asks strangers, never who signs or hashes.  A laboratory gives its names fixed addresses and ports instead, so that servers on one machine
can have the names, and the URLs without ports, that they would have in the world.
"""

import asyncio
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import final

from aiohttp.abc import AbstractResolver, ResolveResult

_THREADS = 16


@final
class Names(AbstractResolver):
    """Fixed names first, then the system's resolver.  What it answers is not trusted: the guard judges each address when it is dialled."""

    def __init__(self, fixed: Mapping[str, tuple[str, int]]) -> None:
        self._fixed = dict(fixed)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="names")

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        """The addresses of a host."""
        if host in self._fixed:
            address, port = self._fixed[host]
            return [_result(host, address, port)]
        if host.endswith(".localhost"):  # RFC 6761, 6.3: this machine, whether the system's resolver knows it or not
            return [_result(host, "127.0.0.1", port)]
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, None, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
        )
        return [_result(host, str(sockaddr[0]), port) for *_, sockaddr in found]

    async def close(self) -> None:
        """Let go of the threads; what they still ask is forgotten."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=socket.IPPROTO_TCP, flags=socket.AI_NUMERICHOST)
