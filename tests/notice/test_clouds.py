"""The clouds' metadata endpoints, played by a server that answers what their documentation says."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from migrator.notice.clouds import Aws, Azure, CloudError, Gce
from migrator.notice.event import Cause

SOON = "2030-01-01T00:02:00Z"
SOON_S = 1893456120.0


class Endpoint:
    """Answers by path; None is 404. What a real one insists on (tokens, headers) is insisted on."""

    def __init__(self) -> None:
        self.answers: dict[str, str | None] = {}
        self.required: dict[str, str] = {}
        socket, port = bind_unused_port()
        self.url = f"http://127.0.0.1:{port}"
        self._server = HTTPServer(Application([(r"(/.*)", self._handler())]))
        self._server.add_socket(socket)

    async def close(self) -> None:
        self._server.stop()
        await self._server.close_all_connections()

    def _handler(self) -> type[RequestHandler]:
        endpoint = self

        class Handler(RequestHandler):
            def prepare(self) -> None:
                if self.request.path != "/latest/api/token":
                    for name, value in endpoint.required.items():
                        if self.request.headers.get(name) != value:
                            self.send_error(401)
                            return

            def get(self, path: str) -> None:
                answer = endpoint.answers.get(path)
                self.send_error(404) if answer is None else self.finish(answer)

            put = get

        return Handler


@pytest.fixture
async def endpoint():
    endpoint = Endpoint()
    yield endpoint
    await endpoint.close()


@pytest.fixture
def aws(endpoint) -> Aws:
    endpoint.answers["/latest/api/token"] = "token-1"
    endpoint.required = {"X-aws-ec2-metadata-token": "token-1"}
    return Aws(endpoint.url)


def azure_event(**changes: Any) -> str:
    event = {
        "EventType": "Preempt",
        "Resources": ["vm-1"],
        "EventStatus": "Scheduled",
        "NotBefore": "Tue, 01 Jan 2030 00:02:00 GMT",
        **changes,
    }
    return json.dumps({"DocumentIncarnation": 1, "Events": [event]})


async def test_aws_is_quiet(aws):
    assert await aws.look() is None


async def test_aws_interrupts(aws, endpoint):
    endpoint.answers["/latest/meta-data/spot/instance-action"] = json.dumps({"action": "terminate", "time": SOON})
    notice = await aws.look()
    assert (notice.cause, notice.deadline) == (Cause.RECLAIMED, SOON_S)


async def test_aws_hints(aws, endpoint):
    endpoint.answers["/latest/meta-data/events/recommendations/rebalance"] = json.dumps({"noticeTime": SOON})
    notice = await aws.look()
    assert (notice.cause, notice.deadline) == (Cause.AT_RISK, None)


async def test_gce_counts_from_when_it_was_first_seen(endpoint):
    endpoint.required = {"Metadata-Flavor": "Google"}
    base = "/computeMetadata/v1/instance"
    endpoint.answers = {f"{base}/preempted": "FALSE", f"{base}/maintenance-event": "NONE"}
    gce = Gce(endpoint.url)
    assert await gce.look() is None
    endpoint.answers[f"{base}/preempted"] = "TRUE"
    first = await gce.look()
    assert first.cause is Cause.RECLAIMED
    assert time.time() < first.deadline <= time.time() + 30
    assert (await gce.look()).deadline == first.deadline


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({}, Cause.RECLAIMED),
        ({"EventType": "Redeploy"}, Cause.MAINTENANCE),
        ({"EventType": "Terminate"}, Cause.SCALED_DOWN),
    ],
)
async def test_azure_schedules(endpoint, changes, cause):
    endpoint.required = {"Metadata": "true"}
    endpoint.answers = {"/metadata/instance/compute/name": "vm-1", "/metadata/scheduledevents": azure_event(**changes)}
    notice = await Azure(endpoint.url).look()
    assert (notice.cause, notice.deadline) == (cause, SOON_S)


@pytest.mark.parametrize("changes", [{"Resources": ["vm-2"]}, {"EventType": "Freeze"}])
async def test_azure_means_others_or_harmless_things(endpoint, changes):
    endpoint.answers = {"/metadata/instance/compute/name": "vm-1", "/metadata/scheduledevents": azure_event(**changes)}
    assert await Azure(endpoint.url).look() is None


async def test_an_event_that_has_started_is_now(endpoint):
    event = azure_event(NotBefore="", EventStatus="Started")
    endpoint.answers = {"/metadata/instance/compute/name": "vm-1", "/metadata/scheduledevents": event}
    assert (await Azure(endpoint.url).look()).deadline <= time.time()


async def test_nonsense_is_an_error_that_says_so(aws, endpoint):
    endpoint.answers["/latest/meta-data/spot/instance-action"] = "<html>"
    with pytest.raises(CloudError, match="no JSON"):
        await aws.look()


async def test_a_closed_endpoint_is_an_error_that_says_what_to_check():
    socket, port = bind_unused_port()
    socket.close()
    with pytest.raises(CloudError, match="let pods reach its metadata"):
        await Gce(f"http://127.0.0.1:{port}").look()
