"""Loads a kernel's saved state into a fresh kernel."""

from __future__ import annotations

from typing import Any

from jupyter_extension.kernel_client.agent import Connection, KernelAgent
from jupyter_extension.kernel_client.entry import KernelEntry
from jupyter_extension.kernel_client.errors import KernelError, LoadFailed
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
        answer, _ = await conn.receive()
    if answer.get("event") != "received":
        raise LoadFailed(f"the kernel did not take the snapshot: {answer.get('reason')}")
    try:
        await agent.evaluate(_APPLY, timeout=timeout)
    except KernelError as error:
        if type(error) is not KernelError:
            raise
        raise LoadFailed(f"the snapshot could not be loaded: {error}") from error
    answer, _ = await agent.ask({"op": "report"})
    return dict(answer["report"])


async def _send_parts(conn: Connection, reader: SnapshotReader, entry: KernelEntry) -> None:
    parts = [(name, reader.manifest.blobs[name].length) for name in entry.parts]
    cut = len(entry.prefix)
    conn.send({"op": "load", "parts": [[name[cut:], length] for name, length in parts]})
    for name, length in parts:
        if length:
            async for chunk in reader.stream(name):
                await conn.send_all(chunk)
