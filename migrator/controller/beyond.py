"""Calls to pods of other members: these may be in networks that nobody else reaches, so that their own controllers pass them on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from migrator.serving.client import Answer, NoAnswer, Refused, ServiceClient, Unreachable
from migrator.serving.errors import ApiError

UNREACHABLE, NO_ANSWER = "pod_unreachable", "pod_no_answer"
HOP_S = 1.0
NOBODY = {502, 503, 504}
"""What an ingress says in place of a controller that is not there."""
UNKNOWN = 404
"""What a controller says that is too old for this call."""


@dataclass(frozen=True)
class PodBeyond:
    """A pod as `Pod` calls it. `directly` is the last resort: without their controllers some networks still lead there."""

    controller: ServiceClient
    session: str
    epoch: int
    directly: ServiceClient

    async def call(self, method: str, path: str, body: Any = None, *, timeout: float) -> Answer:
        """As `ServiceClient.call`, with the errors that the pod itself would give."""
        wish = {"epoch": self.epoch, "method": method, "path": path, "body": body, "limit_s": timeout}
        try:
            answer = await self.controller.call(
                "POST", f"/v1/sessions/{self.session}/pod", wish, timeout=timeout + HOP_S
            )
        except Unreachable:
            return await self.directly.call(method, path, body, timeout=timeout)
        except Refused as error:
            if error.code in {UNREACHABLE, NO_ANSWER}:
                raise (Unreachable if error.code == UNREACHABLE else NoAnswer)(str(error)) from error
            if error.status == UNKNOWN or (error.status in NOBODY and not error.code):
                return await self.directly.call(method, path, body, timeout=timeout)
            raise
        return Answer(answer.status, answer.data["answer"], answer.headers)


async def passed_on(pod: ServiceClient, wish: Mapping[str, Any]) -> Any:
    """What a pod here answers to a wish of another member's controller.

    Raises:
        ApiError: as the pod said, or `pod_unreachable`, `pod_no_answer`.
    """
    try:
        answer = await pod.call(wish["method"], wish["path"], wish["body"], timeout=wish["limit_s"])
    except Refused as error:
        raise ApiError(error.status, error.code or "refused", str(error)) from error
    except Unreachable as error:
        raise ApiError(502, UNREACHABLE, str(error)) from error
    except NoAnswer as error:
        raise ApiError(504, NO_ANSWER, str(error)) from error
    return answer.data
