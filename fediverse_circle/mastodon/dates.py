"""Dates as clients read them: three digits of milliseconds and a Z; anything else is the present moment to some of them."""

from datetime import datetime


def date(moment: datetime) -> str:
    """A moment, by Greenwich."""
    return moment.isoformat(timespec="milliseconds")[:23] + "Z"


def day(moment: datetime) -> str:
    """The day of a moment, as a moment: midnight.  When somebody came is nobody's business to the minute."""
    return moment.isoformat(timespec="seconds")[:10] + "T00:00:00.000Z"
