"""The pretended machine of a member: the user servers that run there, and everything that they started.

Real machines end in two steps, a notice and the deadline, and another takes their place after a while. So does this
one: at the deadline its processes really are killed and its disk (the homes) is really gone.
"""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from migrator.demo import marks


class Machine:
    """One member's machine; `state` is `up`, `noticed` (no new servers) or `down`."""

    def __init__(self, demo_id: str, member: str, folder: Path) -> None:
        self._name = f"{demo_id}/{member}"
        self._disk = folder / "disk"
        self._incarnation = 0
        self.file = folder / "machine"
        self.state = "down"
        self.deadline: float | None = None
        """Unix seconds, from the notice until the end."""

    @property
    def mark(self) -> str:
        """In the environment of every process of this machine; a successor has another."""
        return f"{self._name}/{self._incarnation}"

    def boot(self) -> None:
        """A new machine, with an empty disk."""
        self._incarnation += 1
        self._disk.mkdir(exist_ok=True)
        self.file.write_text(self.mark)
        self.state, self.deadline = "up", None

    def cordon(self, deadline: float) -> None:
        """The notice has come: whatever runs goes on until `deadline` (Unix seconds), nothing new starts."""
        self.file.unlink(missing_ok=True)
        self.state, self.deadline = "noticed", deadline

    async def kill(self) -> int:
        """The end, without a warning to anything that runs; how many processes there were."""
        self.file.unlink(missing_ok=True)
        killed = await asyncio.to_thread(marks.kill_all, marks.MACHINE, self.mark)
        await asyncio.to_thread(shutil.rmtree, self._disk, ignore_errors=True)
        self.state, self.deadline = "down", None
        return killed
