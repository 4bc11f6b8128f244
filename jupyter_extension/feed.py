"""What the pages are told as it happens: a websocket, since a proxy closes those at once when this server dies."""

from __future__ import annotations

import json
import logging
import time
from typing import Any, Protocol


class Listener(Protocol):
    """A page's end of the feed."""

    def send(self, text: str) -> None:
        """Write one message."""

    def close(self) -> None:
        """End the connection."""


class Feed:
    """All listening pages."""

    def __init__(self, log: logging.Logger | None = None) -> None:
        self._listeners: set[Listener] = set()
        self._log = log or logging.getLogger(__name__)

    def __len__(self) -> int:
        return len(self._listeners)

    def add(self, listener: Listener, hello: dict[str, Any]) -> None:
        """A page begins to listen; it hears `hello` first."""
        self._listeners.add(listener)
        self._send(listener, message("hello", hello))

    def remove(self, listener: Listener) -> None:
        """A page is gone."""
        self._listeners.discard(listener)

    def close(self) -> None:
        """Every page has to come anew, and show again who it is."""
        for listener in list(self._listeners):
            listener.close()

    def tell(self, kind: str, fields: dict[str, Any]) -> None:
        """Tell every page. A page that can't be told is dropped."""
        text = message(kind, fields)
        for listener in list(self._listeners):
            self._send(listener, text)

    def _send(self, listener: Listener, text: str) -> None:
        try:
            listener.send(text)
        except Exception as e:  # noqa: BLE001 - one page's closed socket must not silence the others'
            self._log.info("a page left the feed: %r", e)
            self._listeners.discard(listener)


def message(kind: str, fields: dict[str, Any]) -> str:
    """One feed message; `now` lets the page reckon deadlines by this server's clock."""
    return json.dumps({"type": kind, "now": time.time(), **fields}, default=str)
