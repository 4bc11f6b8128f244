"""What the steps of a move work with."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CollectorRegistry, Counter

from migrator.controller.index import Index
from migrator.controller.line import Line
from migrator.controller.marks import Plan, plan_of
from migrator.controller.peers import Peers
from migrator.controller.pods import Pod, Pods
from migrator.controller.settings import Controller
from migrator.session import Owner, Record, SessionRecords, phases


@dataclass
class Tools:
    """Shared by all moves of one controller. `deadlines` holds those that a later notice brought forward."""

    settings: Controller
    records: SessionRecords
    index: Index
    peers: Peers
    pods: Pods
    outcomes: Counter
    deadlines: dict[str, float] = field(default_factory=dict)
    line: Line = field(init=False)

    def __post_init__(self) -> None:
        """The line in which sessions save."""
        self.line = Line(self.settings.freeze_reserve_s, self.settings.freeze_each_s)

    @staticmethod
    def outcome_counter(registry: CollectorRegistry) -> Counter:
        """Moves that ended, by way and outcome."""
        return Counter("migrator_moves", "Moves that ended", ("way", "outcome"), registry=registry)

    async def update(self, session: str, change: Callable[[Record], Record]) -> Record:
        """Change a record, and remember it."""
        return self.index.put(await self.records.update(session, change))

    async def note(self, session: str, event: str, detail: dict[str, Any]) -> Record:
        """Add to the timeline."""
        return await self.update(session, lambda record: phases.noted(record, event, detail))

    def pod(self, record: Record, owner: Owner) -> Pod:
        """The pod of the record's owner, through its own member's controller; it must have an address."""
        through = None if owner.member == self.settings.member else self.peers.controller(owner.member)
        return self.pods.pod(record.id, record.epoch, owner.address or "", owner.server, through)

    def deadline(self, record: Record, plan: Plan) -> float | None:
        """The earliest deadline that was announced, in Unix seconds."""
        known = [at for at in (plan.deadline, self.deadlines.get(record.id)) if at is not None]
        return min(known) if known else None

    def time_left(self, record: Record, plan: Plan) -> float:
        """Seconds until the deadline; infinite without one."""
        deadline = self.deadline(record, plan)
        return float("inf") if deadline is None else deadline - time.time()

    def spare(self, record: Record, plan: Plan) -> float:
        """Seconds until the session has to save, standby or not; infinite if it has, or without a deadline."""
        deadline = self.deadline(record, plan)
        if deadline is None or plan.saved:
            return float("inf")
        return deadline - time.time() - self.line.reserve(record.id, deadline)


def need_plan(record: Record) -> Plan:
    """The plan of a record that has one."""
    plan = plan_of(record)
    if plan is None:
        raise ValueError(f"session {record.id} is not moving")
    return plan
