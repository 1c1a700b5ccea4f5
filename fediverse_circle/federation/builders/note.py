"""What somebody here has said, as one server is told it.

Whatever is private says that nobody but its author may boost or quote it.  It says nothing of answers and likes: to GoToSocial, leaving them out
means "whoever can see it", and a list of names there would tell each server who the others are.
"""

from fediverse_circle.core.urls import parse_url
from fediverse_circle.domain import uris
from fediverse_circle.domain.actors import Actor
from fediverse_circle.domain.post import Post
from fediverse_circle.federation.builders.addressees import Addressees
from fediverse_circle.vocab import Approval, Mention, Note, Policy


def build_note(post: Post, author: Actor, told: Addressees) -> Note:
    """The post as these addressees read it."""
    return Note(
        id=post.uri,
        type=post.kind,
        attributed_to=author.uri,
        content=post.content,
        to=told.to,
        cc=told.cc,
        published=post.said_at,
        updated=post.edited_at,
        in_reply_to=post.in_reply_to_uri,
        summary=post.summary or None,
        sensitive=post.sensitive,
        language=post.language,
        url=uris.post_page(str(parse_url(author.uri).origin), author.username, post.id),
        tags=tuple(Mention(actor.uri, f"@{actor.username}@{actor.host}") for actor in told.named),
        policy=None if told.public else Policy(announce=Approval((author.uri,)), quote=Approval((author.uri,))),
    )
