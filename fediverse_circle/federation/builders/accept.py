"""Somebody here lets somebody elsewhere follow."""

from fediverse_circle.domain.actors import Actor
from fediverse_circle.vocab import Activity, EmbeddedActivity, accept


def build_accept(uri: str, actor: Actor, request: EmbeddedActivity) -> Activity:
    """Yes, with the request whole."""
    return accept(uri, actor.uri, request)
