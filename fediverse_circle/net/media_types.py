"""What kind of document came, by its Content-Type: to the letter, because anyone may upload `note.json` to somebody's server."""

from email.message import Message

ACTIVITYSTREAMS = "https://www.w3.org/ns/activitystreams"
ACCEPT_ACTIVITY = f'application/activity+json, application/ld+json; profile="{ACTIVITYSTREAMS}"'
ACCEPT_JRD = "application/jrd+json, application/json"


def is_activity(content_type: str) -> bool:
    """Whether it is ActivityPub: `application/activity+json`, or `application/ld+json` with its profile.  JSON alone is not."""
    essence, profile = _read(content_type)
    return essence == "application/activity+json" or (essence == "application/ld+json" and ACTIVITYSTREAMS in profile.split())


def is_jrd(content_type: str) -> bool:
    """Whether it may answer WebFinger: JRD, or the plain JSON that many call it.  (The path is fixed, so no upload can pose as one.)"""
    essence, _ = _read(content_type)
    return essence in ("application/jrd+json", "application/json")


def _read(content_type: str) -> tuple[str, str]:
    message = Message()
    message["Content-Type"] = content_type
    profile = message.get_param("profile", failobj="")
    return message.get_content_type(), profile if isinstance(profile, str) else ""
