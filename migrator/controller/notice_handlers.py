"""Warnings from outside: of the metadata watchers, and of whoever knows more than Kubernetes (docs/interfaces.md, section 5)."""

from __future__ import annotations

import hmac
import time
from typing import Any

from migrator.controller.handler import ControllerHandler, unix_time
from migrator.notice.event import Cause, Notice
from migrator.serving.errors import ApiError


class NoticesHandler(ControllerHandler):
    """`POST /v1/notices`."""

    def prepare(self) -> None:
        """Also for those who may warn and nothing else."""
        secret = self.state.notice_secret
        if secret is None or not hmac.compare_digest(self.bearer().encode(), secret):
            super().prepare()

    async def post(self) -> None:
        """Every session on the machine, or the one named, moves."""
        body = self.json_body()
        machine, session = body.get("machine"), body.get("session")
        if bool(machine) == bool(session):
            raise ApiError(400, "bad_body", "Give either `machine` or `session`.")
        taken = await self.state.desk.take(
            Notice(
                _cause(body.get("cause")),
                _deadline(body),
                detail=str(body.get("cause") or "announced by the API")[:200],
                machine=str(machine) if machine else None,
                session=self.session(str(session)) if session else None,
            )
        )
        self.answer({"sessions": [record.id for record in taken]}, 202)


def _deadline(body: dict[str, Any]) -> float | None:
    deadline, grace = unix_time(body, "deadline"), unix_time(body, "grace_s")
    return deadline if deadline is not None or grace is None else time.time() + grace


def _cause(value: Any) -> Cause:
    try:
        return Cause(value)
    except ValueError:
        return Cause.RECLAIMED
