"""Following: asking, answering, ending; from here and from elsewhere.

Only the target's verified word makes a follower.  Whatever is asked twice has one effect.
"""

from datetime import datetime

from fediverse_circle.core.errors import Forbidden, NotFound
from fediverse_circle.core.ids import ActorId
from fediverse_circle.core.urls import parse_url
from fediverse_circle.domain import uris
from fediverse_circle.domain.actors import Actor, Follow
from fediverse_circle.domain.events import FollowAccepted, FollowRejected, FollowRequested, FollowUndone
from fediverse_circle.store import events, follows, notifications, timelines
from fediverse_circle.store.db import Tx

REFILL = 40  # posts that come home after an acceptance


async def request(tx: Tx, now: datetime, me: Actor, target: Actor) -> Follow:
    """I ask to follow somebody; whoever is open and lives here answers at once."""
    if target.id == me.id:
        raise Forbidden("You cannot follow yourself.")
    relation = (await follows.relations(tx, me.id, [target.id]))[0]
    if relation.blocked_by or relation.blocking or target.kind == "Application":
        raise Forbidden("You cannot follow this account.")
    if (known := await follows.of_pair(tx, me.id, target.id)) is not None:
        return known
    follow = await follows.request(tx, now, me.id, target.id, uris.new_activity(str(parse_url(me.uri).origin)))
    if target.local:
        return await _asked(tx, now, me, target) or follow
    await events.emit(tx, now, FollowRequested(me.id, target.id, follow.uri))
    return follow


async def receive_request(tx: Tx, now: datetime, follower: Actor, target: Actor, uri: str) -> None:
    """Somebody elsewhere asks to follow somebody here."""
    relation = (await follows.relations(tx, target.id, [follower.id]))[0]
    if relation.blocking or relation.blocked_by or target.kind == "Application":
        await events.emit(tx, now, FollowRejected(target.id, follower.id, uri))
        return
    await follows.request(tx, now, follower.id, target.id, uri)
    if relation.followed_by:
        await events.emit(tx, now, FollowAccepted(target.id, follower.id, uri))  # our answer was lost
    else:
        await _asked(tx, now, follower, target)


async def _asked(tx: Tx, now: datetime, follower: Actor, target: Actor) -> Follow | None:
    if target.locked:
        await notifications.tell(tx, now, target.id, "follow_request", follower.id)
        return None
    return await accept(tx, now, target, follower)


async def accept(tx: Tx, now: datetime, me: Actor, follower: Actor) -> Follow:
    """I let somebody follow who has asked; NotFound if they have not."""
    follow = await follows.accept(tx, follower.id, me.id, now)
    if follow is None:
        raise NotFound
    await notifications.untell(tx, me.id, "follow_request", follower.id)
    await notifications.tell(tx, now, me.id, "follow", follower.id)
    if follower.local:
        await timelines.refill(tx, follower.id, me.id, REFILL)
    else:
        await events.emit(tx, now, FollowAccepted(me.id, follower.id, follow.uri))
    return follow


async def reject(tx: Tx, now: datetime, me: Actor, follower: Actor) -> None:
    """I do not let somebody follow, or no longer; NotFound if they neither follow nor ask."""
    follow = await _ended(tx, follower.id, me.id)
    if follow is None:
        raise NotFound
    if not follower.local:
        await events.emit(tx, now, FollowRejected(me.id, follower.id, follow.uri))


async def undo(tx: Tx, now: datetime, me: Actor, target: Actor) -> None:
    """I no longer follow, or ask to; nothing happens if I did not."""
    follow = await _ended(tx, me.id, target.id)
    if follow is not None and not target.local:
        await events.emit(tx, now, FollowUndone(me.id, target.id, follow.uri))


async def receive_acceptance(tx: Tx, now: datetime, target: ActorId, follower: ActorId, accepted_at: datetime) -> None:
    """Somebody elsewhere lets one of ours follow.

    `accepted_at` is by their clock: from then on they write for this follower, and `said_at` will be theirs too.
    """
    if await follows.accept(tx, follower, target, min(accepted_at, now)) is not None:
        await timelines.refill(tx, follower, target, REFILL)


async def receive_rejection(tx: Tx, target: ActorId, follower: ActorId) -> None:
    """Somebody elsewhere does not let one of ours follow, or no longer."""
    await _ended(tx, follower, target)


async def receive_undo(tx: Tx, follower: ActorId, target: ActorId) -> None:
    """Somebody elsewhere no longer follows, or asks to."""
    await _ended(tx, follower, target)


async def _ended(tx: Tx, follower: ActorId, target: ActorId) -> Follow | None:
    """The follow that was; with it went the home entries and the notifications that it made."""
    if await follows.of_pair(tx, follower, target) is None:
        return None
    await timelines.forget(tx, follower, target)
    await notifications.untell(tx, target, "follow_request", follower)
    await notifications.untell(tx, target, "follow", follower)
    return await follows.end(tx, follower, target)
