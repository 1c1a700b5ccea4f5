"""Whose word counts for what (FEP-fe34): a thing belongs to the origin in its id, and to the one author it names there.

Origins are scheme, host and port.  Ids are compared letter by letter.
"""

from fediverse_circle.core.urls import same_origin
from fediverse_circle.vocab import Note


def may_say(actor: str, thing: str) -> bool:
    """Whether an actor may say something under this id, or about it with authority: both live at one origin."""
    return same_origin(actor, thing)


def is_authored(note: Note, actor: str) -> bool:
    """Whether a note is the actor's own: it names them alone as its author, and lives where they live."""
    return note.attributed_to == actor and may_say(actor, note.id)


def is_document(thing: str) -> bool:
    """Whether an id can be asked for: what has a fragment is a part of something else."""
    return "#" not in thing
