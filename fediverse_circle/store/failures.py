"""The database's failures in our own words.

PostgreSQL and its driver quote values in the text of their errors, private words among them.  So no such error leaves this room:
`in_our_words` turns each into one of ours, which names the class and the SQLSTATE and nothing that anybody wrote.
"""

from types import TracebackType

import asyncpg

from fediverse_circle.core.errors import Unreachable

DRIVER_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)  # TimeoutError is an OSError

# By SQLSTATE: connection, authorization, name of the database; serialization, deadlock; resources; locks; operator and timeouts; input and
# output; a primary that became a replica; timeouts of sessions.
_TRY_AGAIN = ("08", "28", "3D", "40001", "40P01", "53", "55P03", "57", "58", "25006", "25P03", "25P04")
_CLOSED = ("closed", "closing")


class DatabaseUnreachable(Unreachable):
    """The database is gone, full, busy or starting: the same again may succeed later.  `cause`, fit for a log: a class and an SQLSTATE."""

    sentence = "The database cannot be reached just now."

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__()


class Violated(Exception):
    """A rule that the tables keep was about to be broken; `constraint` is its name."""

    def __init__(self, constraint: str, cause: str) -> None:
        self.constraint = constraint
        super().__init__(f"{constraint} ({cause})")


class QueryFailed(Exception):
    """A statement the database cannot do: a fault of this program.  Names the class and the SQLSTATE; never values."""


class _InOurWords:
    """Turns what the driver raises into one of ours."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if isinstance(error, DRIVER_ERRORS):
            raise _ours(error) from None


in_our_words = _InOurWords()


def _ours(error: BaseException) -> DatabaseUnreachable | Violated | QueryFailed:
    name = type(error).__name__
    match error:
        case asyncpg.InvalidCachedStatementError():
            return DatabaseUnreachable(f"{name} {error.sqlstate}")
        case asyncpg.PostgresError(sqlstate=str(sqlstate)) if sqlstate.startswith(_TRY_AGAIN):
            return DatabaseUnreachable(f"{name} {sqlstate}")
        case asyncpg.IntegrityConstraintViolationError():
            return Violated(error.constraint_name or error.column_name or "constraint", f"{name} {error.sqlstate}")
        case asyncpg.PostgresError(sqlstate=str(sqlstate)) if sqlstate.startswith("42"):
            return QueryFailed(f"{name} {sqlstate}: {error.args[0]}")  # names what our own statement says, no values
        case asyncpg.PostgresError():
            return QueryFailed(f"{name} {error.sqlstate}")
        case asyncpg.InterfaceError() if not any(word in str(error) for word in _CLOSED):
            return QueryFailed(f"{name}: {error}")  # the driver was used wrongly; it then quotes its own methods alone
        case _:
            return DatabaseUnreachable(name)
