"""Starting and ending the rig's processes, and only those: each is known by its process id and its start time."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

_started: list[subprocess.Popen[bytes]] = []  # they are not to be waited for, only remembered


class RigError(Exception):
    """The rig could not do what it was asked; the message says what to do."""


def run(
    *command: object, env: Mapping[str, str] | None = None, cwd: Path | None = None, stdin: IO[bytes] | None = None
) -> str:
    """Run to its end and give its output; RigError with its last words if it fails."""
    words = [str(word) for word in command]
    done = subprocess.run(words, env=env, cwd=cwd, stdin=stdin, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RigError(f"{' '.join(words)[:300]} failed ({done.returncode}):\n{(done.stderr or done.stdout)[-2000:]}")
    return done.stdout


def works(*command: object) -> bool:
    """Whether a command ends well; what it says is of no interest."""
    words = [str(word) for word in command]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def wait_for(what: str, test: Callable[[], object], limit_s: float = 120) -> None:
    """Wait until a condition holds; RigError when it does not within the limit."""
    end = time.monotonic() + limit_s
    while not test():
        if time.monotonic() > end:
            raise RigError(f"no {what} within {limit_s:.0f} s")
        time.sleep(0.1)


def write(path: Path, text: str, mode: int = 0o644) -> Path:
    """Write a file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode)
    path.chmod(mode)
    path.write_text(text)
    return path


def spawn(folder: Path, name: str, *command: object) -> None:
    """Start a process that outlives this one, unless it runs already. Its log is NAME.log."""
    if alive(folder, name):
        return
    words = [str(word) for word in command]
    with (folder / f"{name}.log").open("a") as log:
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, start_new_session=True
        )
    _started.append(process)
    write(folder / f"{name}.pid", f"{process.pid} {_stat(process.pid)[1]}")


def alive(folder: Path, name: str) -> int | None:
    """The process id of a process started by spawn, if it still runs."""
    try:
        pid, started = (folder / f"{name}.pid").read_text().split()
    except (FileNotFoundError, ValueError):
        return None
    state, start = _stat(int(pid))
    return int(pid) if start == started and state != "Z" else None


def stop(folder: Path, name: str, sig: signal.Signals = signal.SIGTERM, limit_s: float = 10) -> None:
    """End a process started by spawn; SIGKILL if it does not go within the limit."""
    if pid := alive(folder, name):
        os.kill(pid, sig)
        try:
            wait_for(f"end of {name}", lambda: _gone(folder, name), limit_s)
        except RigError:
            os.kill(pid, signal.SIGKILL)
            wait_for(f"end of {name}", lambda: _gone(folder, name))
    (folder / f"{name}.pid").unlink(missing_ok=True)


def _gone(folder: Path, name: str) -> bool:
    return alive(folder, name) is None


def _stat(pid: int) -> tuple[str, str]:
    """State and start time of a process, empty when there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return "", ""
    return fields[0], fields[19]
