"""A fenced server ends by itself if nobody stops it: its hub may have given it up, and would leave it to hold its machine for ever."""

from __future__ import annotations

import asyncio
import logging
import signal


async def end_if_forgotten(after_s: float, log: logging.Logger) -> None:
    """Tell this process to stop (SIGTERM) after `after_s` seconds, unless it is cancelled before."""
    await asyncio.sleep(after_s)
    log.warning("the session has been elsewhere for %.0f s, and nobody has stopped this server: it ends", after_s)
    signal.raise_signal(signal.SIGTERM)
