"""Saying something, saying it again, taking it back; and receiving what others say."""

from datetime import datetime

from fediverse_circle.actions.addressing import Decision, Draft, readable_by
from fediverse_circle.core.errors import Conflict, NotFound
from fediverse_circle.core.ids import ActorId
from fediverse_circle.core.urls import parse_url
from fediverse_circle.domain import uris
from fediverse_circle.domain.actors import Actor
from fediverse_circle.domain.audience import Addressing
from fediverse_circle.domain.events import PostEdited, PostPublished, PostRetracted
from fediverse_circle.domain.post import Post, Words
from fediverse_circle.store import deliveries, events, notifications, posts, timelines
from fediverse_circle.store.db import Tx
from fediverse_circle.store.posts import Origin
from fediverse_circle.text.render import MentionTarget, rendered


def words(draft: Draft, author: Actor, decision: Decision) -> Words:
    """The draft as it will be stored: names of readers become links, names of others stay text."""
    origin = str(parse_url(author.uri).origin)
    targets = {handle: _target(actor) for handle, actor in decision.mentioned.items()}
    said = rendered(draft.text, targets, lambda tag: uris.tag_page(origin, tag))
    return Words(
        content=said.html,
        source=draft.text,
        summary=draft.summary,
        sensitive=draft.sensitive or draft.summary != "",
        language=draft.language,
        mentioned=frozenset(decision.mentioned[handle].id for handle in said.mentioned),
    )


def _target(actor: Actor) -> MentionTarget:
    return MentionTarget(actor.url or actor.uri, actor.username if actor.local else f"{actor.username}@{actor.host}")


async def publish(tx: Tx, now: datetime, author: Actor, draft: Draft, decision: Decision) -> Post:
    """Say something to an audience."""
    parent = decision.parent
    origin = Origin(
        uri=uris.new_post(str(parse_url(author.uri).origin)),
        url=None,
        author=author.id,
        in_reply_to=parent.id if parent else None,
        in_reply_to_uri=parent.uri if parent else None,
        kind="Note",
        said_at=now,
    )
    post = await posts.insert(tx, now, origin, words(draft, author, decision), decision.addressing)
    if post is None:
        raise Conflict("Two posts of one name: try again.")
    await timelines.enter(tx, post.id)
    await notifications.tell_mentioned(tx, now, post.id, author.id)
    await events.emit(tx, now, PostPublished(author.id, post.id))
    return post


async def edit(tx: Tx, now: datetime, author: Actor, post: Post, draft: Draft) -> Post:
    """Say it again in other words, to the same readers: an edit never re-addresses."""
    decision = Decision(await posts.addressing(tx, post), None, await readable_by(tx, draft.mentioned, post))
    said = words(draft, author, decision)
    if _is_said_by(post, said):
        return post
    edited = await posts.reword(tx, now, post.id, said)
    if edited is None:
        raise NotFound
    await notifications.tell_mentioned(tx, now, post.id, author.id)
    await events.emit(tx, now, PostEdited(author.id, post.id))
    return edited


def _is_said_by(post: Post, said: Words) -> bool:
    """Whether these words are those of the post, so that nothing new is said."""
    return (post.content, post.source, post.summary, post.sensitive, post.language) == (
        said.content,
        said.source,
        said.summary,
        said.sensitive,
        said.language,
    )


async def retract(tx: Tx, now: datetime, post: Post) -> None:
    """Take it back: the words are erased with this transaction, here and soon wherever they went."""
    await posts.erase(tx, now, post.id)
    await deliveries.cancel(tx, post.id)
    await events.emit(tx, now, PostRetracted(post.author_id, post.id, post.uri))


async def receive(tx: Tx, now: datetime, origin: Origin, said: Words, addressing: Addressing) -> Post | None:
    """Somebody elsewhere has said something to people here; None if we knew, be it as taken back."""
    post = await posts.insert(tx, now, origin, said, addressing)
    if post is None:
        return None
    if await timelines.receive(tx, post):
        await _adopt(tx, post)
    if said.mentioned:
        await notifications.tell_mentioned(tx, now, post.id, origin.author)
    return post


async def _adopt(tx: Tx, post: Post) -> None:
    """Answers that came first hang on the post now, and belong into homes only now."""
    for answer in await posts.adopt(tx, post.id):
        await timelines.enter(tx, answer)


async def receive_again(tx: Tx, now: datetime, author: ActorId, uri: str, further: ActorId | None) -> None:
    """What somebody elsewhere has said came again, or had been looked up before: it belongs into homes now.  `further`: a reader not named in it."""
    known = await posts.known(tx, uri)
    if known is None or known.author_id != author or known.deleted_at is not None:
        return
    if further is not None:
        await posts.admit(tx, known.id, further)
    await timelines.enter(tx, known.id)
    await notifications.tell_mentioned(tx, now, known.id, author)


async def look_up(tx: Tx, now: datetime, reader: ActorId, origin: Origin, said: Words, addressing: Addressing) -> Post:
    """Somebody here has fetched what somebody elsewhere has said: kept if it is for them, NotFound (and nothing kept) if not.  It rings nowhere."""
    post = await posts.insert(tx, now, origin, said, addressing)
    if post is not None:
        await _adopt(tx, post)
    return await posts.visible_by_uri(tx, reader, origin.uri)


async def receive_edit(tx: Tx, now: datetime, author: ActorId, uri: str, said: Words, edited_at: datetime) -> Post | None:
    """Somebody elsewhere says it again; None if it is not theirs, was taken back, or a later edit has been seen."""
    known = await posts.known(tx, uri)
    if known is None or known.author_id != author:
        return None
    post = await posts.reword(tx, min(edited_at, now), known.id, said)
    if post is not None:
        await notifications.tell_mentioned(tx, now, post.id, author)
    return post


async def receive_retraction(tx: Tx, now: datetime, author: ActorId, uri: str) -> None:
    """Somebody elsewhere takes it back: erased if it was here, refused if it still comes.  Another's post is not theirs to take."""
    known = await posts.known(tx, uri)
    if known is None:
        await posts.bury(tx, now, uri, author)
    elif known.author_id == author:
        await posts.erase(tx, now, known.id)
