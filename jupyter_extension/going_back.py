"""The checkpoints that are kept, and putting a kernel back to one of them."""

from __future__ import annotations

from jupyter_extension.checkpoint.layout import Layout
from jupyter_extension.errors import WrongState
from jupyter_extension.machinery import Machinery
from jupyter_extension.record.messages import JsonDict
from jupyter_extension.restore.mute import Mute
from jupyter_extension.restore.snapshots import row_of


async def kept(machinery: Machinery, count: int) -> list[JsonDict]:
    """The newest checkpoints, newest first, as the page shows them."""
    return [row_of(manifest) for manifest in (await machinery.snapshots.manifests())[:count]]


async def undo(
    machinery: Machinery, layout: Layout, mute: Mute, kernel: str, snapshot: str, *, salvage: bool
) -> JsonDict:
    """Put a kernel back to a checkpoint: the load's report. It is durable when this returns.

    `salvage`: to the variables as they stood in the middle of the cell that was interrupted then. Raises WrongState if the
    checkpoint does not hold that.
    """
    reader = await machinery.snapshots.open(snapshot)
    entry = reader.manifest.body["kernels"].get(kernel)
    if entry is None or (salvage and not entry.get("salvage")):
        raise WrongState("this checkpoint does not hold that state of the kernel")
    rows = {row["kernel"]: row for row in (await layout.read())["sessions"]}
    mute.forget(kernel)
    entry = entry["salvage"] if salvage else entry
    report = await machinery.kernels.renew(kernel, entry, rows.get(kernel), reader)
    await machinery.checkpointer.now()
    return report
