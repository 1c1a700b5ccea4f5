"""Relationships: what others are to the one who asks."""

from collections.abc import Sequence

import msgspec

from fediverse_circle.core.errors import NotFound
from fediverse_circle.core.ids import ActorId
from fediverse_circle.store import follows
from fediverse_circle.store.db import Reader
from fediverse_circle.store.follows import Relation


class Relationship(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody is to me.  What cannot be done yet (muting, notes, blocking a whole server) is not done."""

    id: str
    following: bool
    requested: bool
    followed_by: bool
    requested_by: bool
    blocking: bool
    blocked_by: bool
    showing_reblogs: bool
    notifying: bool = False
    muting: bool = False
    muting_notifications: bool = False
    domain_blocking: bool = False
    endorsed: bool = False
    languages: None = None
    muting_expires_at: None = None
    note: str = ""


def _relationship(relation: Relation) -> Relationship:
    return Relationship(
        id=str(relation.other),
        following=relation.following,
        requested=relation.requested,
        followed_by=relation.followed_by,
        requested_by=relation.requested_by,
        blocking=relation.blocking,
        blocked_by=relation.blocked_by,
        showing_reblogs=relation.following,
    )


async def relationships(db: Reader, me: ActorId, others: Sequence[ActorId]) -> list[Relationship]:
    """What these are to me, in this order.  One question."""
    return [_relationship(relation) for relation in await follows.relations(db, me, others)]


async def relationship(db: Reader, me: ActorId, other: ActorId) -> Relationship:
    """What one actor is to me; NotFound if it is not there."""
    found = await relationships(db, me, [other])
    if not found:
        raise NotFound
    return found[0]
