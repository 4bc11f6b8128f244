"""What the gateway's handlers have in common: a pod's token, and its session in every line of the log."""

from __future__ import annotations

from typing import Any, cast

from migrator.gateway.state import State
from migrator.serving.handler import ApiHandler
from migrator.serving.logs import set_session
from migrator.session.tokens import Token
from migrator.storage.errors import Fenced


class PodHandler(ApiHandler):
    """A call of a user's pod."""

    @property
    def state(self) -> State:
        """This gateway's parts."""
        return cast("State", self.settings["state"])

    def pod(self) -> Token:
        """Who calls; `BadToken` if that cannot be told."""
        token = self.state.roles.token(self.bearer())
        set_session(token.session)
        return token

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Count former owners: a number that grows means a copy that does not stop."""
        if isinstance(kwargs.get("exc_info", (None, None))[1], Fenced):
            self.state.numbers.fenced.inc()
        super().write_error(status_code, **kwargs)
