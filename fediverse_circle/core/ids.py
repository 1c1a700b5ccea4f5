"""Ids.

Two kinds, for two purposes:

- *numbers* (`new_id`): 41 bits of milliseconds, 21 of chance, the lowest bit zero.  They sort by time, as Mastodon's clients expect, and betray
  no count.  They open nothing: each use asks whether the asker may see the thing.  The lowest bit is left free so that a wrapper of a post
  (a boost by a circle's account) needs no row of its own.
- *names* (`new_name`): 128 bits of chance.  Whatever a private thing is reached by from outside bears one.
"""

import secrets
from datetime import UTC, datetime
from typing import NewType

ActorId = NewType("ActorId", int)
LoginId = NewType("LoginId", int)
PostId = NewType("PostId", int)
CircleId = NewType("CircleId", int)
RollId = NewType("RollId", int)
AppId = NewType("AppId", int)
TokenId = NewType("TokenId", int)

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
_CHANCE_BITS = 22


def new_id(now: datetime) -> int:
    """A number for a thing made now: positive, below 2**63, even, greater than every number of an earlier millisecond."""
    milliseconds = int((now - EPOCH).total_seconds() * 1000)
    if not 0 <= milliseconds < 1 << 41:
        raise ValueError(f"the clock is out of range: {now.isoformat()}")
    return milliseconds << _CHANCE_BITS | secrets.randbits(_CHANCE_BITS - 1) << 1


def born(number: int) -> datetime:
    """When a number was made, to the millisecond."""
    return datetime.fromtimestamp(EPOCH.timestamp() + (number >> _CHANCE_BITS) / 1000, UTC)


def new_name() -> str:
    """An unguessable name: 128 bits in 22 characters that need no escaping in a URL."""
    return secrets.token_urlsafe(16)


def new_secret() -> str:
    """A secret to be shown once (tokens, codes, links): 256 bits in 43 characters."""
    return secrets.token_urlsafe(32)
