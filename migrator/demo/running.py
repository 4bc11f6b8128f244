"""The life of `migrator demo` in a terminal: progress, the addresses, and an end that cleans up."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import time
import webbrowser
from collections.abc import Callable
from pathlib import Path

from migrator.demo import state
from migrator.demo.actions import Actions
from migrator.demo.binderhub.pages import EXAMPLE
from migrator.demo.federation import Federation
from migrator.demo.plan import Options
from migrator.demo.status import app


def run(folder: str | None, options: Options, *, browser: bool) -> int:
    """Run until SIGINT or SIGTERM: 0. Raises `DemoError`; the folder with the logs is kept then."""
    place = state.new_folder(folder)
    asyncio.run(_run(place, options, browser=browser))
    if folder is None:
        shutil.rmtree(place, ignore_errors=True)
    return 0


async def _run(place: Path, options: Options, *, browser: bool) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    stopped = asyncio.create_task(stop.wait())
    life = asyncio.create_task(live(place, options, progress(), ready=lambda demo: _announce(demo, browser=browser)))
    await asyncio.wait([life, stopped], return_when=asyncio.FIRST_COMPLETED)
    if stop.is_set():
        _say("ending everything that this demo started ...")
        life.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await life
        return
    stopped.cancel()
    await life


async def live(place: Path, options: Options, tell: Callable[[str], None], ready: Callable[[Federation], None]) -> None:
    """Run a demo in `place` until cancelled; `ready` is called once it can be used. Raises `DemoError`."""
    async with Federation(place, options, tell) as federation:
        server = app.listen(
            Actions(federation),
            port=federation.plan.status_port,
            token=federation.plan.status_token,
            link=federation.plan.redirector_url + EXAMPLE,
        )
        _state_of(federation).write()
        ready(federation)
        try:
            await federation.watch()
        finally:
            server.stop()
            (place / state.FILE).unlink(missing_ok=True)


def _state_of(federation: Federation) -> state.DemoState:
    plan = federation.plan
    return state.DemoState(
        pid=os.getpid(),
        started=time.time(),
        folder=str(plan.folder),
        url=plan.redirector_url,
        status_url=plan.status_url,
        status_token=plan.status_token,
    )


def _announce(federation: Federation, *, browser: bool) -> None:
    plan = federation.plan
    link = plan.redirector_url + EXAMPLE
    status = f"{plan.status_url}/?token={plan.status_token}"
    _say(f"\n  A session:    {link}\n  Status page:  {status}\n  Logs:         {plan.folder}\n")
    _say("In another terminal: `migrator demo preempt`, `migrator demo status`. Ctrl-C ends the demo.")
    if browser and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        webbrowser.open(status)
        webbrowser.open(link)


def progress() -> Callable[[str], None]:
    """Prints lines with the seconds since now."""
    begin = time.monotonic()
    return lambda line: _say(f"[{time.monotonic() - begin:5.1f} s] {line}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
