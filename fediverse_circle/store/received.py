"""What came in: each request once, its words until they are understood.

A row outlives its body for a while: a signature that comes again, or an activity that comes again to the same inbox, is no second one.
"""

from dataclasses import dataclass, field
from datetime import datetime

from fediverse_circle.core.ids import ActorId
from fediverse_circle.store.db import Reader, Tx, row


@dataclass(frozen=True, slots=True)
class Arrival:
    """An activity as it came to an inbox (None: the shared one), signed by its actor at `signed_at` of the actor's clock."""

    activity_uri: str
    kind: str
    about: str | None
    inbox_of: ActorId | None
    signer_id: ActorId
    signature: bytes = field(repr=False)
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """An activity that waits to be understood."""

    id: int
    inbox_of: ActorId | None
    signer_id: ActorId
    signed_at: datetime
    body: bytes = field(repr=False)


async def keep(tx: Tx, now: datetime, arrival: Arrival, body: bytes | None) -> int | None:
    """Note that this came, with its words if they are not understood yet; None if it came before."""
    number: int | None = await tx.fetchval(
        """insert into received (activity_uri, kind, about, inbox_of, signer_id, signature, signed_at, body, received_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
           on conflict do nothing returning id""",
        arrival.activity_uri,
        arrival.kind,
        arrival.about,
        arrival.inbox_of,
        arrival.signer_id,
        arrival.signature,
        arrival.signed_at,
        body,
        now,
    )
    return number


async def waiting(db: Reader, number: int) -> Waiting | None:
    """What waits under this number; None if it was understood, or its words were taken back."""
    record = await db.fetchrow(
        "select id, inbox_of, signer_id, signed_at, body from received where id = $1 and body is not null",
        number,
    )
    return row(Waiting, record) if record else None


async def understood(tx: Tx, number: int) -> None:
    """Its effects are in this transaction: the words are not needed any more."""
    await tx.execute("update received set body = null where id = $1", number)


async def is_undone(db: Reader, signer: ActorId, uri: str) -> bool:
    """Whether the signer has undone the activity of this id, be it before it came."""
    undone: bool = await db.fetchval(
        "select exists (select from received where about = $2 and kind = 'Undo' and signer_id = $1)", signer, uri
    )
    return undone


async def forget_words(tx: Tx, signer: ActorId, about: str) -> None:
    """What the signer said of this object and we did not understand is taken back too."""
    await tx.execute("update received set body = null where about = $2 and body is not null and signer_id = $1", signer, about)


async def forget_all_words(tx: Tx, signer: ActorId) -> None:
    """Nothing is kept of what the signer said."""
    await tx.execute("update received set body = null where signer_id = $1 and body is not null", signer)


async def sweep(tx: Tx, before: datetime) -> int:
    """Forget what came before then; how many that were."""
    return await tx.execute("delete from received where received_at < $1", before)
