"""Saves a kernel: asks its agent for a snapshot and feeds what arrives into a snapshot writer.

A child that hangs, crashes or fails is given another try; whatever it was at when it failed twice is left out from then on and
named in the report. The kernel goes on all the time.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter

from jupyter_extension.kernel_client.agent import KernelAgent
from jupyter_extension.kernel_client.attempt import Attempt
from jupyter_extension.kernel_client.blobs import PartBlobs
from jupyter_extension.kernel_client.entry import KernelEntry, changed
from jupyter_extension.kernel_client.errors import KernelDied, SaveFailed
from migrator.snapshot import SnapshotWriter

ATTEMPTS = 8  # a namespace in which more variables than this hang or crash is not saved this time
FAILURES = 3  # of the pickling itself: the fork may have come while another thread was half-way through an import


async def save_kernel(  # noqa: PLR0913 - the contract
    agent: KernelAgent,
    writer: SnapshotWriter,
    prefix: str,
    base: KernelEntry | None = None,
    when: str = "boundary",
    *,
    timeout: float = 600,
    hang_s: float = 20,
    freeze: bool = False,
    niceness: int = 0,
    reached: asyncio.Event | None = None,
    reserve: bool = False,
) -> KernelEntry:
    """Save the kernel's state as blobs named `prefix` + part; returns when it was read whole.

    `when`: "boundary" waits for the end of the running cell, "now" does not. `base`: the kernel's entry in the manifest
    that the writer is based on. `freeze`: the kernel is stopped at the very instant of the fork, and stays so. `hang_s`:
    seconds without progress after which a child is given up. `niceness`: of the child. `reached`: set at the fork and
    cleared for another attempt, so that a caller who loses patience with a long cell can tell it from a save under way.
    `reserve`: from now on the kernel keeps a copy of the last boundary while a cell runs, within a budget; "boundary" then
    saves that one at once, `boundary["overtaken"]` says so, and nothing is frozen.

    Raises KernelBusy (no boundary within `timeout` s), KernelDied, SaveFailed, or what the store raises; the writer
    then knows nothing of the kernel. If it raises, the kernel runs.
    """
    wanted = {"when": when, "hang_s": hang_s, "freeze": freeze, "niceness": niceness, "reserve": reserve}
    deadline = time.monotonic() + timeout
    blobs = PartBlobs(writer, prefix, base)
    offences: Counter[str] = Counter()
    pauses: list[float] = []
    failures = 0
    for _ in range(ATTEMPTS):
        skip = [name for name, count in offences.items() if count > 1]
        attempt = Attempt(agent, blobs, deadline, hang_s, reached)
        try:
            await attempt.run({"op": "snapshot", **wanted, "skip": skip})
        finally:
            if not attempt.good:
                blobs.forget()
                await _thaw(agent, freeze=freeze)
        pauses += attempt.pauses
        if attempt.good:
            return _entry(attempt, blobs, pauses, skip)
        failures += attempt.ended.get("outcome") == "failed"
        _judge(attempt, offences, failures)
    raise SaveFailed(f"{ATTEMPTS} attempts failed; at fault were {', '.join(offences) or 'no known variables'}")


async def _thaw(agent: KernelAgent, *, freeze: bool) -> None:
    if freeze:
        await agent.thaw()


def _judge(attempt: Attempt, offences: Counter[str], failures: int) -> None:
    """Note who was at fault; raise if another attempt is of no use."""
    outcome = attempt.ended.get("outcome")
    if outcome in ("hung", "crashed"):
        offences[str(attempt.ended.get("culprit"))] += 1
    elif outcome == "failed":
        if failures == FAILURES:
            raise SaveFailed(f"the kernel's state could not be pickled: {attempt.report.get('error')}")
    elif outcome == "kernel-died":
        raise KernelDied("the kernel ended while it was being saved")
    elif outcome == "refused":
        raise SaveFailed(f"the kernel's agent refused: {attempt.ended.get('reason')}")
    elif outcome != "in-a-cell":
        raise SaveFailed(f"the child that was saving ended without a word ({attempt.ended})")


def _entry(attempt: Attempt, blobs: PartBlobs, pauses: list[float], skipped: list[str]) -> KernelEntry:
    report = {**attempt.report, "changed": changed(attempt.report)}
    report.pop("warnings", None)
    report["notes"] = [*report.get("notes", []), *attempt.hello.get("notes", [])]
    report["pause_s"] = max(pauses, default=None)
    report["forks"] = len(pauses)
    report["bytes_state"] = blobs.length
    report["bytes_read"] = attempt.bytes_read
    if skipped:
        report["skipped"] = skipped
    parts = [blobs.prefix + name for name in blobs.names]
    return KernelEntry(parts, attempt.hello["boundary"], report, attempt.hello.get("python", ""), blobs.prefix)
