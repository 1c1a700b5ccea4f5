"""Somebody here has said something."""

from fediverse_circle.vocab import Activity, Note, create


def create_uri(post_uri: str) -> str:
    """The id of the Create of a post."""
    return f"{post_uri}/activity"


def build_create(note: Note) -> Activity:
    """The note is said; whole, for GoToSocial skips a Create whose object is only an id."""
    return create(create_uri(note.id), note)
