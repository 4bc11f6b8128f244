"""How the commands tell what they did: one JSON object, or lines for people."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any


def show(result: dict[str, Any], *, as_json: bool, headline: str) -> None:
    """Print the result: JSON, or for people."""
    if as_json:
        sys.stdout.write(json.dumps(result) + "\n")
        return
    lines = [headline]
    lines += [f"  lost: {one['name']}: {one['reason']}" for one in result["lost"]]
    lines += [f"  changed: {one['name']}: {one['reason']}" for one in result["changed"]]
    sys.stdout.write("\n".join(lines) + "\n")


def complain(text: str) -> None:
    """Tell something that the user should know although the command goes on."""
    sys.stderr.write(f"migrator: {text}\n")


def size(count: float) -> str:
    """Bytes for people."""
    for unit in ("bytes", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.2f} GiB"


@contextlib.asynccontextmanager
async def progress(what: str, count: Callable[[], float], *, quiet: bool) -> AsyncIterator[None]:
    """Show on a terminal how many bytes have gone through, while the work lasts."""
    if quiet or not sys.stderr.isatty():
        yield
        return
    task = asyncio.ensure_future(_tell(what, count))
    try:
        yield
    finally:
        task.cancel()
        sys.stderr.write("\r\x1b[K")


async def _tell(what: str, count: Callable[[], float]) -> None:
    while True:
        sys.stderr.write(f"\r\x1b[K{what} {size(count())}")
        sys.stderr.flush()
        await asyncio.sleep(0.2)
