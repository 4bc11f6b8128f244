"""`python -m migrator.demo.binderhub SETTINGS.json` serves one member's stand-in until SIGTERM."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
from pathlib import Path

from tornado.web import Application

from migrator.demo.binderhub.build import BuildHandler
from migrator.demo.binderhub.launcher import Launcher
from migrator.demo.binderhub.pages import FrontHandler, LinkHandler
from migrator.demo.binderhub.reports import HealthHandler, VersionsHandler


def application(settings: dict[str, str]) -> Application:
    """The web application; `settings`: hub_api, hub_public, token, machine_file."""
    launcher = Launcher(settings["hub_api"], settings["hub_public"], settings["token"])
    machine_file = Path(settings["machine_file"])
    return Application(
        [
            (r"/", FrontHandler),
            (r"/v2/([^/]+)/(.+)", LinkHandler),
            (r"/build/([^/]+)/(.+)", BuildHandler, {"launcher": launcher}),
            (r"/health", HealthHandler, {"launcher": launcher, "machine_file": machine_file}),
            (r"/versions", VersionsHandler),
        ]
    )


async def main(settings: dict[str, str]) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = application(settings).listen(int(settings["port"]), "127.0.0.1", xheaders=True)
    await stop.wait()
    server.stop()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_text())))
