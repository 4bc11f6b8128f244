"""The base of every API handler: errors as JSON, bearer authentication, JSON bodies read with care."""

from __future__ import annotations

import hmac
import json
import logging
import time
from types import TracebackType
from typing import Any

from tornado.web import HTTPError, RequestHandler

from migrator.serving.errors import ApiError, Unavailable
from migrator.serving.translation import as_answer

log = logging.getLogger(__name__)


class ApiHandler(RequestHandler):
    """Answers JSON; every exception becomes `{"error", "message"}`."""

    def compute_etag(self) -> str | None:
        """None: etags are the store's, and answers here are never the same twice."""
        return None

    def set_default_headers(self) -> None:
        """Nothing that these services answer may be cached or guessed at."""
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")

    def bearer(self) -> str:
        """The token of the Authorization header; the empty string if there is none."""
        scheme, _, token = self.request.headers.get("Authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    def require_secret(self, secret: bytes) -> None:
        """Let only a caller go on that knows the federation's secret.

        Raises:
            ApiError: 401.
        """
        if not hmac.compare_digest(self.bearer().encode(), secret):
            raise ApiError(401, "bad_token", "Send the federation's secret as 'Authorization: Bearer ...'.")

    def json_body(self) -> dict[str, Any]:
        """The body, which must be a JSON object; an empty one counts as `{}`.

        Raises:
            ApiError: 400.
        """
        try:
            data = json.loads(self.request.body or b"{}")
        except ValueError as error:
            raise ApiError(400, "bad_body", f"The body is no JSON: {error}") from error
        if not isinstance(data, dict):
            raise ApiError(400, "bad_body", "The body must be a JSON object.")
        return data

    def answer(self, data: Any, status: int = 200) -> None:
        """Finish with JSON."""
        self.set_status(status)
        self.finish(json.dumps(data))

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Tracebacks for faults of ours only: what a caller did wrong is an answer, not an incident."""
        if as_answer(value) is None and not isinstance(value, HTTPError):
            super().log_exception(typ, value, tb)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Turn whatever was raised into the documented form."""
        error = kwargs["exc_info"][1] if "exc_info" in kwargs else None
        api = as_answer(error) or ApiError(status_code, _code(status_code), self._reason)
        if isinstance(api, Unavailable):
            self.set_header("Retry-After", str(api.retry_after))
        self.answer(api.body, api.status)

    def on_finish(self) -> None:
        """Count the call."""
        metrics = self.settings.get("metrics")
        if metrics is not None:
            metrics.observe(
                type(self).__name__, self.request.method or "", self.get_status(), self.request.request_time()
            )


def _code(status: int) -> str:
    return {400: "bad_request", 403: "denied", 404: "not_found", 405: "bad_method"}.get(status, "internal")


class HealthHandler(ApiHandler):
    """`GET /healthz`: 200 while the service takes work, 503 once it was told to stop."""

    def get(self) -> None:
        """Cheap on purpose: a store that is down must not get the service restarted."""
        stopping = self.settings["lifecycle"].stopping
        self.answer({"ok": not stopping, "at": time.time()}, 503 if stopping else 200)
