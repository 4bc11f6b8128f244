"""The demo federation on which moves and resumptions are measured."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import AsyncIterator
from pathlib import Path

from tests.rigs.federation import Federation, start_demo

LIMIT_S = 180.0


@contextlib.asynccontextmanager
async def running_federation(folder: Path) -> AsyncIterator[Federation]:
    """Two members, whose machines are replaced 2 s after they went."""
    federation = start_demo(folder / "demo", "--replacement", "2")
    try:
        yield federation
    finally:
        federation.process.send_signal(signal.SIGINT)
        federation.process.wait(60)
