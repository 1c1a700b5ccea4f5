"""What the answer of an inbox means for what was brought there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import final

LONGEST_REST = timedelta(days=1)  # whoever asks for more is asked again then
_EPOCH_SECONDS = 1_000_000_000  # a larger number in X-RateLimit-Reset is a time, a smaller one a span


@final
@dataclass(frozen=True, slots=True)
class Taken:
    """It is there."""


@final
@dataclass(frozen=True, slots=True)
class Refused:
    """They will never take it."""


@final
@dataclass(frozen=True, slots=True)
class Gone:
    """There is nobody behind this inbox any more."""


@final
@dataclass(frozen=True, slots=True)
class Failed:
    """The host is there, and fails over this one: perhaps not always."""


@final
@dataclass(frozen=True, slots=True)
class Resting:
    """The host takes nothing just now; `until` if it says when it will."""

    until: datetime | None


Outcome = Taken | Refused | Gone | Failed | Resting


def outcome(status: int, headers: Mapping[str, str], now: datetime) -> Outcome:
    """What this status means, as Mastodon reads it: of the 4xx only 401, 408 and 429 may change their mind."""
    match status:
        case _ if 200 <= status < 300:
            return Taken()
        case 410:
            return Gone()
        case 408 | 429 | 502 | 503 | 504:
            return Resting(welcome_again(headers, now))
        case 401:
            return Failed()
        case 501:
            return Refused()
        case _ if 400 <= status < 500:
            return Refused()
        case _:
            return Failed()


def wants_another_signature(status: int) -> bool:
    """Whether a second knock, signed otherwise, may be let in."""
    return status in (400, 401)


def welcome_again(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """When the next try is welcome: `Retry-After`, else `X-RateLimit-Reset` (GoToSocial sends that alone)."""
    until = _retry_after(headers.get("Retry-After", ""), now) or _reset(headers.get("X-RateLimit-Reset", ""), now)
    return min(until, now + LONGEST_REST) if until is not None and until > now else None


def _retry_after(text: str, now: datetime) -> datetime | None:
    if (seconds := _number(text)) is not None:
        return now + timedelta(seconds=seconds)
    try:
        return _aware(parsedate_to_datetime(text))
    except (ValueError, OverflowError):
        return None


def _reset(text: str, now: datetime) -> datetime | None:
    if (seconds := _number(text)) is not None:
        return datetime.fromtimestamp(seconds, UTC) if seconds > _EPOCH_SECONDS else now + timedelta(seconds=seconds)
    try:
        return _aware(datetime.fromisoformat(text))
    except ValueError:
        return None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None


def _aware(time: datetime) -> datetime:
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)
