"""A real hub's logout: the controller is told who left with which browser, and nobody has to wait for that."""

from __future__ import annotations

import hashlib
import http.cookiejar
import http.server
import json
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from migrator.demo.nodejs import proxy_command
from tests.rigs.ports import free_ports
from tests.rigs.small_hub import SmallHub, small_hub

SECRET = "federation-secret-of-at-least-32-bytes"
HUB = """
from migrator.launch.hub_logout import telling_authenticator
c.JupyterHub.authenticator_class = telling_authenticator("http://127.0.0.1:{port}", {secret!r}, "dummy")
c.DummyAuthenticator.password = "a-long-password"
c.Authenticator.allow_all = True
"""


class Controller:
    """Stands where the controller stands; `away` until it is started."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.heard: list[dict[str, Any]] = []
        self.away = True

    def start(self) -> None:
        controller = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert (self.path, self.headers["Authorization"]) == ("/v1/logouts", f"Bearer {SECRET}")
                controller.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever).start()
        self.away = False

    def stop(self) -> None:
        if not self.away:
            self.server.shutdown()
            self.server.server_close()


@pytest.fixture
def controller() -> Iterator[Controller]:
    made = Controller(free_ports(1)[0])
    yield made
    made.stop()


@pytest.fixture
def hub(controller: Controller, tmp_path: Path) -> Iterator[SmallHub]:
    (tmp_path / "secret").write_text(SECRET)
    extra = HUB.format(port=controller.port, secret=str(tmp_path / "secret"))
    with small_hub(tmp_path / "hub", proxy_command(), extra=extra) as running:
        yield running


class Browser:
    """Of somebody who logs in to a hub, with its cookies."""

    def __init__(self, hub: SmallHub) -> None:
        self.hub, self.cookies = hub, http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def cookie(self, name: str) -> str:
        return next((str(each.value) for each in self.cookies if each.name == name), "")

    def log_in(self, user: str) -> None:
        self.get("/hub/login")
        form = {"username": user, "password": "a-long-password", "_xsrf": self.cookie("_xsrf")}
        with self.opener.open(
            f"{self.hub.public}/hub/login?next=/hub/token", urllib.parse.urlencode(form).encode(), timeout=30
        ) as answer:
            assert answer.url.endswith("/hub/token"), answer.url

    def get(self, path: str) -> int:
        with self.opener.open(self.hub.public + path, timeout=30) as answer:
            return int(answer.status)

    def page(self, path: str) -> str:
        with self.opener.open(self.hub.public + path, timeout=30) as answer:
            return str(answer.read().decode())


def heard(controller: Controller, count: int, limit: float = 60) -> list[dict[str, Any]]:
    end = time.monotonic() + limit
    while len(controller.heard) < count and time.monotonic() < end:
        time.sleep(0.05)
    return controller.heard


def test_a_logout_is_told_also_to_a_controller_that_was_away_and_so_is_a_removal(
    hub: SmallHub, controller: Controller
) -> None:
    browser = Browser(hub)
    browser.log_in("ann")
    session = browser.cookie("jupyterhub-session-id")
    assert browser.get("/hub/logout") == 200
    assert "username_input" in browser.page("/hub/login"), "the user is out, whatever the controller does"
    controller.start()
    assert heard(controller, 1) == [{"user": "ann", "session": hashlib.sha256(session.encode()).hexdigest()}]

    request = urllib.request.Request(
        f"{hub.api}/users/ann", method="DELETE", headers={"Authorization": f"token {hub.token}"}
    )
    urllib.request.urlopen(request, timeout=30).close()
    assert heard(controller, 2)[1] == {"user": "ann", "session": ""}


def test_who_is_not_logged_in_logs_nobody_out(hub: SmallHub, controller: Controller) -> None:
    controller.start()
    assert Browser(hub).get("/hub/logout") == 200
    browser = Browser(hub)
    browser.log_in("bob")
    browser.get("/hub/logout")
    assert [each["user"] for each in heard(controller, 1)] == ["bob"]
