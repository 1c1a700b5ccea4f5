"""Small casts, made in the test that needs them: actors here and elsewhere as rows, without keys."""

from collections.abc import Sequence
from datetime import UTC, datetime

from fediverse_circle.domain import uris
from fediverse_circle.domain.actors import Actor
from fediverse_circle.domain.audience import Visibility
from fediverse_circle.store import actors, logins
from fediverse_circle.store.actors import Profile
from fediverse_circle.store.db import Tx

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HERE, ELSEWHERE = "https://here.example", "https://there.example"


def profile(name: str, origin: str, *, locked: bool) -> Profile:
    uri = uris.actor(origin, name)
    return Profile(
        uri=uri,
        kind="Person",
        username=name,
        host=origin.removeprefix("https://"),
        name=name.title(),
        note="",
        url=uris.profile_page(origin, name),
        avatar=None,
        header=None,
        fields=(),
        inbox=uris.inbox(uri),
        shared_inbox=uris.shared_inbox(origin),
        followers=uris.followers(uri),
        locked=locked,
        discoverable=False,
        published_at=NOW,
    )


async def people(tx: Tx, *names: str, locked: bool = True, ceiling: Visibility = "private") -> Sequence[Actor]:
    """People who live here, a login each."""
    made = []
    for name in names:
        actor = await actors.insert_local(tx, NOW, profile(name, HERE, locked=locked))
        login = await logins.insert(tx, NOW, f"{name}@mail.example", "no password", "member")
        await logins.insert_account(tx, actor.id, login.id, ceiling, None)
        made.append(actor)
    return made


async def strangers(tx: Tx, *names: str, locked: bool = True) -> Sequence[Actor]:
    """People who live elsewhere."""
    return [await actors.keep_remote(tx, NOW, profile(name, ELSEWHERE, locked=locked)) for name in names]
