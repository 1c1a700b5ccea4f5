"""What a stranger's note means here: what it answers, whom it names, to whom it speaks."""

from collections.abc import Collection

from fediverse_circle.core.errors import NotFound
from fediverse_circle.core.ids import ActorId
from fediverse_circle.domain.post import Post
from fediverse_circle.store import posts
from fediverse_circle.store.actors import Named
from fediverse_circle.store.db import Reader
from fediverse_circle.vocab import Activity, Mention, Note


def is_a_post(note: Note) -> bool:
    """Whether it is words for people; a vote has a name, no words, and answers a poll."""
    return note.type == "Note" and not (note.name is not None and note.content == "" and note.in_reply_to is not None)


def addressed(note: Note, activity: Activity | None) -> tuple[Collection[str], Collection[str]]:
    """To whom a note is addressed: by its own word, else by that of the activity it came in."""
    return (note.to, note.cc) if note.to or note.cc or activity is None else (activity.to, activity.cc)


def tagged(note: Note) -> set[str]:
    """The ids of those whom the words name."""
    return {tag.href for tag in note.tags if isinstance(tag, Mention)}


def mentioned(note: Note, named: Named) -> set[ActorId]:
    """Whom the words name, as far as we know them."""
    return {named.known.actors[uri] for uri in tagged(note) & named.known.actors.keys()}


async def known_parent(db: Reader, author: ActorId, note: Note) -> Post | None:
    """What the note answers, if it is here and its author may read it: nobody answers what is not for them."""
    if note.in_reply_to is None:
        return None
    try:
        return await posts.visible_by_uri(db, author, note.in_reply_to)
    except NotFound:
        return None
