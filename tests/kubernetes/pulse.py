"""The pulse of one kernel: it writes the time into a file as long as it runs, and the file is read from outside its pod.

So it is seen even when nobody can reach the pod any more, as on a node that is cut off.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

from tests.kubernetes.launches import Launched, run_cell
from tests.rigs.kubernetes.plan import NodePlan
from tests.rigs.kubernetes.rig import RIG

BEAT_S = 0.1
LAYERS = "io.containerd.snapshotter.v1.overlayfs/snapshots"
CODE = """
import threading, time
def beat():
    while True:
        with open({name!r}, "w") as file:
            file.write(repr(time.time()))
        time.sleep({beat})
threading.Thread(target=beat, daemon=True).start()
"""


class Pulse:
    """Watches the pulse of a session's kernel on a node, until `end`."""

    def __init__(self, session: Launched, node: NodePlan) -> None:
        self.last = 0.0
        self.name = f"pulse-{session.id}.txt"
        self._folder = RIG.containerd_folder(node) / LAYERS
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=self.name)

    async def begin(self, session: Launched) -> None:
        """Have the kernel beat, and see it."""
        await run_cell(session, CODE.format(name=self.name, beat=BEAT_S))
        self._thread.start()

    def end(self) -> None:
        """Look no more."""
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        file: Path | None = None
        while not self._ended.wait(BEAT_S / 2):
            file = file or next(self._folder.glob(f"*/fs/home/jovyan/{self.name}"), None)
            self._read(file)

    def _read(self, file: Path | None) -> None:
        """A file that is being written, or has gone with its pod, tells nothing new."""
        try:
            text = file.read_text() if file else ""
        except OSError:
            return
        if text.endswith(tuple("0123456789")) and "." in text:
            self.last = max(self.last, float(text))

    @property
    def is_there(self) -> bool:
        """Whether it was seen within the last second."""
        return time.time() - self.last < 1.0
