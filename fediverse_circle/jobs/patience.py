"""How long to wait before the same is tried again."""

from datetime import timedelta

LONGEST = timedelta(hours=6)


def delay(failures: int, chance: float) -> timedelta:
    """The rest after so many failures in a row: 5 s, 20 s, 85 s, 4 min, 10 min, 22 min … 6 h, and up to a quarter more by chance (0 to 1).

    Chance keeps those who failed together from coming back together.
    """
    seconds = min(4 + max(failures, 1) ** 4, LONGEST.total_seconds())
    return timedelta(seconds=seconds * (1 + chance / 4))
