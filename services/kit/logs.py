"""Structured logs that cannot leak: a fixed event name and allow-listed fields, one JSON object a line.

What other libraries log passes through as the place it came from, never as its text: a library's message may hold
a record, a key or a value.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any

import structlog

from services.kit.settings import LogLevel

ALLOWED_FIELDS = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "service",
        # identifiers that are random
        "referral_id",
        "reference",
        "revision",
        "notification_id",
        "event_id",
        "client_id",
        "trace_id",
        # transport
        "topic",
        "partition",
        "offset",
        "attempt",
        "count",
        "status",
        "method",
        "route",
        "milliseconds",
        "port",
        "version",
        # meaning
        "stage",
        "destination",
        "urgency",
        "channel",
        "escalation_level",
        "failure_code",
        "rule_ids",
        "part",
        "dropped_fields",
        # other people's code
        "exc_type",
        "exc_at",
        "library",
        "library_at",
    }
)
"""A field that is not here is dropped and its name counted: adding one is a decision about privacy."""

EventDict = MutableMapping[str, Any]


def configure_logs(service: str, level: LogLevel) -> None:
    """Send this process's logs to standard output as JSON lines."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _Tag(service),
            keep_allowed_fields,
            structlog.processors.JSONRenderer(ensure_ascii=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers = [_ForeignHandler()]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "faststream", "aiokafka", "sqlalchemy", "alembic"):
        library = logging.getLogger(name)
        library.handlers, library.propagate = [], True
        library.setLevel(logging.NOTSET)


def keep_allowed_fields(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Drop every field that is not on the list; say how many were dropped."""
    kept = {name: value for name, value in event.items() if name in ALLOWED_FIELDS}
    if len(kept) < len(event):
        kept["dropped_fields"] = len(event) - len(kept)
    return kept


def exception_fields(error: BaseException) -> dict[str, str]:
    """Type and place of an exception: all that may be logged of it."""
    return {"exc_type": type(error).__name__, "exc_at": _last_frame(error.__traceback__)}


def _last_frame(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)
    if not frames:
        return "unknown"
    ours = [frame for frame in frames if "/services/" in frame.filename or "/contracts/" in frame.filename]
    frame = (ours or list(frames))[-1]
    name = "/".join(frame.filename.split("/")[-3:])
    return f"{name}:{frame.lineno}"


class _Tag:
    """Adds the service's name to every line."""

    def __init__(self, service: str) -> None:
        self._service = service

    def __call__(self, _logger: object, _method: str, event: EventDict) -> EventDict:
        event["service"] = self._service
        return event


class _ForeignHandler(logging.Handler):
    """Turns a library's record into where it came from."""

    def emit(self, record: logging.LogRecord) -> None:
        fields = {"library": record.name, "library_at": f"{record.filename}:{record.lineno}"}
        if record.exc_info and record.exc_info[0] is not None:
            fields["exc_type"] = record.exc_info[0].__name__
        log = structlog.get_logger()
        if record.levelno >= logging.ERROR:
            log.error("library.message", **fields)
        elif record.levelno >= logging.WARNING:
            log.warning("library.message", **fields)
        else:
            log.debug("library.message", **fields)
