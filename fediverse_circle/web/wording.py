"""What scopes mean, for people."""

from collections.abc import Iterable, Mapping
from typing import Final

_WHOLE: Final[Mapping[str, str]] = {
    "profile": "See the name and the picture of this persona",
    "read": "Read whatever this persona can read: posts, notifications, lists, settings",
    "write": "Write for this persona: post, edit, take back, change its profile and lists",
    "follow": "Follow, block and mute for this persona, and see whom it follows",
    "push": "Send notifications of this persona to a device",
    "admin:read": "See what administrators see, as far as you may",
    "admin:write": "Do what administrators do, as far as you may",
}
_DEEDS: Final[Mapping[str, str]] = {
    "read": "Read",
    "write": "Change",
    "admin:read": "See, as administrators do,",
    "admin:write": "Change, as administrators do,",
}
_THINGS: Final[Mapping[str, str]] = {
    "accounts": "accounts and the profile",
    "favourites": "likes",
    "statuses": "posts",
    "search": "results of searches",
    "media": "pictures and other media",
}


def explained(scopes: Iterable[str]) -> list[str]:
    """A line for each thing that an app wants to do."""
    return [_WHOLE.get(scope) or _part(scope) for scope in scopes]


def _part(scope: str) -> str:
    deed, _, thing = scope.rpartition(":")
    return f"{_DEEDS[deed]} {_THINGS.get(thing, thing.replace('_', ' '))}"
