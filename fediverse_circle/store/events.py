"""Events: what was committed and is to be told.  Written in the transaction of the deed, or not at all."""

from datetime import datetime

import msgspec

from fediverse_circle.domain.events import Event
from fediverse_circle.store import jobs
from fediverse_circle.store.db import Tx


async def emit(tx: Tx, now: datetime, event: Event) -> None:
    """Have this told to the servers it concerns, after what the same actor did before."""
    await jobs.add(tx, now, type(event).__name__, msgspec.json.encode(event).decode(), lane=event.by)
