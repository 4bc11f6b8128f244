"""Gateway, controller and redirector as processes: told to stop in the middle of a call, they answer it and end with 0."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from migrator.session import Owner, Record, SessionRecords
from migrator.session.sealing import Secrets, seal
from migrator.session.tokens import issue
from migrator.storage.opening import open_store
from tests.rigs.ports import free_ports

SECRET = "federation-secret-of-at-least-32-bytes"
SESSION = "a-session-of-this-test"
PACK = "0123456789abcdef0123456789abcdef"
RUN = "import sys; from migrator.cli import main; sys.exit(main())"
NOBODY = "http://127.0.0.1:9"
LIMIT_S = 60


@dataclass(frozen=True)
class Call:
    """A request whose body is on its way at the SIGTERM, and what must have come of it."""

    first_line: str
    token: str
    body: bytes
    status: int
    settings: dict[str, object]

    @property
    def head(self) -> bytes:
        lines = [
            f"{self.first_line} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {self.token}",
            f"Content-Length: {len(self.body)}", "Content-Type: application/x-www-form-urlencoded", "Expect: 100-continue",
        ]  # fmt: skip
        return "\r\n".join([*lines, "", ""]).encode()


def calls() -> dict[str, Call]:
    pack = issue(SECRET.encode(), "session", SESSION, 1)
    nowhere = json.dumps({"machine": "nowhere", "cause": "drain", "grace_s": 30}).encode()
    member = {"member": "a", "members": {}, "gateway_url": NOBODY, "hub_url": NOBODY, "proxy_url": NOBODY}
    hosts = {"a": {"url": NOBODY, "prime": True}}
    return {
        "gateway": Call(f"PUT /v1/objects/packs/{PACK}", pack, b"x" * 100_000, 201, {"member": "a"}),
        "controller": Call("POST /v1/notices", SECRET, nowhere, 202, member),
        "redirector": Call("POST /fresh/gh/org/repo/HEAD", "", b"x=1", 303, {"hosts": hosts}),
    }


@contextlib.contextmanager
def running(name: str, call: Call, folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The service as its operator starts it, when it answers; and its port."""
    for file in ("secret", "hub-token", "proxy-token"):
        (folder / file).write_text(SECRET)
    files = {"hub_token_file": f"{folder}/hub-token", "proxy_token_file": f"{folder}/proxy-token"}
    settings = {"store": f"file://{folder}/store", "secret_file": f"{folder}/secret", **call.settings}
    if name == "controller":
        settings.update(files)
    config = folder / "config.py"
    config.write_text("".join(f"c.{name.capitalize()}.{key} = {value!r}\n" for key, value in settings.items()))
    port = free_ports(1)[0]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", RUN, name, "--config", str(config), "--port", str(port)], stdout=log, stderr=log
        )
    try:
        until(lambda: listens(port), folder / "log")
        yield process, port
    finally:
        process.kill()
        process.wait(LIMIT_S)


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
        return True
    return False


def until(condition: Callable[[], bool], log: Path) -> None:
    end = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.02)


async def make_session(folder: Path) -> None:
    store = open_store(f"file://{folder}/store")
    sealed = seal(SECRET.encode(), SESSION, Secrets(bytes(32), "token", {}))
    record = Record(id=SESSION, epoch=1, phase="active", owner=Owner("a", "/user/x/"), sealed=sealed)
    await SessionRecords(store).create(record)
    await store.close()


@pytest.mark.parametrize("name", ["gateway", "controller", "redirector"])
def test_a_call_under_way_is_answered_and_the_service_ends_with_0(name: str, tmp_path: Path) -> None:
    asyncio.run(make_session(tmp_path))
    call, log = calls()[name], tmp_path / "log"
    with running(name, call, tmp_path) as (process, port):
        with socket.create_connection(("127.0.0.1", port), LIMIT_S) as line:
            line.sendall(call.head)
            assert line.recv(1000).startswith(b"HTTP/1.1 100 "), "it has the head, and waits for the body"
            line.sendall(call.body[:1])
            process.send_signal(signal.SIGTERM)
            until(lambda: not listens(port), log)
            assert process.poll() is None, log.read_text()
            line.sendall(call.body[1:])
            answer = http.client.HTTPResponse(line)
            answer.begin()
            assert answer.status == call.status, answer.read()
        assert process.wait(LIMIT_S) == 0, log.read_text()
    assert [json.loads(text)["message"] for text in log.read_text().splitlines()][-1] == "stopped"
    if name == "gateway":
        assert (tmp_path / f"store/sessions/{SESSION}/packs/{PACK}").stat().st_size == len(call.body)
