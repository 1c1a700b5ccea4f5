"""Understanding what came in: which handler, with or without asking strangers, and what is written of it.

An activity is tried at once, in the request that brought it, asking nobody: nearly all need nobody, and then its effects and the note that it came
are one transaction (half of what a job costs, measured).  What needs strangers is kept, and understood as a job.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, final

import msgspec

from fediverse_circle.core.errors import Invalid, NotFound, TooLarge
from fediverse_circle.federation.asking import Ask, Asking, MustAsk, Silence
from fediverse_circle.federation.handlers import accept, create, delete, follow, reject, undo, update
from fediverse_circle.federation.heard import Do, Drop, Heard, Keep, Verdict
from fediverse_circle.site import Site
from fediverse_circle.store import actors, jobs, received
from fediverse_circle.store.db import Tx, begin
from fediverse_circle.store.jobs import Job
from fediverse_circle.store.received import Arrival, Waiting
from fediverse_circle.vocab import Activity, EmbeddedActivity, Several, read_activity

Decide = Callable[[Site, Ask, Heard], Awaitable[Verdict]]

HANDLERS: Final[Mapping[str, Decide]] = {
    "Accept": accept.decide,
    "Create": create.decide,
    "Delete": delete.decide,
    "Follow": follow.decide,
    "Reject": reject.decide,
    "Undo": undo.decide,
    "Update": update.decide,
}
LONGEST_KEPT: Final = 1 << 16  # what we have no word for and is longer than that is not kept either
KIND: Final = "Understand"


@final
@dataclass(frozen=True, slots=True)
class Later:
    """Strangers have to be asked first."""


class _Payload(msgspec.Struct):
    received: int


async def at_once(here: Site, heard: Heard) -> Verdict | Later:
    """What an activity means, if that can be told without asking anybody."""
    try:
        return await _decided(here, Silence(), heard)
    except MustAsk:
        return Later()


async def take(tx: Tx, now: datetime, arrival: Arrival, body: bytes, verdict: Verdict | Later) -> None:
    """Note that an activity came, and do what it means or have it understood later; nothing if it came before, or means nothing."""
    if isinstance(verdict, Drop):
        return
    is_kept = isinstance(verdict, Later) or (isinstance(verdict, Keep) and len(body) <= LONGEST_KEPT)
    number = await received.keep(tx, now, arrival, body if is_kept else None)
    if number is None:
        return
    match verdict:
        case Do(deed):
            await deed(tx, now)
        case Later():
            await jobs.add(tx, now, KIND, msgspec.json.encode(_Payload(number)).decode())
        case Keep():
            pass


async def understand(here: Site, job: Job) -> None:
    """Understand what waits, asking strangers where that must be.  Raises Unreachable if one of them cannot answer now."""
    waiting = await received.waiting(here.db.pool, msgspec.json.decode(job.payload, type=_Payload).received)
    verdict = await _heard_out(here, waiting) if waiting is not None else Drop()
    async with begin(here.db) as tx:
        if isinstance(verdict, Do):
            await verdict.deed(tx, here.now())
        if waiting is not None and not isinstance(verdict, Keep):
            await received.understood(tx, waiting.id)
        await jobs.done(tx, job.id)


def about(activity: Activity) -> str | None:
    """The id of what an activity is about."""
    match activity.object:
        case None | Several():
            return None
        case EmbeddedActivity(id=uri):
            return uri
        case thing:
            return thing.id


async def _heard_out(here: Site, waiting: Waiting) -> Verdict:
    """What an activity means, if its actor's word still counts."""
    teller = await actors.teller(here.db.pool, waiting.signer_id)
    if teller is None:
        return Drop()
    return await _decided(here, Asking(here), Heard(read_activity(waiting.body), teller, waiting.inbox_of, waiting.signed_at))


async def _decided(here: Site, ask: Ask, heard: Heard) -> Verdict:
    decide = HANDLERS.get(heard.activity.type)
    if decide is None:
        return Keep()
    try:
        return await decide(here, ask, heard)
    except (NotFound, Invalid, TooLarge):
        return Drop()  # what it is about is not there, not for us, or not what it should be
