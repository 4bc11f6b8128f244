"""Loads a kernel's saved state into a fresh kernel."""

from __future__ import annotations

import contextlib
from typing import Any

from jupyter_extension.kernel.window import LEAST
from jupyter_extension.kernel_client.agent import Connection, KernelAgent
from jupyter_extension.kernel_client.entry import KernelEntry, changed
from jupyter_extension.kernel_client.errors import KernelError, LoadFailed
from jupyter_extension.kernel_client.window import AVAILABLE, Window
from migrator.snapshot import SnapshotReader

_APPLY = "__import__('session_migrator_kernel.inject', fromlist=['apply']).apply()"


async def load_kernel(
    agent: KernelAgent, reader: SnapshotReader, entry: KernelEntry, *, timeout: float = 600
) -> dict[str, Any]:
    """Load into the kernel of `agent`: `{"saved": [...], "lost": [...], "changed": [...], ...}`.

    Raises KernelDied, KernelBusy (it did not get to the request within `timeout` s), LoadFailed, or what the reader
    raises; after each of them the kernel may hold a part of the state only: begin again with a fresh one.
    """
    async with agent.connection() as conn:
        await _send_parts(conn, reader, entry)
        await _expect(conn, "received")
    try:
        await agent.evaluate(_APPLY, timeout=timeout)
    except KernelError as error:
        if type(error) is not KernelError:
            raise
        raise LoadFailed(f"the snapshot could not be loaded: {error}") from error
    answer, _ = await agent.ask({"op": "report"})
    return {**answer["report"], "changed": changed(entry.report, answer["report"])}


async def _send_parts(conn: Connection, reader: SnapshotReader, entry: KernelEntry) -> None:
    lengths = {name: reader.manifest.blobs[name].length for name in entry.parts}
    cut = len(entry.prefix)
    request = {"op": "load", "parts": [[name[cut:], length] for name, length in lengths.items()]}
    if not AVAILABLE or max(lengths.values(), default=0) < LEAST:
        await _begin(conn, request, [])
        await _stream(conn, reader, [name for name in lengths if lengths[name]])
        return
    with contextlib.closing(Window()) as window:
        await _begin(conn, request, [window.descriptor])
        await _stream(conn, reader, [name for name in lengths if 0 < lengths[name] < LEAST])
        await window.send(conn, reader, [name for name in lengths if lengths[name] >= LEAST])


async def _begin(conn: Connection, request: dict[str, Any], descriptors: list[int]) -> None:
    conn.send(request, fds=descriptors)
    await _expect(conn, "ready")


async def _expect(conn: Connection, event: str) -> None:
    answer, _ = await conn.receive()
    if answer.get("event") != event:
        raise LoadFailed(f"the kernel did not take the snapshot: {answer.get('reason')}")


async def _stream(conn: Connection, reader: SnapshotReader, names: list[str]) -> None:
    for name in names:
        async for chunk in reader.stream(name):
            await conn.send_all(chunk)
