"""Starts this project's services as a cluster would: by their command, with a configuration file, behind /healthz."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from migrator.demo.http import answers
from migrator.demo.process import Process


async def start(
    command: str, name: str, settings: Mapping[str, Any], *, folder: Path, env: Mapping[str, str]
) -> Process:
    """Run `migrator COMMAND` with `settings` (of its traitlets class); returns when it answers."""
    config = folder / f"{command}.py"
    config.touch(mode=0o600)
    lines = [f"c.{command.capitalize()}.{key} = {value!r}" for key, value in settings.items()]
    config.write_text("c = get_config()\n" + "\n".join(lines) + "\n")
    argv = [str(Path(sys.executable).with_name("migrator")), command, "--config", str(config)]
    process = Process(name, argv, env=env, log=folder / f"{command}.log", cwd=folder)
    await process.start()
    await process.wait_ready(lambda: answers(f"http://127.0.0.1:{settings['port']}/healthz"))
    return process
