"""Somebody here does not let somebody elsewhere follow, or no longer: Mastodon ends the follow, GoToSocial ignores a Reject after an Accept."""

from fediverse_circle.domain.actors import Actor
from fediverse_circle.vocab import Activity, EmbeddedActivity, reject


def build_reject(uri: str, actor: Actor, request: EmbeddedActivity) -> Activity:
    """No, with the request whole."""
    return reject(uri, actor.uri, request)
