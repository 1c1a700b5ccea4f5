"""What can go wrong, in our own words.

    Trouble
    ├── NotFound            it is not there, or it is not for the asker: one answer for both
    ├── Invalid             the asker asked for something that cannot be; names the field
    ├── Unauthenticated     nobody is asking, or the proof of who asks does not hold
    ├── Forbidden           we know who asks, and they may not (never used where existence is a secret: that is NotFound)
    ├── Conflict            somebody was here first
    ├── TooLarge            more bytes than we read
    ├── TooMany             too often; `until` says when to come again
    └── Unreachable         a stranger, or our own database, could not be reached just now: try again

Lower rooms raise these; only the surfaces (mastodon, federation, web, cli) and the job worker translate them.  The text of an error is for the
person or program that asked: a whole sentence, without private words.
"""

from datetime import datetime


class Trouble(Exception):
    """A refusal or failure that a surface knows how to say."""

    sentence = "Something went wrong."

    def __init__(self, sentence: str | None = None) -> None:
        self.sentence = sentence or type(self).sentence
        super().__init__(self.sentence)


class NotFound(Trouble):
    """Not there, or not for you."""

    sentence = "Record not found"


class Invalid(Trouble):
    """A field does not hold what it may hold.  `field` is named as the asker named it, `code` as Mastodon's `ERR_...`."""

    def __init__(self, field: str, sentence: str, code: str = "ERR_INVALID") -> None:
        self.field, self.code = field, code
        super().__init__(sentence)


class Unauthenticated(Trouble):
    """No proof of who asks, or a proof that does not hold."""

    sentence = "The access token is invalid"


class Forbidden(Trouble):
    """Known, and not allowed."""

    sentence = "This action is not allowed"


class Conflict(Trouble):
    """It exists already, or it changed meanwhile."""


class TooLarge(Trouble):
    """More than we read."""

    sentence = "That is more than this server reads at once."


class TooMany(Trouble):
    """Too often.  `until` is when the next try is welcome."""

    sentence = "Too many requests"

    def __init__(self, until: datetime, sentence: str | None = None) -> None:
        self.until = until
        super().__init__(sentence)


class Unreachable(Trouble):
    """Somebody we needed did not answer in time."""

    sentence = "Another server could not be reached just now."
