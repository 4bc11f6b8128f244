"""What the controller's handlers have in common: who may call, and how a session is named and shown."""

from __future__ import annotations

from typing import Any, cast

from migrator.controller.state import State
from migrator.serving.errors import ApiError
from migrator.serving.handler import ApiHandler
from migrator.serving.logs import set_session
from migrator.session import Record, check_session_id


class ControllerHandler(ApiHandler):
    """A call of somebody who knows the federation's secret."""

    @property
    def state(self) -> State:
        """This controller's parts."""
        return cast("State", self.settings["state"])

    def prepare(self) -> None:
        """Nobody else gets in."""
        self.require_secret(self.state.secret)

    def session(self, text: str) -> str:
        """A valid session id, named in the log from here on."""
        set_session(check_session_id(text))
        return text


def public(record: Record) -> dict[str, Any]:
    """A record as it is answered: without what is sealed."""
    value = record.to_json()
    value.pop("sealed", None)
    return value


def unix_time(body: dict[str, Any], key: str) -> float | None:
    """A time in a call's body, in Unix seconds; None if it is not given, 400 if it is none."""
    value = body.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ApiError(400, "bad_body", f"`{key}` must be Unix seconds.")
    return float(value)
