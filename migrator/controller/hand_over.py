"""How a session gets from its source to the target: the standby comes up, the source falls silent, the epoch changes hands."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from migrator.controller.errors import TargetFailed
from migrator.controller.marks import changed_plan, is_restored, with_door, with_profile
from migrator.controller.silence import Silence
from migrator.controller.tools import Tools, need_plan
from migrator.serving.client import ServiceError
from migrator.session import Owner, PhaseError, Record, Target, phases

STOP_S = 60.0  # for a hub that has to end a server before it can start it again


class HandOver:
    """Prepares both ends of a move, then fences the source."""

    def __init__(self, tools: Tools, silence: Silence) -> None:
        self._tools, self._silence = tools, silence

    async def prepare(self, record: Record) -> tuple[dict[str, Any], float]:
        """The standby's answer, and for how many seconds more the source may not be silent. TargetFailed, SourceRefused."""
        target = record.target
        if target is None:
            raise ValueError(f"session {record.id} has no target")
        if record.owner is not None and record.owner.member == target.member:
            wait_s = await self._make_way(record)
            return await self._standby(record, target), wait_s
        standby = asyncio.create_task(self._standby(record, target))
        try:
            wait_s = await self._silence.of(record, standby)
            return await standby, wait_s
        finally:
            standby.cancel()

    async def _make_way(self, record: Record) -> float:
        """The same hub starts the session again: its server there has to end first. If it froze, its own word is enough."""
        wait_s = await self._silence.of(record, None)
        fresh = await self._tools.update(record.id, lambda r: changed_plan(r, way="lost"))
        return min(wait_s, await self._silence.end(fresh, STOP_S))

    async def _standby(self, record: Record, target: Target) -> dict[str, Any]:
        try:
            answer = await self._tools.peers.host(
                target.member, record.id, record.epoch + 1, self._tools.settings.host_timeout_s
            )
        except (ServiceError, KeyError) as error:
            raise TargetFailed(f"{target.member}: {error}") from error
        await self._tools.note(record.id, "standby", {"member": target.member})
        return answer

    async def fence(self, record: Record, answer: dict[str, Any], wait_s: float) -> None:
        """The next epoch begins, and it belongs to the target. PhaseError if the session went on without us."""

        def change(fresh: Record) -> Record:
            if fresh.epoch != record.epoch or fresh.target is None or record.target is None:
                raise PhaseError(f"session {record.id} went on without us")
            moved = phases.fence(fresh, Owner(fresh.target.member, fresh.target.server, answer["address"]))
            if record.owner is not None and is_restored(record):
                moved = with_door(moved, record.owner.member)
            moved = with_profile(moved, need_plan(moved).profile)
            return changed_plan(moved, run_after=time.time() + wait_s if wait_s else 0.0)

        await self._tools.update(record.id, change)
