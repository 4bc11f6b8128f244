"""The whole demo as one object: started in order, watched, and ended without leaving anything behind."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from migrator.demo import keeper, marks, object_store, plan, service
from migrator.demo.errors import ProcessDied
from migrator.demo.member import Member
from migrator.demo.plan import Options, Plan
from migrator.demo.ports import PortBlock
from migrator.demo.process import Process


class Federation:
    """`async with Federation(folder, options)` runs two members behind a redirector on loopback.

    Raises what its parts raise: `ProcessDied`, `NotReady`, `NoRoom`, `DemoError`.
    """

    def __init__(self, folder: Path, options: Options, progress: Callable[[str], None] = lambda _line: None) -> None:
        self._ports = PortBlock()
        self.plan: Plan = plan.make(folder, self._ports, options)
        self.members: dict[str, Member] = {}
        self.processes: list[Process] = []
        self._progress = progress

    async def __aenter__(self) -> Self:
        self._keeper = keeper.start(self.plan.id, self.plan.tmp)
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    async def _start(self) -> None:
        folder, env = self.plan.folder, self.plan.env
        store = await object_store.start(folder / "store", self._ports, folder / "store.log", env)
        self.processes.append(store.process)
        self._progress(f"object store (SeaweedFS, S3) at {store.endpoint}")
        self.members = {each.name: Member(each, self.plan, store) for each in self.plan.members}
        await asyncio.gather(*(member.start(self._progress) for member in self.members.values()))
        for member in self.members.values():
            self.processes += member.processes
        self.processes.append(await self._start_redirector(store))
        self._progress(f"redirector at {self.plan.redirector_url}")

    async def _start_redirector(self, store: object_store.ObjectStoreServer) -> Process:
        settings = {
            "port": self.plan.redirector_port,
            "store": store.url,
            "secret_file": self.plan.secret_file,
            "secure_cookies": False,
            "load_balancer": "random",
            "check_period": 1.0,
            "check_failed_period": 1.0,
            "hosts": {
                each.name: {"url": each.binderhub_url, "prime": each.name == "a", "controller": each.controller_url}
                for each in self.plan.members
            },
        }
        env = {**self.plan.env, **store.env}
        return await service.start("redirector", "redirector", settings, folder=self.plan.folder, env=env)

    async def watch(self) -> None:
        """Wait until something ends that should run, then raise `ProcessDied`; a killed machine does not count."""
        waiting = {asyncio.create_task(process.wait()): process for process in self.processes}
        try:
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        process = waiting[done.pop()]
        raise ProcessDied(f"{process.name} ended. {process.last_lines()}")

    async def stop(self) -> None:
        """End everything that was started, user servers and kernels included."""
        with contextlib.suppress(ProcessLookupError):
            await asyncio.gather(*(process.stop() for process in reversed(self.processes)))
        await asyncio.to_thread(marks.kill_all, marks.DEMO, self.plan.id)
        assert self._keeper.stdin is not None, "the keeper is started with a pipe"
        self._keeper.stdin.close()
        await asyncio.to_thread(self._keeper.wait)
        self._ports.close()
