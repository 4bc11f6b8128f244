"""What state the session is in, and the document that says so to page and controller."""

from __future__ import annotations

import secrets
import time
from typing import Any, Callable

from jupyter_extension.errors import WrongState
from jupyter_extension.feed import Feed

STATES = ("running", "freezing", "frozen", "standby", "restoring", "fenced")
ALLOWED = {
    "standby": {"restoring", "fenced", "running"},
    "restoring": {"running", "standby", "fenced"},
    "running": {"freezing", "frozen", "fenced", "restoring", "standby"},
    "freezing": {"frozen", "running", "fenced"},
    "frozen": {"running", "fenced", "freezing"},
    "fenced": set(),
}


class Status:
    """The state machine and what is known about saving; every change is told to the pages."""

    def __init__(self, feed: Feed, session: str = "", *, enabled: bool = True) -> None:
        self.server_id = secrets.token_hex(8)
        self.enabled, self.session = enabled, session
        self.state = "running"
        self.saved: dict[str, Any] | None = None
        self.covered: list[dict[str, Any]] = []
        self.at_risk: list[dict[str, Any]] = []
        self.notice: dict[str, Any] | None = None
        self.report: dict[str, Any] | None = None
        self.problem: str | None = None
        self.prepared: str | None = None
        self.limits: Callable[[], dict[str, float]] = dict
        self.rooms = self.runner = ""
        self.resume = ""
        self.offers: dict[str, Any] = {}
        self._feed = feed

    def document(self) -> dict[str, Any]:
        """The answer of `GET api/v1/status`."""
        return {
            "enabled": self.enabled,
            "session": self.session,
            "server_id": self.server_id,
            "state": self.state,
            "saved": self.saved,
            "covered": self.covered,
            "at_risk": self.at_risk,
            "notice": self.notice,
            "report": self.report,
            "problem": self.problem,
            "prepared": self.prepared,
            "limits": self.limits(),
            "rooms": self.rooms,
            "runner": self.runner,
            "resume": self.resume,
            "offers": self.offers,
            "again": True,
        }

    def enter(self, state: str, tell: str | None = None) -> None:
        """Change the state; raises WrongState for a step that isn't one. `tell` is the feed's message type."""
        if state != self.state and state not in ALLOWED[self.state]:
            raise WrongState(f"the session is {self.state} and can't become {state}")
        self.state = state
        if tell:
            self._feed.tell(tell, {"state": state, "notice": self.notice})

    def fence(self, *, way_is_open: bool) -> None:
        """The session is another server's; `way_is_open`: its pages may leave for it, and until they hear that they wait here."""
        if way_is_open or self.state != "fenced":
            self.enter("fenced", tell="moved" if way_is_open else "fenced")

    def became_durable(
        self, saved: dict[str, Any], covered: list[dict[str, Any]], at_risk: list[dict[str, Any]]
    ) -> None:
        """A snapshot is safe."""
        self.saved, self.covered, self.at_risk, self.problem = saved, covered, at_risk, None
        news = {"saved": saved, "covered": covered, "at_risk": at_risk, "problem": None, "limits": self.limits()}
        self._feed.tell("saved", news)

    def failed(self, problem: str) -> None:
        """Saving does not work now; the page may see why."""
        if problem != self.problem:
            self.problem = problem
            self._feed.tell("saved", {"saved": self.saved, "problem": problem})

    def mended(self) -> None:
        """What kept us from saving is over."""
        self.problem = None
        self._feed.tell("saved", {"saved": self.saved, "problem": None})

    def warn(self, cause: str, deadline: float | None) -> None:
        """A notice came; the earlier deadline of two counts."""
        known = (self.notice or {}).get("deadline")
        if known is not None and time.time() < known < (deadline or float("inf")):
            return
        self.notice = {"cause": cause, "deadline": deadline}
        self._feed.tell("notice", {"notice": self.notice, "state": self.state})

    def offer(self, offers: dict[str, Any]) -> None:
        """It is known what the user may ask for."""
        self.offers = offers
        self._feed.tell("offers", {"offers": offers})

    def tell_limits(self) -> None:
        """Somebody said that they are here."""
        self._feed.tell("limits", {"limits": self.limits()})

    def clear(self) -> None:
        """The notice was withdrawn."""
        self.notice = None
        self._feed.tell("clear", {"notice": None, "state": self.state})

    def restored(self, report: dict[str, Any]) -> None:
        """A restore ended, or its report grew."""
        self.report = report
        self._feed.tell("report", {"report": report, "state": self.state, "saved": self.saved})
