"""What somebody elsewhere says to us, and what may become of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import final

from fediverse_circle.core.ids import ActorId
from fediverse_circle.store.actors import Teller
from fediverse_circle.store.db import Tx
from fediverse_circle.vocab import Activity

Deed = Callable[[Tx, datetime], Awaitable[None]]
"""What happens, in the transaction that notes the activity as understood."""


@final
@dataclass(frozen=True, slots=True)
class Heard:
    """An activity whose actor signed it themselves, at `signed_at` by their clock.  `inbox_of`: in whose own inbox it came."""

    activity: Activity
    by: Teller
    inbox_of: ActorId | None
    signed_at: datetime


@final
@dataclass(frozen=True, slots=True)
class Do:
    """It is understood, and has this effect."""

    deed: Deed


@final
@dataclass(frozen=True, slots=True)
class Drop:
    """It is not theirs to say, or concerns nobody here: nothing happens, and nothing of it is kept."""


@final
@dataclass(frozen=True, slots=True)
class Keep:
    """We have no word for it yet: kept as it came."""


Verdict = Do | Drop | Keep


async def nothing(_: Tx, __: datetime) -> None:
    """All there was to do is done."""
