"""One supervised process of the demo: started with the demo's mark, logged to a file, awaited, ended."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from migrator.demo.errors import NotReady, ProcessDied

READY_S = 120
"""How long a process may take until it answers: a cold, loaded machine of two cores needs most of a minute."""


class Process:
    """A child process in a session of its own; its output goes to `log`."""

    def __init__(self, name: str, argv: Sequence[str], *, env: Mapping[str, str], log: Path, cwd: Path) -> None:
        self.name = name
        self.log = log
        self._argv = list(argv)
        self._env = {**os.environ, "PYTHONUNBUFFERED": "1", **env}
        self._cwd = cwd
        self._child: asyncio.subprocess.Process | None = None

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._child is not None and self._child.returncode is None

    def add_env(self, env: Mapping[str, str]) -> None:
        """More environment, before it is started."""
        self._env.update(env)

    async def start(self) -> None:
        """Start it; raises `ProcessDied` if there is no such program."""
        with self.log.open("ab") as output:
            try:
                self._child = await asyncio.create_subprocess_exec(
                    *self._argv,
                    env=self._env,
                    cwd=self._cwd,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
            except OSError as error:
                raise ProcessDied(f"{self.name} cannot be started: {error}") from error

    async def wait_ready(self, answers: Callable[[], Awaitable[bool]], *, limit_s: float = READY_S) -> None:
        """Return when `answers()` is true; raises `ProcessDied` or `NotReady` with the log's last lines."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + limit_s
        while not await answers():
            if not self.running:
                raise ProcessDied(f"{self.name} ended at its start. {self.last_lines()}")
            if loop.time() > deadline:
                raise NotReady(f"{self.name} did not answer within {limit_s:.0f} s. {self.last_lines()}")
            await asyncio.sleep(0.1)

    async def wait(self) -> int:
        """Wait until it ends by itself; its exit code."""
        assert self._child is not None, "start() comes first"
        return await self._child.wait()

    async def stop(self, *, grace_s: float = 5) -> None:
        """SIGTERM, and SIGKILL after `grace_s`; a process that has ended already is no error."""
        if self._child is None or not self.running:
            return
        self._child.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._child.wait(), grace_s)
        except TimeoutError:
            self._child.kill()
            await self._child.wait()

    def last_lines(self, count: int = 15) -> str:
        """The end of its log, for an error message."""
        lines = self.log.read_text(errors="replace").splitlines()[-count:] if self.log.exists() else []
        return f"The end of {self.log}:\n" + "\n".join(f"    {line}" for line in lines)
