"""A member's configurable-http-proxy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from migrator.demo.http import answers
from migrator.demo.process import Process


@dataclass(frozen=True)
class Proxy:
    """A running proxy: `public_url` is the member's front, `api_url` is where routes are set."""

    process: Process
    public_url: str
    api_url: str


async def start(
    name: str,
    command: list[str],
    *,
    ports: tuple[int, int, int],
    hub_port: int,
    token: str,
    folder: Path,
    env: dict[str, str],
) -> Proxy:
    """Start it on the ports `(public, api, metrics)`; what no route claims goes to the hub."""
    public, api, metrics = ports
    argv = [
        *command,
        "--ip=127.0.0.1",
        f"--port={public}",
        "--api-ip=127.0.0.1",
        f"--api-port={api}",
        "--metrics-ip=127.0.0.1",
        f"--metrics-port={metrics}",
        f"--default-target=http://127.0.0.1:{hub_port}",
        f"--error-target=http://127.0.0.1:{hub_port}/hub/error",
    ]
    process = Process(
        f"{name} proxy", argv, env={**env, "CONFIGPROXY_AUTH_TOKEN": token}, log=folder / "proxy.log", cwd=folder
    )
    await process.start()
    api_url = f"http://127.0.0.1:{api}"
    await process.wait_ready(lambda: answers(f"{api_url}/api/routes"))
    return Proxy(process, f"http://127.0.0.1:{public}", api_url)
