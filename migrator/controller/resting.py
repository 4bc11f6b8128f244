"""Which address belongs to a session that was put away: what its page and its user are told there."""

from __future__ import annotations

from dataclasses import dataclass

from migrator.controller.index import Index
from migrator.controller.marks import plan_of, server_of
from migrator.session import Record


@dataclass(frozen=True)
class Rest:
    """A session that nothing brings back but its user. `link` is its launch link, empty if it is not known here."""

    saved_at: float | None
    link: str


@dataclass(frozen=True)
class Resting:
    """`redirector_url`: the federation's front door as browsers see it, or empty."""

    index: Index
    redirector_url: str

    def at(self, path: str) -> Rest | None:
        """The resting session at this path; None if it is on its way, or none of ours."""
        here = [record for record in self.index.all() if path.startswith(server_of(record)) and _rests(record)]
        if not here:
            return None
        record = max(here, key=lambda each: len(server_of(each)))  # a user's named server lies below the default one
        link = self.redirector_url.rstrip("/") + record.link if self.redirector_url and record.link else ""
        return Rest(record.snapshot_at or None, link)


def _rests(record: Record) -> bool:
    plan = plan_of(record)
    return record.phase == "suspended" and (plan is None or not plan.then)
