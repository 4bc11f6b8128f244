"""Logs as one JSON object a line, each with the session it is about, so that one session's story can be filtered out."""

from __future__ import annotations

import contextlib
import contextvars
import json
import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

_session: contextvars.ContextVar[str | None] = contextvars.ContextVar("session", default=None)


@contextlib.contextmanager
def about(session: str | None) -> Iterator[None]:
    """Every line logged inside (by this task) names this session."""
    token = _session.set(session)
    try:
        yield
    finally:
        _session.reset(token)


def set_session(session: str | None) -> None:
    """Like `about`, to the end of the current task."""
    _session.set(session)


class JsonFormatter(logging.Formatter):
    """`{"at", "level", "logger", "service", "session", "message", "error"}`; empty fields are left out."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": self._service,
            "logger": record.name,
            "session": _session.get(),
            "message": record.getMessage(),
            "error": self.formatException(record.exc_info) if record.exc_info else None,
        }
        return json.dumps({key: value for key, value in line.items() if value is not None}, ensure_ascii=False)


def configure(service: str, level: str) -> None:
    """Send all logs of this process to stderr as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(service))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.getLogger("tornado.access").setLevel(logging.WARNING)
