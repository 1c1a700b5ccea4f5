"""The driver's side of a connection: ready-made requests, kept-alive connections, as little work as can be."""

import asyncio
import time
from collections.abc import Sequence


class Wire:
    """One kept-alive connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> "Wire":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send a request, wait for the whole answer: its status and body."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            if line[:15].lower() == b"content-length:":
                length = int(line[15:])
        return int(head[9:12]), await self._reader.readexactly(length) if length else b""

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


async def pour(port: int, requests: Sequence[bytes], connections: int, expected: int) -> float:
    """Send all requests over so many connections; the seconds it took.  Every answer must have the expected status."""
    left = iter(requests)

    async def drain(wire: Wire) -> None:
        for request in left:
            status, body = await wire.ask(request)
            if status != expected:
                raise AssertionError(f"{status} instead of {expected}: {body[:200]!r}")

    wires = [await Wire.open(port) for _ in range(connections)]
    began = time.perf_counter()
    await asyncio.gather(*(drain(wire) for wire in wires))
    took = time.perf_counter() - began
    for wire in wires:
        await wire.close()
    return took


async def times(port: int, requests: Sequence[bytes], connections: int) -> list[float]:
    """How long each answer took, in milliseconds."""
    left, taken = iter(requests), []

    async def drain(wire: Wire) -> None:
        for request in left:
            began = time.perf_counter()
            status, _ = await wire.ask(request)
            taken.append((time.perf_counter() - began) * 1000)
            if status != 200:
                raise AssertionError(f"{status} instead of 200")

    wires = [await Wire.open(port) for _ in range(connections)]
    await asyncio.gather(*(drain(wire) for wire in wires))
    for wire in wires:
        await wire.close()
    return taken
