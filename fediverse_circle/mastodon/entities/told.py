"""Notifications: what an account is told, with who caused it and the post it is about."""

from collections.abc import Sequence

import msgspec

from fediverse_circle.core.ids import ActorId
from fediverse_circle.mastodon.dates import date
from fediverse_circle.mastodon.entities.people import Account, accounts
from fediverse_circle.mastodon.entities.posts import Status, statuses
from fediverse_circle.store import notifications as told
from fediverse_circle.store import posts
from fediverse_circle.store.db import Reader


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """One thing an account is told.  Without a post there is no `status`."""

    id: str
    type: told.Kind
    created_at: str
    account: Account
    group_key: str
    status: Status | msgspec.UnsetType = msgspec.UNSET


async def notifications(db: Reader, origin: str, me: ActorId, items: Sequence[told.Notification]) -> list[Notification]:
    """What an account was told, in this order; nothing about posts that went out of its reach meanwhile.  Four questions."""
    about = await posts.all_visible(db, me, [item.post_id for item in items if item.post_id is not None])
    shown = {status.id: status for status in await statuses(db, origin, me, list(about.values()))}
    people = {account.id: account for account in await accounts(db, origin, me, {item.actor_id for item in items})}
    return [
        Notification(
            id=str(item.id),
            type=item.kind,
            created_at=date(item.created_at),
            account=people[str(item.actor_id)],
            group_key=f"ungrouped-{item.id}",
            status=msgspec.UNSET if item.post_id is None else shown[str(item.post_id)],
        )
        for item in items
        if str(item.actor_id) in people and (item.post_id is None or str(item.post_id) in shown)
    ]
