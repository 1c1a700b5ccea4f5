"""Somebody here asks to follow somebody elsewhere; and the request as it stands, whole, in whatever answers or undoes it.

GoToSocial ignores an Undo of a bare id, so it is never one.
"""

from fediverse_circle.domain.actors import Actor
from fediverse_circle.vocab import Activity, EmbeddedActivity, follow


def build_follow(uri: str, follower: Actor, target: Actor) -> Activity:
    """The request."""
    return follow(uri, follower.uri, target.uri)


def embedded_follow(uri: str, follower: Actor, target: Actor) -> EmbeddedActivity:
    """The request within another activity."""
    return EmbeddedActivity("Follow", uri, follower.uri, target.uri)
