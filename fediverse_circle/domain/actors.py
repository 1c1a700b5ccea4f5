"""Actors (anyone, anywhere), accounts (actors who live here), and what they are to each other."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from fediverse_circle.core.ids import ActorId
from fediverse_circle.domain.audience import Visibility

Kind = Literal["Person", "Group", "Service", "Application", "Organization"]
Role = Literal["member", "moderator", "admin"]
FollowState = Literal["requested", "accepted"]


@dataclass(frozen=True, slots=True)
class Field:
    """A line of a profile; `value` is HTML."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Anyone, here or elsewhere.  `note` and the values of `fields` are HTML, ours or sanitised; `host` is that of the handle."""

    id: ActorId
    uri: str
    kind: Kind
    username: str
    host: str
    name: str
    note: str
    url: str | None
    avatar: str | None
    header: str | None
    fields: tuple[Field, ...]
    inbox: str
    shared_inbox: str | None
    followers: str | None
    local: bool
    locked: bool
    discoverable: bool
    published_at: datetime
    fetched_at: datetime | None
    suspended_at: datetime | None
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Account:
    """What an actor who lives here has beside: their own settings."""

    actor_id: ActorId
    past_open: bool
    hold: timedelta
    ceiling: Visibility
    language: str | None


@dataclass(frozen=True, slots=True)
class Follow:
    """That somebody follows somebody, or asks to.  `reads_from`: since when they may read what is for followers."""

    id: int
    follower_id: ActorId
    target_id: ActorId
    state: FollowState
    uri: str
    reads_from: datetime | None
