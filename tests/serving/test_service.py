from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from migrator.gateway.settings import Gateway
from migrator.serving.client import NoAnswer, Refused, ServiceClient, Unreachable
from migrator.serving.errors import ApiError
from migrator.serving.handler import ApiHandler
from migrator.serving.logs import JsonFormatter, about
from migrator.serving.service import Service
from migrator.serving.settings import ServiceSettings, SettingsError
from tests.rigs.ports import free_ports


class SlowHandler(ApiHandler):
    async def get(self) -> None:
        self.settings["begun"].set()
        await asyncio.sleep(0.3)
        self.answer({"done": True})


class FaultHandler(ApiHandler):
    def get(self) -> None:
        raise RuntimeError("a fault of ours")

    def post(self) -> None:
        raise ApiError(409, "busy", "wait", more=1)


async def test_work_under_way_is_finished_and_no_more_is_taken() -> None:
    begun = asyncio.Event()
    service = Service(ServiceSettings())
    await service.start([("/slow", SlowHandler)], begun=begun)
    client = ServiceClient(service.url)
    call = asyncio.create_task(client.call("GET", "/slow"))
    await begun.wait()
    await service.stop()
    assert (await call).data == {"done": True}
    with pytest.raises(Unreachable):
        await client.call("GET", "/healthz")


async def test_errors_are_json_and_told_apart(caplog: pytest.LogCaptureFixture) -> None:
    service = Service(ServiceSettings())
    await service.start([("/fault", FaultHandler), ("/slow", SlowHandler)], begun=asyncio.Event())
    client = ServiceClient(service.url)
    with pytest.raises(Refused) as caught:
        await client.call("POST", "/fault")
    assert (caught.value.status, caught.value.data) == (409, {"error": "busy", "message": "wait", "more": 1})
    assert "Traceback" not in caplog.text
    for path, status in (("/fault", 500), ("/nothing", 404)):
        with pytest.raises(Refused) as caught:
            await client.call("GET", path)
        assert (caught.value.status, bool(caught.value.code)) == (status, True)
    with pytest.raises(NoAnswer):
        await client.call("GET", "/slow", timeout=0.1)
    metrics = str((await client.call("GET", "/metrics")).data)
    assert 'migrator_requests_total{handler="FaultHandler",method="POST",status="409"} 1.0' in metrics
    await service.stop()


async def test_a_loop_that_fails_is_logged_and_starts_again(caplog: pytest.LogCaptureFixture) -> None:
    service, rounds = Service(ServiceSettings()), asyncio.Queue[int]()

    async def loop() -> None:
        rounds.put_nowait(1)
        raise RuntimeError("once more")

    service.background(loop, "the loop")
    async with asyncio.timeout(60):
        await rounds.get()
        await rounds.get()
    assert "the loop failed" in caplog.text
    await service.stop()


def test_logs_name_the_session() -> None:
    record = logging.LogRecord("x", logging.INFO, __file__, 1, "moved %s", ("there",), None)
    with about("session-1"):
        line = json.loads(JsonFormatter("gateway").format(record))
    assert (line["session"], line["message"], line["service"]) == ("session-1", "moved there", "gateway")
    assert "session" not in json.loads(JsonFormatter("gateway").format(record))


def test_settings_come_from_the_file_and_then_from_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "config.py"
    file.write_text("c.Gateway.lease_s = 5.0\nc.Gateway.member = 'a'\nc.Other.x = 1\n")
    settings = Gateway.read(str(file), ["lease_s=7", "port=0"])
    assert (settings.lease_s, settings.member) == (7.0, "a")


@pytest.mark.parametrize(
    ("text", "overrides", "message"),
    [
        ("c.Gateway.lease = 5", [], "no setting 'lease'"),
        ("c.Gateway.lease_s = 'x'", [], "lease_s"),
        ("1/0", [], "division"),
        ("", ["lease_s"], "NAME=VALUE"),
    ],
)
def test_wrong_settings_are_told_by_name(tmp_path: Path, text: str, overrides: list[str], message: str) -> None:
    file = tmp_path / "config.py"
    file.write_text(text)
    with pytest.raises(SettingsError, match=message):
        Gateway.read(str(file), overrides)


def test_a_secret_must_be_there_and_long_enough(tmp_path: Path) -> None:
    (tmp_path / "short").write_text("short")
    for file, message in (("", "must name"), ("nothing", "cannot read"), ("short", "at least 32")):
        with pytest.raises(SettingsError, match=message):
            Gateway(secret_file=str(tmp_path / file) if file else "").secret()


def test_a_service_ends_with_0_on_sigterm_and_with_1_and_a_line_without_its_secret(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s" * 40)
    port = free_ports(1)[0]
    run = [sys.executable, "-c", "import sys; from migrator.cli import main; sys.exit(main())", "gateway"]
    given = ["--port", str(port), "--set", f"store=file://{tmp_path}/store"]
    bad = subprocess.run([*run, *given], capture_output=True, text=True, timeout=60, check=False)
    assert bad.returncode == 1
    assert bad.stderr.splitlines()[-1].startswith("migrator gateway: Gateway.secret_file must name")

    process = subprocess.Popen([*run, *given, "--set", f"secret_file={tmp_path}/secret"], stderr=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                assert answer.status == 200
                break
        except OSError:
            time.sleep(0.1)
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(60) == 0
