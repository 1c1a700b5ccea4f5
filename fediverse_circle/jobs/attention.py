"""Waiting for news: for the bell, for the call to stop, for the time when something falls due."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime

from fediverse_circle.store.bell import Bell, Ear

_SHORTEST, _LONGEST = 0.02, 30.0  # seconds: what is due and held by another is looked at again soon; a lost ring costs the longest


@asynccontextmanager
async def attentive(bell: Bell, stop: asyncio.Event) -> AsyncIterator[Ear]:
    """An ear that hears the call to stop as well."""
    with bell.listening() as ear:

        async def heed() -> None:
            await stop.wait()
            ear.ring()

        task = asyncio.create_task(heed())
        try:
            yield ear
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def seconds_until(due: datetime | None, now: datetime) -> float:
    """How long to listen for the bell before looking again."""
    if due is None:
        return _LONGEST
    return min(max((due - now).total_seconds(), _SHORTEST), _LONGEST)
