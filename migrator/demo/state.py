"""Where running demos are found: one folder each under the user's state folder, with a `demo.json` in it."""

from __future__ import annotations

import json
import os
import secrets
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from migrator.demo.errors import DemoError, NoDemo

FILE = "demo.json"


@dataclass(frozen=True)
class DemoState:
    """What another process needs to talk to a running demo."""

    pid: int
    started: float
    folder: str
    url: str
    """The redirector's."""
    status_url: str
    status_token: str

    @property
    def alive(self) -> bool:
        """Whether that demo still runs; its process id may have been taken over by something else."""
        try:
            return b"demo" in Path(f"/proc/{self.pid}/cmdline").read_bytes()
        except OSError:
            return False

    def write(self) -> None:
        """Into the demo's folder, whole or not at all."""
        target = Path(self.folder) / FILE
        half = target.with_suffix(".new")
        half.touch(mode=0o600)
        half.write_text(json.dumps(asdict(self), indent=1))
        half.rename(target)


def base() -> Path:
    """The folder of all demos of this user."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state"
    return Path(state) / "session-migrator/demo"


def new_folder(chosen: str | None) -> Path:
    """An empty private folder for a new demo; raises `DemoError` if the chosen one is in use."""
    folder = Path(chosen).resolve() if chosen else base() / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if any(folder.iterdir()):
        raise DemoError(f"{folder} is not empty: choose another folder, or remove it")
    return folder


def find(folder: str | None) -> DemoState:
    """The demo of `folder`, or the one started last; raises `NoDemo` if none runs."""
    places = [Path(folder)] if folder else list(base().glob("*"))
    running = [state for place in places if (state := _read(place / FILE)) and state.alive]
    if not running:
        raise NoDemo("no demo is running here: start one with `migrator demo`")
    return max(running, key=lambda state: state.started)


def _read(path: Path) -> DemoState | None:
    try:
        return DemoState(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):  # gone, half removed, or of another version
        return None
