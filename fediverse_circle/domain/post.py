"""Posts, and what is written into one."""

from dataclasses import dataclass
from datetime import datetime

from fediverse_circle.core.ids import ActorId, PostId


@dataclass(frozen=True, slots=True)
class Post:
    """Something said.  `content` is HTML, ours or sanitised; `source` what was typed, if it was typed here; `summary` a warning in plain text.

    A tombstone (`deleted_at`) has no words left.  A held post has no `said_at` and is for its author alone.
    """

    id: PostId
    uri: str
    url: str | None
    author_id: ActorId
    in_reply_to: PostId | None
    in_reply_to_uri: str | None
    kind: str
    content: str
    source: str | None
    summary: str
    sensitive: bool
    language: str | None
    listed: bool
    said_at: datetime | None
    edited_at: datetime | None
    fades_at: datetime | None
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Words:
    """What a post says, ready to be stored: the part that an edit replaces."""

    content: str
    source: str | None
    summary: str
    sensitive: bool
    language: str | None
    mentioned: frozenset[ActorId]


@dataclass(frozen=True, slots=True)
class KnownPost:
    """That a post exists, whose it is, and whether its words are gone: what the server may know without showing it to anybody."""

    id: PostId
    author_id: ActorId
    said_at: datetime | None
    edited_at: datetime | None
    deleted_at: datetime | None
