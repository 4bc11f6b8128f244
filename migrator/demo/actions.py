"""What can be done to a running demo, and seen of it: the one place behind the page and the command line."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tornado.web import HTTPError

from migrator.demo.federation import Federation
from migrator.demo.member import Member


class Refused(HTTPError):
    """What was asked for cannot be done now; the text says why. `status_code` is the HTTP status."""

    def __init__(self, status_code: int, message: str) -> None:
        super().__init__(status_code, reason="Refused")
        self._message = message

    def __str__(self) -> str:
        return self._message


class Actions:
    """On one federation; must be used in its event loop."""

    def __init__(self, federation: Federation) -> None:
        self._federation = federation
        self._tasks: set[asyncio.Task[None]] = set()

    async def state(self) -> dict[str, Any]:
        """`{"members": {name: {"url", "machine", "deadline"}}, "sessions": [record]}`."""
        members = {name: _describe(member) for name, member in self._federation.members.items()}
        return {"members": members, "sessions": await self._sessions()}

    async def _sessions(self) -> list[dict[str, Any]]:
        for member in self._federation.members.values():
            try:
                response = await member.call_controller("GET", "/v1/sessions")
            except OSError:
                continue  # all controllers know all sessions: another will do
            if response.code == 200:
                sessions: list[dict[str, Any]] = json.loads(response.body)["sessions"]
                return sessions
        return []

    def preempt(self, member: str, notice_s: float) -> None:
        """Begin it; the machine dies after `notice_s` seconds. Raises `Refused`: 404 unknown member, 409 no machine."""
        if member not in self._federation.members:
            raise Refused(404, f"no member {member!r}: there are {', '.join(self._federation.members)}")
        target = self._federation.members[member]
        if target.machine.state != "up":
            raise Refused(409, f"the machine of member {member} is {target.machine.state}: wait for the next one")
        task = asyncio.create_task(target.preempt(notice_s))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def session(self, session: str, verb: str, body: dict[str, Any]) -> tuple[int, Any]:
        """Pass a wish on to the controllers; status and body of the answer of the first that has one."""
        for member in self._federation.members.values():
            try:
                response = await member.call_controller("POST", f"/v1/sessions/{session}/{verb}", body)
            except OSError:
                continue
            return response.code, json.loads(response.body)
        raise Refused(503, "no controller answers")


def _describe(member: Member) -> dict[str, Any]:
    machine = member.machine
    return {"url": member.plan.public_url, "machine": machine.state, "deadline": machine.deadline}
