"""What a cloud says, on the machine itself, about taking that machine away.

AWS    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html, IMDSv2; two minutes
GCE    https://cloud.google.com/compute/docs/instances/create-use-preemptible#handle_preemption; 30 seconds
Azure  https://learn.microsoft.com/azure/virtual-machines/linux/scheduled-events; 30 seconds at least

Each `look` answers what holds now: a `Notice` without a machine's name, or None. It raises `CloudError` when the endpoint does
not answer as documented.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest

from migrator.notice.event import Cause, Notice

LINK_LOCAL = "http://169.254.169.254"
GCE_NOTICE_S = 25.0
"""Of the 30 s that GCE gives, up to 5 pass between two looks."""


class CloudError(Exception):
    """The metadata endpoint did not answer, or not as documented. Trying again helps if it is only busy."""


class Cloud(Protocol):
    """One provider's endpoint."""

    async def look(self) -> Notice | None:
        """What it says now."""


class Endpoint:
    """Reads one address; `url` may be replaced to look at another machine's."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._client = AsyncHTTPClient()

    async def text(self, path: str, headers: Mapping[str, str], method: str = "GET") -> str | None:
        """The answer, or None where there is nothing (404).

        Raises:
            CloudError.
        """
        body = "" if method == "PUT" else None
        request = HTTPRequest(
            self._url + path, method=method, headers=dict(headers), body=body, connect_timeout=2.0, request_timeout=5.0
        )
        try:
            return (await self._client.fetch(request)).body.decode()
        except HTTPClientError as error:
            if error.code == 404:
                return None
            raise CloudError(f"{self._url}{path} answered {error.code}: {error.message}") from error
        except OSError as error:
            raise CloudError(f"{self._url}{path}: {error}; does this machine let pods reach its metadata?") from error


class Aws:
    """EC2: the interruption of a spot instance, and the hint that one is near."""

    def __init__(self, url: str = LINK_LOCAL) -> None:
        self._endpoint = Endpoint(url)

    async def look(self) -> Notice | None:
        """The interruption counts more than the hint."""
        lifetime = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
        token = await self._endpoint.text("/latest/api/token", lifetime, "PUT")
        headers = {"X-aws-ec2-metadata-token": token or ""}
        action = _object(await self._endpoint.text("/latest/meta-data/spot/instance-action", headers))
        if action:
            detail = f"spot instance-action: {action['action']}"
            return Notice(Cause.RECLAIMED, _iso(str(action["time"])), detail)
        hint = await self._endpoint.text("/latest/meta-data/events/recommendations/rebalance", headers)
        return Notice(Cause.AT_RISK, None, "rebalance recommendation") if hint else None


class Gce:
    """Compute Engine: preemption, and maintenance that ends the machine."""

    def __init__(self, url: str = "http://metadata.google.internal") -> None:
        self._endpoint = Endpoint(url)
        self._since: float | None = None

    async def look(self) -> Notice | None:
        """Only a flag, without a time: the deadline counts from when it was first seen."""
        headers = {"Metadata-Flavor": "Google"}
        base = "/computeMetadata/v1/instance"
        if (await self._endpoint.text(f"{base}/preempted", headers) or "").strip() == "TRUE":
            self._since = self._since or time.time()
            return Notice(Cause.RECLAIMED, self._since + GCE_NOTICE_S, "the instance was preempted")
        event = (await self._endpoint.text(f"{base}/maintenance-event", headers) or "").strip()
        if event == "TERMINATE_ON_HOST_MAINTENANCE":
            return Notice(Cause.MAINTENANCE, None, event)
        return None


AZURE_ENDING = {
    "Preempt": Cause.RECLAIMED,
    "Terminate": Cause.SCALED_DOWN,
    "Redeploy": Cause.MAINTENANCE,
    "Reboot": Cause.MAINTENANCE,
}


class Azure:
    """Scheduled events; only those that end the machine or what it remembers."""

    def __init__(self, url: str = LINK_LOCAL) -> None:
        self._endpoint = Endpoint(url)
        self._name = ""

    async def look(self) -> Notice | None:
        """The first of the events that name this machine."""
        headers = {"Metadata": "true"}
        if not self._name:
            path = "/metadata/instance/compute/name?api-version=2021-02-01&format=text"
            self._name = (await self._endpoint.text(path, headers) or "").strip()
        answer = await self._endpoint.text("/metadata/scheduledevents?api-version=2020-07-01", headers)
        events = [event for event in _object(answer).get("Events", []) if self._is_ours(event)]
        return min((self._notice(event) for event in events), key=_deadline, default=None)

    def _is_ours(self, event: dict[str, Any]) -> bool:
        return event.get("EventType") in AZURE_ENDING and self._name in event.get("Resources", [])

    def _notice(self, event: dict[str, Any]) -> Notice:
        """An event that has started has no `NotBefore` any more: it is now."""
        at = parsedate_to_datetime(event["NotBefore"]).timestamp() if event.get("NotBefore") else time.time()
        return Notice(
            AZURE_ENDING[event["EventType"]], at, f"{event['EventType']} {event.get('EventStatus', '')}".strip()
        )


CLOUDS: dict[str, Callable[..., Cloud]] = {"aws": Aws, "gce": Gce, "azure": Azure}


def _deadline(notice: Notice) -> float:
    return notice.deadline or float("inf")


def _iso(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def _object(text: str | None) -> dict[str, Any]:
    if not text:
        return {}
    try:
        value = json.loads(text)
    except ValueError as error:
        raise CloudError(f"the metadata endpoint answered no JSON: {text[:100]!r}") from error
    return value if isinstance(value, dict) else {}
