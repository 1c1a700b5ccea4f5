"""Logs that carry facts and no words.

A line names what happened, where in the program, how long it took and which class of thing failed; never a body, a token, an address of a
person, an audience, or a path with an id in it.  Text of exceptions is left out too: it can quote anything.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog


def _quietly(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception becomes its classes and the lines of code it passed; what it says stays unsaid."""
    error = event.pop("exc_info", None)
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["at"] = [
            f"{frame.filename.rpartition('fediverse_circle/')[2]}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)
        ][-6:]
    return event


class _Foreign(logging.Handler):
    """What libraries log: the name and the level, their words only if they are known to quote nobody."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().warning(
            "library", library=record.name, level=record.levelname.lower(), exc_info=(record.exc_info or (None, None))[1]
        )


def configure(level: Literal["debug", "info", "warning", "error"], form: Literal["text", "json"]) -> None:
    """Log to stderr, for people or for programs."""
    shown: structlog.types.Processor = (
        structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True), _quietly, shown],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(handlers=[_Foreign()], level=logging.WARNING, force=True)
