"""What a cloud says is passed on once, again if it presses more, and again after a controller was away."""

from __future__ import annotations

import json

import pytest
from tornado.httpclient import HTTPClientError
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from migrator.notice.event import Cause, Notice
from migrator.notice.machine_watch import MachineWatch


class Sky:
    """A cloud that says what it is told to."""

    def __init__(self) -> None:
        self.notice: Notice | None = None

    async def look(self) -> Notice | None:
        return self.notice


@pytest.fixture
async def controller():
    """Takes notices; `status` is what it answers."""
    heard, answer = [], {"status": 202}

    class Notices(RequestHandler):
        def post(self) -> None:
            if answer["status"] == 202:
                heard.append((self.request.headers["Authorization"], json.loads(self.request.body)))
            self.set_status(answer["status"])

    socket, port = bind_unused_port()
    server = HTTPServer(Application([(r"/v1/notices", Notices)]))
    server.add_socket(socket)
    yield f"http://127.0.0.1:{port}", heard, answer
    server.stop()
    await server.close_all_connections()


@pytest.fixture
def watch(controller):
    sky = Sky()
    return sky, MachineWatch(sky, "node-1", controller[0], "may-warn"), controller[1]


async def test_quiet_skies(watch):
    _, machine, heard = watch
    await machine.once()
    assert heard == []


async def test_a_warning_is_told_once(watch):
    sky, machine, heard = watch
    sky.notice = Notice(Cause.RECLAIMED, 1000.0, "soon")
    await machine.once()
    await machine.once()
    assert heard == [("Bearer may-warn", {"machine": "node-1", "cause": "reclaimed", "deadline": 1000.0})]


async def test_a_nearer_end_is_told_again(watch):
    sky, machine, heard = watch
    for deadline in (None, 1000.0, 500.0, 1000.0):
        sky.notice = Notice(Cause.RECLAIMED, deadline, "soon")
        await machine.once()
    assert [body["deadline"] for _, body in heard] == [None, 1000.0, 500.0]


async def test_a_controller_that_was_away_is_told_later(watch, controller):
    sky, machine, heard = watch
    sky.notice = Notice(Cause.RECLAIMED, 1000.0, "soon")
    controller[2]["status"] = 503
    with pytest.raises(HTTPClientError):
        await machine.once()
    controller[2]["status"] = 202
    await machine.once()
    assert len(heard) == 1
