"""What an owner does beside its user's work: journals what happens, saves it, and follows what is opened and closed."""

from __future__ import annotations

import asyncio

from jupyter_extension.checkpoint.layout import Layout
from jupyter_extension.gate import Gate
from jupyter_extension.machinery import Machinery
from jupyter_extension.record.messages import JsonDict
from jupyter_extension.server_parts import ServerParts
from jupyter_extension.tasks import Tasks

LAYOUT_LOOK_S = 1.0


class Ownership:
    """Begins once, when this server has become the owner."""

    def __init__(self, machinery: Machinery, gate: Gate, layout: Layout, parts: ServerParts, tasks: Tasks) -> None:
        self._machinery, self._gate, self._layout = machinery, gate, layout
        self._parts, self._tasks = parts, tasks
        self._last: JsonDict = {}

    def begin(self) -> None:
        """From here on what happens is recorded in the journal and saved."""
        recorder, pump, checkpointer = self._gate.recorder, self._machinery.pump, self._machinery.checkpointer
        for redo in recorder.logs.values():
            for entry in redo.entries(set()):
                pump.put(entry)
        recorder.pump = pump
        self._tasks.spawn("journal", pump.run())
        for kernel in self._layout.kernels():
            checkpointer.activity(kernel, "restarted")
        self._tasks.spawn("checkpointer", checkpointer.run())
        self._tasks.spawn("layout", self._follow_layout())

    async def _follow_layout(self) -> None:
        """Journal what is opened and closed, and let the agent into each new kernel before its first cell."""
        while True:
            layout = await self._layout.read()
            if layout != self._last:
                self._machinery.pump.put({"type": "layout", "kernel": "", "layout": layout})
                self._note_kernels(set(self._last.get("kernels", {})), set(layout["kernels"]))
                self._last = layout
            await asyncio.sleep(LAYOUT_LOOK_S)

    def _note_kernels(self, before: set[str], now: set[str]) -> None:
        checkpointer = self._machinery.checkpointer
        for kernel in before - now:
            checkpointer.activity(kernel, "gone")
            self._gate.forget(kernel)
        for kernel in now - before:
            self._gate.kernel_seen(kernel, self._parts.managers.get_kernel(kernel))
            checkpointer.activity(kernel, "done")
