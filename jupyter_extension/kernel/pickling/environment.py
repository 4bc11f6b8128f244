"""The process around the variables: what must be in place before any object is made again, such as the working folder and `sys.path`."""

from __future__ import annotations

import locale
import os
import sys
from pathlib import Path
from typing import Any

_OWN_VARIABLES = ("JPY_", "JUPYTER", "MIGRATOR_", "KUBERNETES_", "PYDEVD_", "HOSTNAME")


def capture() -> dict[str, Any]:
    """Give the state of the process as plain values."""
    changed, removed = _environment_changes()
    return {
        "cwd": os.getcwd(),  # noqa: PTH109 - the path as it is
        "path": [entry for entry in sys.path if isinstance(entry, str)],
        "environment": changed,
        "unset": removed,
        "recursion_limit": sys.getrecursionlimit(),
        "umask": _umask(),
        "locale": _locale(),
        "argv": _arguments(),
    }


def _environment_changes() -> tuple[dict[str, str], list[str]]:
    """Give what changed in the environment since the process started, but for variables that belong to the place and not to the session."""
    try:
        raw = Path("/proc/self/environ").read_bytes()
    except OSError:
        return {}, []
    pairs = (os.fsdecode(item).partition("=") for item in raw.split(b"\0") if b"=" in item)
    start = {name: value for name, _, value in pairs}
    changed = {
        name: value
        for name, value in os.environ.items()
        if start.get(name) != value and not name.startswith(_OWN_VARIABLES)
    }
    removed = [name for name in start if name not in os.environ and not name.startswith(_OWN_VARIABLES)]
    return changed, removed


def _arguments() -> list[str] | None:
    """Give `sys.argv` if the session changed it; None while it holds what the kernel was started with."""
    try:
        started = [os.fsdecode(word) for word in Path("/proc/self/cmdline").read_bytes().split(b"\0")[:-1]]
    except OSError:
        return None
    given = sys.argv[1:]
    return None if given and started[-len(given) :] == given else list(sys.argv)


def _umask() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("Umask:"):
            return int(line.split()[1], 8)
    return 0o022


def _locale() -> dict[str, str]:
    names = ("LC_CTYPE", "LC_COLLATE", "LC_MONETARY", "LC_NUMERIC", "LC_TIME")
    return {name: locale.setlocale(getattr(locale, name)) for name in names}


def restore(state: dict[str, Any]) -> list[str]:
    """Put the process into this state, and give a warning for each thing that could not be."""
    warnings: list[str] = []
    for name, value in state["environment"].items():
        os.environ[name] = value
    for name in state["unset"]:
        os.environ.pop(name, None)
    try:
        os.chdir(state["cwd"])
    except OSError as error:
        warnings.append(f"the working folder: {state['cwd']} cannot be entered: {error.strerror}")
    sys.path[:] = [*state["path"], *(entry for entry in sys.path if entry not in state["path"])]
    if state["argv"] is not None:
        sys.argv[:] = state["argv"]
    sys.setrecursionlimit(state["recursion_limit"])
    os.umask(state["umask"])
    return [*warnings, *filter(None, (_set_locale(name, value) for name, value in state["locale"].items()))]


def _set_locale(name: str, value: str) -> str | None:
    try:
        locale.setlocale(getattr(locale, name), value)
    except locale.Error as error:
        return f"the locale: {name}={value} cannot be set: {error}"
    return None
