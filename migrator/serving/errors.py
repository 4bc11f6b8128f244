"""What a service answers when it cannot do what was asked.

ApiError            any of them: an HTTP status, a code for programs, a message that says what to do
└── Unavailable     trying again later helps (503 with Retry-After)
"""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """`{"error": code, "message": message, **details}` with `status`."""

    def __init__(self, status: int, code: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.details = details

    @property
    def body(self) -> dict[str, Any]:
        """The JSON answer."""
        return {"error": self.code, "message": str(self), **self.details}


class Unavailable(ApiError):
    """Something behind this service does not answer now; `retry_after` is in seconds."""

    def __init__(self, code: str, message: str, retry_after: int = 2) -> None:
        super().__init__(503, code, message)
        self.retry_after = retry_after
