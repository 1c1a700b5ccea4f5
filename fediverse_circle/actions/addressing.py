"""To whom a post of ours goes: the one place where what a client asked meets what the conversation and the account allow."""

from collections.abc import Mapping
from dataclasses import dataclass

from fediverse_circle.core.errors import Invalid
from fediverse_circle.core.ids import ActorId, PostId
from fediverse_circle.domain.actors import Account, Actor
from fediverse_circle.domain.audience import Addressing, Visibility, chosen, inherited
from fediverse_circle.domain.post import Post
from fediverse_circle.store import posts
from fediverse_circle.store.db import Reader
from fediverse_circle.text.mentions import Mention, named_in


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wants to say.  `mentioned`: whom the handles in the text name, by handle as typed, as far as they could be found."""

    text: str
    summary: str
    sensitive: bool
    language: str | None
    asked: Visibility | None
    in_reply_to: PostId | None
    mentioned: Mapping[str, Actor]


@dataclass(frozen=True, slots=True)
class Decision:
    """Who will read it, what it answers, and whom it may name: a name of somebody who will not read it stays plain text."""

    addressing: Addressing
    parent: Post | None
    mentioned: Mapping[str, Actor]


async def decide(db: Reader, me: Account, draft: Draft) -> Decision:
    """The audience of a new post; NotFound if it answers what is not for its author (CLIENT_API 7.3)."""
    if draft.in_reply_to is None:
        return _first_word(me, draft, None)
    parent = await posts.visible(db, me.actor_id, draft.in_reply_to)
    audience = inherited(await posts.addressing(db, parent), parent.author_id, me.actor_id)
    if audience is None:
        return _first_word(me, draft, parent)
    return Decision(audience, parent, await readable_by(db, draft.mentioned, parent))


def _first_word(me: Account, draft: Draft, parent: Post | None) -> Decision:
    handle = _addressed(draft.text)
    if handle is not None and handle not in draft.mentioned:
        raise Invalid(
            "status", "Nobody you can write to has that name."
        )  # never a letter that silently goes to one's followers or to nobody
    audience = chosen(draft.asked, me.ceiling, me.actor_id, (actor.id for actor in draft.mentioned.values()))
    return Decision(audience, parent, draft.mentioned)


def _addressed(text: str) -> str | None:
    """The handle that a text begins with, as one begins a letter."""
    first = next(iter(named_in(text)), None)
    return first.handle if isinstance(first, Mention) and not text[: first.start].strip() else None


async def readable_by(db: Reader, mentioned: Mapping[str, Actor], post: Post) -> dict[str, Actor]:
    """Those of the mentioned who may read the post."""
    readers: set[ActorId] = await posts.readers(db, post, {actor.id for actor in mentioned.values()})
    return {handle: actor for handle, actor in mentioned.items() if actor.id in readers}
