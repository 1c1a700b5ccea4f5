"""A post of ours with all that its documents name, gathered once and told to many servers."""

from collections.abc import Mapping
from dataclasses import dataclass

from fediverse_circle.core.errors import NotFound
from fediverse_circle.core.ids import ActorId
from fediverse_circle.domain.actors import Actor
from fediverse_circle.domain.audience import Addressing, Followers, Person
from fediverse_circle.domain.post import Post
from fediverse_circle.federation.builders.addressees import Addressees, addressees
from fediverse_circle.federation.builders.note import build_note
from fediverse_circle.store import actors, posts
from fediverse_circle.store.db import Reader
from fediverse_circle.vocab import Note


@dataclass(frozen=True, slots=True)
class Telling:
    """A post, its author and audience, and the people in both."""

    post: Post
    author: Actor
    addressing: Addressing
    mentioned: frozenset[ActorId]
    people: Mapping[ActorId, Actor]

    def addressees(self, host: str | None) -> Addressees:
        """What the server of this name is told of the audience; None: what every server may be told."""
        return addressees(self.author, self.addressing, self.mentioned, self.people, host)

    def note(self, host: str | None) -> Note:
        """The post as the server of this name is told it."""
        return build_note(self.post, self.author, self.addressees(host))


async def telling(db: Reader, post: Post) -> Telling:
    """A post that somebody may read (or could, before it was taken back), ready to be told to any server of theirs.

    NotFound if its author is not there any more.
    """
    addressing = await posts.addressing(db, post)
    mentioned = frozenset((await posts.mentions(db, [post.id]))[post.id])
    named = {row.actor for row in addressing.rows if isinstance(row, Person)}
    followed = {row.of for row in addressing.rows if isinstance(row, Followers)}
    people = await actors.by_ids(db, {post.author_id} | mentioned | named | followed)
    if post.author_id not in people:
        raise NotFound
    return Telling(post, people[post.author_id], addressing, mentioned, people)
