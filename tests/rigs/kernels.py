"""Real kernels for tests: started by their interpreter, spoken to over their own channels."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient

LIMIT_S = 120.0


@dataclass
class Outcome:
    """What became of one cell."""

    status: str
    messages: list[dict[str, Any]] = field(default_factory=list)
    reply: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """What it printed."""
        return "".join(m["content"]["text"] for m in self.messages if m["header"]["msg_type"] == "stream")


class LiveKernel:
    """One kernel process and a client of the page's kind."""

    def __init__(self, process: subprocess.Popen[bytes], connection_file: Path, log: Path) -> None:
        self.process = process
        self.connection_file = str(connection_file)
        self.log = log
        self.client = AsyncKernelClient()

    @classmethod
    async def start(
        cls,
        folder: Path,
        *,
        python: str = sys.executable,
        command: tuple[str, ...] = (),
        name: str = "kernel",
        arguments: tuple[str, ...] = (),
    ) -> LiveKernel:
        """Start a kernel in `folder` and wait until it answers."""
        connection_file, log = folder / f"{name}.json", folder / f"{name}.log"
        launcher = command or (python, "-m", "ipykernel_launcher")
        with log.open("wb") as out:
            process = subprocess.Popen(  # noqa: ASYNC220 - returns at once
                [*launcher, "-f", str(connection_file), *arguments],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        kernel = cls(process, connection_file, log)
        await until(lambda: _is_json(connection_file) or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        kernel.client.load_connection_file(str(connection_file))
        kernel.client.start_channels(stdin=False)
        await kernel._ready()
        return kernel

    async def _ready(self) -> None:
        """Until it answers on both channels; a connection file is there before its kernel, and subscribing takes its time."""
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline and self.process.poll() is None:
            asked = self.client.kernel_info()
            with contextlib.suppress(Empty):
                await _answer(self.client.get_shell_msg, asked)
                await _answer(self.client.get_iopub_msg, asked)
                return
        raise AssertionError(self.log.read_text())

    def begin(self, code: str) -> str:
        """Send a cell and return its msg_id at once."""
        return self.client.execute(code, allow_stdin=False)

    async def end(self, msg_id: str) -> Outcome:
        """Wait for reply and idle of a cell."""
        outcome = Outcome("")
        while True:
            message = await self.client.get_iopub_msg(timeout=LIMIT_S)
            if message["parent_header"].get("msg_id") != msg_id:
                continue
            outcome.messages.append(message)
            if message["content"].get("execution_state") == "idle":
                break
        while outcome.reply.get("parent_header", {}).get("msg_id") != msg_id:
            outcome.reply = await self.client.get_shell_msg(timeout=LIMIT_S)
        outcome.status = outcome.reply["content"]["status"]
        return outcome

    async def run(self, code: str) -> Outcome:
        """Run a cell to its end; AssertionError with the traceback if it fails."""
        outcome = await self.end(self.begin(code))
        assert outcome.status == "ok", "\n".join(outcome.reply["content"].get("traceback", ["aborted"]))
        return outcome

    async def value(self, expression: str) -> Any:
        """A literal (numbers, strings, containers of these) of the kernel, asked for without leaving a trace."""
        message = self.client.session.msg(
            "execute_request",
            {"code": "", "silent": True, "store_history": False, "user_expressions": {"v": f"repr({expression})"}},
        )
        self.client.shell_channel.send(message)
        while True:
            reply = await self.client.get_shell_msg(timeout=LIMIT_S)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                break
        result = reply["content"]["user_expressions"]["v"]
        assert result["status"] == "ok", result
        return ast.literal_eval(ast.literal_eval(result["data"]["text/plain"]))

    async def stray_messages(self) -> list[dict[str, Any]]:
        """What has arrived on iopub and belongs to no cell that was waited for; statuses left out."""
        stray = []
        while await self.client.iopub_channel.msg_ready():
            message = await self.client.get_iopub_msg(timeout=LIMIT_S)
            if message["header"]["msg_type"] != "status":
                stray.append(message)
        return stray

    async def close(self) -> None:
        """End the kernel."""
        self.client.stop_channels()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        await asyncio.to_thread(self.process.wait)


async def _answer(receive: Any, msg_id: str) -> None:
    """Read until a message that answers `msg_id`; Empty if a second passes without any."""
    while (await receive(timeout=1))["parent_header"].get("msg_id") != msg_id:
        pass


async def until(condition: Any, limit_s: float = LIMIT_S) -> None:
    """Wait until `condition()` is true; AssertionError after `limit_s` seconds."""
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        await asyncio.sleep(0.02)


def _is_json(path: Path) -> bool:
    try:
        json.loads(path.read_text())
    except (OSError, ValueError):
        return False
    return True
