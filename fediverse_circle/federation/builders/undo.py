"""Somebody here no longer follows, or no longer asks to."""

from fediverse_circle.domain.actors import Actor
from fediverse_circle.vocab import Activity, EmbeddedActivity, undo


def build_undo(uri: str, actor: Actor, done: EmbeddedActivity, whom: Actor) -> Activity:
    """What was done is undone, with it whole."""
    return undo(uri, actor.uri, done, (whom.uri,))
