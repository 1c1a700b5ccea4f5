"""How much an app may do: Mastodon's closed list of scopes.  A wide one contains narrower ones; circles go by those of lists."""

from collections.abc import Iterable
from typing import Final

_BOTH: Final = ("accounts", "blocks", "bookmarks", "collections", "favourites", "filters", "follows", "lists", "mutes", "notifications")
_READ: Final = (*_BOTH, "search", "statuses")
_WRITE: Final = (*_BOTH, "conversations", "media", "reports", "statuses")
_ADMIN: Final = ("accounts", "canonical_email_blocks", "domain_allows", "domain_blocks", "email_domain_blocks", "ip_blocks", "reports")

DEFAULT: Final = ("read",)
SCOPES: Final = (
    *("profile", "read", "write", "push", "follow", "admin:read", "admin:write"),
    *(f"read:{thing}" for thing in _READ),
    *(f"write:{thing}" for thing in _WRITE),
    *(f"admin:read:{thing}" for thing in _ADMIN),
    *(f"admin:write:{thing}" for thing in _ADMIN),
)
_CONTAINED: Final = {  # beside those that the names tell
    "follow": {f"{deed}:{thing}" for deed in ("read", "write") for thing in ("blocks", "follows", "mutes")},
    "read": {"profile"},
    "read:accounts": {"profile"},
}


def permits(granted: Iterable[str], needed: str) -> bool:
    """Whether what was granted contains what is needed."""
    if needed not in SCOPES:
        raise ValueError(f"there is no scope {needed}")
    return any(needed == wide or needed.startswith(f"{wide}:") or needed in _CONTAINED.get(wide, ()) for wide in granted)


def parsed(text: str) -> tuple[str, ...] | None:
    """The scopes that a parameter lists, each once; None if one of them does not exist.  Nothing listed means the least."""
    asked = tuple(dict.fromkeys(text.split())) or DEFAULT
    return asked if set(asked) <= set(SCOPES) else None
