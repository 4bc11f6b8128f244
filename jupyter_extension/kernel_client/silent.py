"""Runs one expression in the kernel's main thread, seen by nobody: no output, no history, no name in the namespace.

The code of the request is empty and the expression travels as a user expression: so no magic and no transformer of
the user's gets hold of it, and `_`, the history and the execution count stay as they are.

It goes over the shell channel and so waits for a cell that is running. The control channel would answer at once, but
ipykernel then runs the request in its control thread beside the cell: it swaps `input` under the cell's feet, and figures
of matplotlib would be flushed half drawn. Waiting is the safe way.
"""

from __future__ import annotations

import asyncio
import time
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient

from jupyter_extension.kernel.boundary import OURS
from jupyter_extension.kernel_client.errors import KernelBusy, KernelError, KernelNotFound, KernelNotSupported


class SilentClient:
    """A client of our own beside the page's; use as an async context manager."""

    def __init__(self, connection_file: str) -> None:
        self._file = connection_file
        self._client: AsyncKernelClient | None = None

    async def __aenter__(self) -> SilentClient:
        """Connect; KernelNotFound if the connection file is not there or is none."""
        client = AsyncKernelClient()
        try:
            client.load_connection_file(self._file)
        except FileNotFoundError as error:
            raise KernelNotFound(f"there is no connection file {self._file}: is the kernel still running?") from error
        except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
            raise KernelNotFound(f"{self._file} is not a connection file of a kernel: {error}") from error
        client.start_channels(iopub=False, stdin=False, hb=False)
        self._client = client
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect; a request that was not answered is still run by the kernel later."""
        if self._client is not None:
            self._client.stop_channels()

    async def kernel_info(self, timeout: float) -> dict[str, Any]:
        """The kernel's answer to kernel_info, from whichever channel answers first. KernelNotFound after `timeout` s."""
        client = self._open
        for channel in (client.control_channel, client.shell_channel):
            channel.send(client.session.msg("kernel_info_request", {}))
        channels = (client.control_channel, client.shell_channel)
        waiting = {asyncio.ensure_future(_reply(channel, "kernel_info_reply", timeout)) for channel in channels}
        try:
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            reply = done.pop().result()
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        if reply is None:
            raise KernelNotFound(f"no kernel answers at {self._file} within {timeout:g} s: is it still running?")
        return dict(reply["content"])

    async def evaluate(self, expression: str, timeout: float) -> None:
        """Evaluate in the main thread, when the kernel is between cells. KernelBusy after `timeout` s.

        KernelNotSupported if the kernel knows no user expressions; KernelError with the kernel's words if it raises.
        """
        client = self._open
        content = {
            "code": "",
            "silent": True,
            "store_history": False,
            "user_expressions": {OURS: expression},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        request = client.session.msg("execute_request", content, metadata={OURS: True})
        client.shell_channel.send(request)
        reply = await _reply(client.shell_channel, "execute_reply", timeout, request["header"]["msg_id"])
        if reply is None:
            raise KernelBusy(f"the kernel ran a cell for more than {timeout:g} s; try again when it is idle")
        result = (reply["content"].get("user_expressions") or {}).get(OURS)
        if result is None:
            raise KernelNotSupported("the kernel does not evaluate user expressions")
        if result.get("status") != "ok":
            raise KernelError(f"{result.get('ename')}: {result.get('evalue')}")

    @property
    def _open(self) -> AsyncKernelClient:
        if self._client is None:
            raise RuntimeError("use the client in `async with`")
        return self._client


async def _reply(channel: Any, msg_type: str, timeout: float, parent: str | None = None) -> dict[str, Any] | None:
    deadline = time.monotonic() + timeout
    while True:
        try:
            message: dict[str, Any] = await channel.get_msg(timeout=max(0.0, deadline - time.monotonic()))
        except Empty:
            return None
        same = parent is None or message["parent_header"].get("msg_id") == parent
        if message["header"]["msg_type"] == msg_type and same:
            return message
