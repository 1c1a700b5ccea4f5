"""What was committed and is still to be told: to other servers, later to open streams.

An event carries ids, never words.  It is written in the transaction of the deed (`store.events.emit`) and told afterwards, those of one actor
in their order.
"""

from dataclasses import dataclass

from fediverse_circle.core.ids import ActorId, PostId


@dataclass(frozen=True, slots=True)
class PostPublished:
    """`by` has said something."""

    by: ActorId
    post: PostId


@dataclass(frozen=True, slots=True)
class PostEdited:
    """`by` has said it again in other words."""

    by: ActorId
    post: PostId


@dataclass(frozen=True, slots=True)
class PostRetracted:
    """`by` has taken a post back: its words are erased, `uri` names what is left."""

    by: ActorId
    post: PostId
    uri: str


@dataclass(frozen=True, slots=True)
class FollowRequested:
    """`by`, who lives here, asks to follow `target`, who lives elsewhere; `uri` names the Follow."""

    by: ActorId
    target: ActorId
    uri: str


@dataclass(frozen=True, slots=True)
class FollowAccepted:
    """`by`, who lives here, lets `follower`, who lives elsewhere, follow; `uri` names the Follow."""

    by: ActorId
    follower: ActorId
    uri: str


@dataclass(frozen=True, slots=True)
class FollowRejected:
    """`by`, who lives here, does not let `follower`, who lives elsewhere, follow, or no longer; `uri` names the Follow."""

    by: ActorId
    follower: ActorId
    uri: str


@dataclass(frozen=True, slots=True)
class FollowUndone:
    """`by`, who lives here, no longer follows or asks to follow `target`, who lives elsewhere; `uri` names the Follow."""

    by: ActorId
    target: ActorId
    uri: str


Event = PostPublished | PostEdited | PostRetracted | FollowRequested | FollowAccepted | FollowRejected | FollowUndone
