"""Where pages that come in at one member must go: read from a session's record alone, so that everybody comes to the same answer."""

from __future__ import annotations

from dataclasses import dataclass

from migrator.controller.marks import doors_of, is_restored, plan_of
from migrator.controller.peers import Peers
from migrator.session import Owner, Record

HERE, GONE = "here", "gone"


@dataclass(frozen=True)
class Places:
    """As the member `name` sees them. `holding_url`: the place where a page waits."""

    name: str
    peers: Peers
    holding_url: str

    def place(self, record: Record) -> str | None:
        """Where pages that come in here must go: `HERE`, `GONE`, a URL, or None for no change."""
        if record.phase == "ended":
            return GONE if self.knows(record) else None
        if record.phase == "suspended":
            return self.holding_url if self.knows(record) else None
        if record.phase != "moving" and record.owner is not None and is_restored(record):
            return self.where(record, record.owner)
        return self.holding_url if self._is_dead_here(record) else None

    def refuge(self, record: Record) -> str | None:
        """Where they go while the hub takes its own route away; None if the session lives here, or has ended."""
        owner = record.owner
        if record.phase == "ended":
            return None
        if owner is None or not is_restored(record):
            return self.holding_url
        if owner.member == self.name:
            return self.holding_url if record.phase == "moving" else None
        return self.where(record, owner) or self.holding_url

    def where(self, record: Record, owner: Owner) -> str | None:
        """The way to the session at this owner; None if no page may come in here, or its address is not known yet."""
        if owner.member == self.name:
            return HERE
        if self.knows(record) and owner.address:
            return self.peers.relay(owner.member) or owner.address
        return None

    def knows(self, record: Record) -> bool:
        """Whether pages may come in here."""
        return self.name in doors_of(record) or self.was_source(record)

    def was_source(self, record: Record) -> bool:
        """Whether the move under way began here."""
        plan = plan_of(record)
        return plan is not None and plan.source_owner is not None and plan.source_owner.member == self.name

    def is_target(self, record: Record) -> bool:
        """Whether the session is on its way here."""
        return record.target is not None and record.target.member == self.name

    def _is_dead_here(self, record: Record) -> bool:
        """Whether the server here counts as dead: it is gone, or it was chosen and could not be restored."""
        plan = plan_of(record)
        if plan is None:
            return False
        owned = record.owner is not None and record.owner.member == self.name
        if record.phase == "moving" and owned:
            return plan.way == "lost" or not is_restored(record)
        return plan.way == "lost" and not owned and self.was_source(record) and not self.is_target(record)

    def is_about_to_die(self, record: Record) -> bool:
        """Whether the server here is frozen and its machine has a deadline: nobody may see how the hub finds it dead."""
        plan = plan_of(record)
        owned = record.owner is not None and record.owner.member == self.name
        frozen = plan is not None and plan.saved and plan.deadline is not None and plan.way != "lost"
        return record.phase == "moving" and owned and frozen and is_restored(record)
