"""Statuses: posts, as a viewer may see them.  Four questions a page, whatever its length; counts are of what the viewer may read."""

import re
from collections.abc import Mapping, Sequence
from html import unescape

import msgspec

from fediverse_circle.core.errors import NotFound
from fediverse_circle.core.ids import ActorId, born
from fediverse_circle.domain import uris
from fediverse_circle.domain.actors import Actor
from fediverse_circle.domain.audience import Visibility, projected
from fediverse_circle.domain.post import Post
from fediverse_circle.mastodon.dates import date
from fediverse_circle.mastodon.entities.people import Account, account, acct
from fediverse_circle.store import actors, surroundings
from fediverse_circle.store.db import Reader
from fediverse_circle.store.surroundings import Surroundings
from fediverse_circle.text.mentions import Hashtag

_HASHTAG = re.compile(r'<a [^>]*class="[^"]*\bhashtag\b[^>]*>[#＃](?:<span>)?([^<]+)')


class Mention(msgspec.Struct, frozen=True):
    """Somebody named."""

    id: str
    username: str
    acct: str
    url: str


class Tag(msgspec.Struct, frozen=True):
    """A hashtag in a text."""

    name: str
    url: str


class QuoteApproval(msgspec.Struct, frozen=True):
    """Who may quote: nobody."""

    automatic: tuple[()] = ()
    manual: tuple[()] = ()
    current_user: str = "denied"


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """A post.  What cannot be done with posts yet (likes, boosts, media, polls, quotes) is as if nobody had done it."""

    id: str
    uri: str
    url: str
    created_at: str
    edited_at: str | None
    account: Account
    in_reply_to_id: str | None
    in_reply_to_account_id: str | None
    visibility: Visibility
    sensitive: bool
    spoiler_text: str
    language: str | None
    content: str
    mentions: Sequence[Mention]
    tags: Sequence[Tag]
    replies_count: int
    reblogs_count: int = 0
    favourites_count: int = 0
    quotes_count: int = 0
    favourited: bool = False
    reblogged: bool = False
    bookmarked: bool = False
    muted: bool = False
    pinned: bool = False
    emojis: tuple[()] = ()
    media_attachments: tuple[()] = ()
    filtered: tuple[()] = ()
    reblog: None = None
    quote: None = None
    poll: None = None
    card: None = None
    application: None = None
    quote_approval: QuoteApproval = QuoteApproval()


class TextStatus(Status, frozen=True, kw_only=True):
    """A post that was taken back, with its text as typed, to be written again."""

    text: str


class StatusSource(msgspec.Struct, frozen=True):
    """A post as typed."""

    id: str
    text: str
    spoiler_text: str


class StatusEdit(msgspec.Struct, frozen=True, kw_only=True):
    """A post as it reads now: what was said before is not kept."""

    content: str
    spoiler_text: str
    sensitive: bool
    created_at: str
    account: Account
    media_attachments: tuple[()] = ()
    emojis: tuple[()] = ()
    poll: None = None
    quote: None = None


class Context(msgspec.Struct, frozen=True):
    """What stands around a post."""

    ancestors: Sequence[Status]
    descendants: Sequence[Status]


async def statuses(db: Reader, origin: str, viewer: ActorId | None, posts: Sequence[Post]) -> list[Status]:
    """Posts that the viewer may read, in their order.  Two questions."""
    if not posts:
        return []
    around = await surroundings.of(db, viewer, posts)
    authors = {post.author_id for post in posts}
    found = await actors.shown(db, viewer, authors.union(*(near.mentioned for near in around.values())))
    accounts = {id: account(origin, found[id]) for id in authors if id in found}
    named = {id: _mention(shown.actor) for id, shown in found.items()}
    return [
        _status(origin, post, found[post.author_id].actor, accounts[post.author_id], around[post.id], named)
        for post in posts
        if post.author_id in accounts
    ]


async def status(db: Reader, origin: str, viewer: ActorId | None, post: Post) -> Status:
    """One post that the viewer may read."""
    found = await statuses(db, origin, viewer, [post])
    if not found:
        raise NotFound  # its author has gone
    return found[0]


def _status(origin: str, post: Post, author: Actor, account: Account, around: Surroundings, named: Mapping[ActorId, Mention]) -> Status:
    answered = around.answered
    return Status(
        id=str(post.id),
        uri=post.uri,
        url=page(origin, author, post),
        created_at=date(post.said_at or born(post.id)),
        edited_at=date(post.edited_at) if post.edited_at else None,
        account=account,
        in_reply_to_id=None if answered is None else str(post.in_reply_to),
        in_reply_to_account_id=None if answered is None else str(answered),
        visibility=projected(around.kinds, listed=post.listed),
        sensitive=post.sensitive,
        spoiler_text=post.summary,
        language=post.language,
        content=post.content,
        mentions=[named[id] for id in around.mentioned if id in named],
        tags=_tags(origin, post.content),
        replies_count=around.answers,
    )


def _tags(origin: str, content: str) -> list[Tag]:
    """The hashtags of a text, each leading to our own page, whoever wrote it."""
    if "hashtag" not in content:
        return []
    names = dict.fromkeys(Hashtag(0, 0, unescape(shown)).name for shown in _HASHTAG.findall(content))
    return [Tag(name, uris.tag_page(origin, name)) for name in names]


def page(origin: str, author: Actor, post: Post) -> str:
    """Where a browser shows the post: the id comes last, since some clients read it there."""
    return uris.post_page(origin, author.username, post.id) if author.local else post.url or post.uri


def _mention(actor: Actor) -> Mention:
    return Mention(str(actor.id), actor.username, acct(actor), actor.url or actor.uri)
