"""What clients decode: shapes, and the functions that fill them.

Serialisers take lists and ask a constant number of questions whatever the length; one thing is a list of one.  Clients decode strictly: every field
is always there, and what has nothing to say is null, empty or false.
"""

from fediverse_circle.mastodon.entities.people import account, accounts, credentials
from fediverse_circle.mastodon.entities.posts import Context, StatusEdit, StatusSource, TextStatus, status, statuses
from fediverse_circle.mastodon.entities.relations import relationship, relationships
from fediverse_circle.mastodon.entities.told import notifications

__all__ = [
    "Context",
    "StatusEdit",
    "StatusSource",
    "TextStatus",
    "account",
    "accounts",
    "credentials",
    "notifications",
    "relationship",
    "relationships",
    "status",
    "statuses",
]
