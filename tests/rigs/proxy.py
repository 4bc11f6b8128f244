"""A real configurable-http-proxy for tests."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
import urllib.request
from collections.abc import Iterator

from migrator.demo.nodejs import proxy_command
from tests.rigs.ports import free_ports
from tests.rigs.small_hub import PROXY_TOKEN


@contextlib.contextmanager
def running_proxy(
    port: int | None = None, api: int | None = None
) -> Iterator[tuple[str, str, subprocess.Popen[bytes]]]:
    """`(public URL, API URL, process)` of a proxy without any hub."""
    chosen = free_ports(2)
    port, api = port or chosen[0], api or chosen[1]
    process = subprocess.Popen(
        [*proxy_command(), "--ip", "127.0.0.1", "--port", str(port), "--api-ip", "127.0.0.1", "--api-port", str(api)],
        env={**os.environ, "CONFIGPROXY_AUTH_TOKEN": PROXY_TOKEN},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(api)
        yield f"http://127.0.0.1:{port}", f"http://127.0.0.1:{api}", process
    finally:
        process.kill()
        process.wait(20)


def _wait(api: int) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{api}/api/routes", headers={"Authorization": f"token {PROXY_TOKEN}"}
    )
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with contextlib.suppress(OSError), urllib.request.urlopen(request, timeout=5):
            return
        time.sleep(0.05)
    raise RuntimeError("the proxy did not start")
