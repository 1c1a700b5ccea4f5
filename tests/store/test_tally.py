"""The tally is what counting would find."""

from datetime import UTC, datetime
from itertools import count

from fediverse_circle.core.ids import ActorId, PostId
from fediverse_circle.domain.audience import Addressing, Audience, Followers, Person, Public
from fediverse_circle.domain.post import Words
from fediverse_circle.store import actors, posts
from fediverse_circle.store.actors import Profile
from fediverse_circle.store.db import Tx
from fediverse_circle.store.posts import Origin

NOW = datetime(2026, 5, 1, tzinfo=UTC)
_numbers = count(1)


async def person(tx: Tx, name: str) -> ActorId:
    uri = f"https://elsewhere.example/users/{name}"
    actor = await actors.keep_remote(
        tx,
        NOW,
        Profile(uri, "Person", name, "elsewhere.example", name, "", None, None, None, (), f"{uri}/inbox", None, None, True, False, NOW),
    )
    return actor.id


async def say(tx: Tx, author: ActorId, *rows: Audience, uri: str | None = None) -> PostId | None:
    uri = uri or f"https://elsewhere.example/posts/{next(_numbers)}"
    said = await posts.insert(
        tx,
        NOW,
        Origin(uri, None, author, None, None, "Note", NOW),
        Words("<p>Hello</p>", None, "", False, None, frozenset()),
        Addressing(frozenset(rows), listed=Public() in rows),
    )
    return said.id if said else None


async def counted(tx: Tx, author: ActorId) -> int:
    found: int = await tx.fetchval("select count(*) from visible_posts(null) where author_id = $1", author)
    return found


async def test_the_tally_of_an_author_is_the_number_of_posts_that_everybody_may_read(tx: Tx) -> None:
    mo, nell = await person(tx, "mo"), await person(tx, "nell")
    assert await posts.public_count(tx, mo) == await counted(tx, mo) == 0
    open_one = await say(tx, mo, Public(), Person(nell))
    await say(tx, mo, Public())
    closed = await say(tx, mo, Followers(mo), Person(nell))
    await say(tx, nell, Public())
    assert await posts.public_count(tx, mo) == await counted(tx, mo) == 2
    assert open_one is not None
    assert closed is not None
    await posts.erase(tx, NOW, closed)
    assert await posts.public_count(tx, mo) == await counted(tx, mo) == 2
    await posts.erase(tx, NOW, open_one)
    await posts.erase(tx, NOW, open_one)
    assert await posts.public_count(tx, mo) == await counted(tx, mo) == 1


async def test_what_came_twice_or_comes_back_is_not_counted_again(tx: Tx) -> None:
    mo = await person(tx, "mo")
    one = await say(tx, mo, Public(), uri="https://elsewhere.example/posts/one")
    assert await say(tx, mo, Public(), uri="https://elsewhere.example/posts/one") is None
    assert await posts.public_count(tx, mo) == 1
    assert one is not None
    await posts.erase(tx, NOW, one)
    assert await say(tx, mo, Public(), uri="https://elsewhere.example/posts/one") is None
    assert await posts.public_count(tx, mo) == await counted(tx, mo) == 0
