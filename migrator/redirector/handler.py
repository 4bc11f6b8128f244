"""What the redirector's handlers have in common: its cookies, and its own public URL."""

from __future__ import annotations

import logging
from typing import Any, cast

from tornado.web import RequestHandler

from migrator.redirector import pages
from migrator.redirector.bindings import COOKIE, is_browser
from migrator.redirector.state import State
from migrator.serving.translation import as_answer

log = logging.getLogger(__name__)


class FrontHandler(RequestHandler):
    """A call of a browser."""

    @property
    def state(self) -> State:
        """This redirector's parts."""
        return cast("State", self.settings["state"])

    @property
    def public_url(self) -> str:
        """How browsers see this redirector, without a slash at the end."""
        return self.state.settings.public_url.rstrip("/") or f"{self.request.protocol}://{self.request.host}"

    @property
    def browser(self) -> str | None:
        """This browser's secret, if it has one."""
        value = self.get_cookie(COOKIE)
        return value if is_browser(value) else None

    def keep_cookie(self, name: str, value: str, *, path: str, hours: float) -> None:
        """Set a cookie that scripts and other sites' forms do not get at."""
        self.set_cookie(
            name, value, path=path, max_age=int(hours * 3600), httponly=True, samesite="Lax",
            secure=self.state.settings.secure_cookies,
        )  # fmt: skip

    def show(self, page: str, status: int = 200) -> None:
        """Finish with a page of ours."""
        self.set_status(status)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Content-Security-Policy", pages.POLICY)
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")
        self.finish(page)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """People see words, not a traceback."""
        answer = as_answer(kwargs.get("exc_info", (None, None))[1])
        status = answer.status if answer else status_code
        text = str(answer) if answer else "Something went wrong here. Try again in a moment."
        self.show(pages.message("That did not work", text), status)

    def on_finish(self) -> None:
        """Count the call."""
        metrics = self.settings["metrics"]
        metrics.observe(type(self).__name__, self.request.method or "", self.get_status(), self.request.request_time())
