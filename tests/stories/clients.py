"""What people do with their clients in more than one story."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from mastodon import Mastodon

from tests.laboratory import until

T = TypeVar("T")


async def ask(call: Callable[..., T], *arguments: Any, **named: Any) -> T:
    """Let a client, which blocks, ask in a thread of its own."""
    return await asyncio.to_thread(call, *arguments, **named)


def found(client: Mastodon, handle: str) -> Any:
    (account,) = client.account_search(handle, resolve=True)
    return account


def post_in(timeline: list[Any], word: str) -> Any:
    """The first post with this word in it; None if there is none."""
    return next((status for status in timeline if word in status.content), None)


def texts(timeline: list[Any]) -> list[str]:
    return [status.content for status in timeline]


async def befriend(follower: Mastodon, target: Mastodon, handle: str) -> Any:
    """One asks to follow, the other lets; what the follower's server knows the target as."""
    account = await ask(found, follower, handle)
    relation = await ask(follower.account_follow, account.id)
    assert (relation.requested, relation.following) == (True, False)
    me = await ask(follower.account_verify_credentials)
    asker = await until(
        lambda: next((asker for asker in target.follow_requests() if asker.username == me.username), None), what="nobody asked to follow"
    )
    await ask(target.follow_request_authorize, asker.id)
    await until(lambda: follower.account_relationships(account.id)[0].following, what="the acceptance did not arrive")
    return account
