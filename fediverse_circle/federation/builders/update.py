"""Somebody here says it again, in other words, to the same readers or fewer."""

from fediverse_circle.vocab import Activity, Note, update


def build_update(note: Note) -> Activity:
    """The note as it is now.  Its id bears the time of the edit: told twice, it is told once."""
    if note.updated is None:
        raise ValueError("what was never edited has no Update")
    return update(f"{note.id}#updates/{note.updated.timestamp():.6f}", note, note.to, note.cc)
