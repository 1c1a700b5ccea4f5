"""Somebody here takes back what they have said."""

from fediverse_circle.domain.actors import Actor
from fediverse_circle.federation.builders.addressees import Addressees
from fediverse_circle.vocab import Activity, Tombstone, delete


def delete_uri(post_uri: str) -> str:
    """The id of the Delete of a post."""
    return f"{post_uri}#delete"


def build_delete(post_uri: str, author: Actor, told: Addressees) -> Activity:
    """Nothing is left of the post.  Addressed as the post was: a Delete to the public would tell that there was something."""
    return delete(delete_uri(post_uri), author.uri, Tombstone(post_uri), told.to, told.cc)
