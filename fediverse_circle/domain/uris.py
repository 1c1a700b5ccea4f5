"""Where our things are found: every path of ours that other servers see, in one place.

Ids of private things bear 128 bits of chance (`core.ids.new_name`); those of actors are names that people give each other.
"""

from urllib.parse import quote

from fediverse_circle.core.ids import PostId, new_name


def actor(origin: str, username: str) -> str:
    """The id of an actor who lives here."""
    return f"{origin}/users/{username}"


def instance_actor(origin: str) -> str:
    """The id of the server's own actor."""
    return f"{origin}/actor"


def inbox(actor_uri: str) -> str:
    """The personal inbox of one of our actors."""
    return f"{actor_uri}/inbox"


def outbox(actor_uri: str) -> str:
    """Where one of our actors shows what everybody may read."""
    return f"{actor_uri}/outbox"


def followers(actor_uri: str) -> str:
    """The followers collection of one of our actors: a name to address, its people are nobody's to see."""
    return f"{actor_uri}/followers"


def following(actor_uri: str) -> str:
    """The collection of whom one of our actors follows."""
    return f"{actor_uri}/following"


def shared_inbox(origin: str) -> str:
    """The inbox for all who live here."""
    return f"{origin}/inbox"


def rsa_key(actor_uri: str) -> str:
    """The id of an actor's RSA key: a fragment of the actor's id saves others a fetch."""
    return f"{actor_uri}#main-key"


def ed25519_key(actor_uri: str) -> str:
    """The id of an actor's Ed25519 key."""
    return f"{actor_uri}#ed25519-key"


def new_post(origin: str) -> str:
    """The id of a new post."""
    return f"{origin}/posts/{new_name()}"


def new_activity(origin: str) -> str:
    """The id of a new activity that is not derived from a post."""
    return f"{origin}/activities/{new_name()}"


def profile_page(origin: str, username: str) -> str:
    """Where people look at an actor who lives here."""
    return f"{origin}/@{username}"


def post_page(origin: str, username: str, post: PostId) -> str:
    """Where people look at a post of an actor who lives here, if everybody may."""
    return f"{profile_page(origin, username)}/{post}"


def tag_page(origin: str, tag: str) -> str:
    """Where people look at what bears a tag, as far as they may."""
    return f"{origin}/tags/{quote(tag, safe='')}"
