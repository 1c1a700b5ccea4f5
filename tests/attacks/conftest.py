"""The cast of the attacks on federation: V, with alice, mia and nora; W, with mo, nell and ron; E, with mallory."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from fediverse_circle.actions import following
from fediverse_circle.domain.actors import Actor
from fediverse_circle.domain.audience import Followers
from fediverse_circle.domain.post import Post
from fediverse_circle.store import follows
from fediverse_circle.store.db import Database, begin
from tests.strangers import E, Person, Stage, W, stage


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def v(db: Database, tmp_path: Path, authority: trustme.CA) -> AsyncIterator[Stage]:
    async with stage(db, tmp_path, authority) as made:
        yield made


@dataclass(frozen=True)
class Cast:
    """Who is who.  mo and mia follow alice, mia follows mo, ron followed alice and was removed; nobody else follows anybody.

    `private` is alice's post for her followers (P), `never` an id of the same shape that never was (U), `theirs` a followers-only post of mo.
    """

    alice: Actor
    mia: Actor
    nora: Actor
    mo: Person
    nell: Person
    ron: Person
    mallory: Person
    private: Post
    never: str
    theirs: str


@pytest.fixture
async def cast(v: Stage) -> Cast:
    alice, mia, nora = await v.person("alice"), await v.person("mia"), await v.person("nora")
    mo, nell, ron, mallory = Person(W, "mo"), Person(W, "nell"), Person(W, "ron"), Person(E, "mallory")
    v.strangers[W].welcome(mo, nell, ron)
    v.strangers[E].welcome(mallory)
    await v.introduce(mo, nell, ron, mallory)
    for follower in (mo, ron):
        await v.followed_by(follower, alice)
    await v.befriend(mia, mo)
    async with begin(v.db) as tx:
        await follows.request(tx, v.clock(), mia.id, alice.id, f"https://{v.host}/activities/mia")
        await follows.accept(tx, mia.id, alice.id, v.clock())
    v.clock.pass_by(seconds=1)
    private = await v.says(alice, Followers(alice.id))
    theirs = mo.note("1", published=v.clock().isoformat(), content="<p>theirs</p>")
    await v.deliver(mo.does("Create", theirs), mo)
    removed = await v.actor(ron)
    assert removed is not None
    async with begin(v.db) as tx:
        await following.reject(tx, v.clock(), alice, removed)
    v.clock.pass_by(seconds=1)
    return Cast(alice, mia, nora, mo, nell, ron, mallory, private, f"https://{v.host}/posts/AAAAAAAAAAAAAAAAAAAAAA", theirs["id"])
