"""Names of files: as text in a snapshot (any bytes survive), and checked before anything is written under them."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Iterable, Pattern
from urllib.parse import quote_from_bytes, unquote_to_bytes

from jupyter_extension.errors import BadName

QUOTED = "%"


def to_text(path: str) -> str:
    """A path as text that JSON can carry; one that isn't UTF-8 is percent-quoted behind a `%/`."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return f"{QUOTED}/{quote_from_bytes(os.fsencode(path))}"
    return path


def from_text(text: str) -> str:
    """Undo `to_text`."""
    if text.startswith(QUOTED + "/"):
        return os.fsdecode(unquote_to_bytes(text[2:]))
    return text


def checked(relative: str) -> str:
    """A relative path without tricks, or BadName: nothing outside its root may be named."""
    parts = relative.split("/")
    if not relative or relative.startswith("/") or "\0" in relative or any(p in ("", ".", "..") for p in parts):
        raise BadName(f"{relative!r} is no path inside a folder; the snapshot is not ours")
    return relative


class SafeFolder:
    """Resolves names below a root; refuses to go through a symbolic link that leads out of it."""

    def __init__(self, root: str) -> None:
        self.root = os.path.realpath(root)
        self._known: dict[str, bool] = {}

    def resolve(self, relative: str) -> Path:
        """The absolute path of a checked name, whose folder really lies below the root. Raises BadName."""
        path = Path(self.root, checked(relative))
        parent = str(path.parent)
        if parent not in self._known:
            real = os.path.realpath(parent)
            self._known[parent] = real == self.root or real.startswith(self.root.rstrip("/") + "/")
        if not self._known[parent]:
            raise BadName(f"{relative!r} leads out of {self.root} through a symbolic link; it was not restored")
        return path

    def forget(self) -> None:
        """Links were made or removed: look again."""
        self._known.clear()


def glob_pattern(globs: Iterable[str]) -> Pattern[str]:
    """One expression for many globs; `**/` matches any folders or none, `*` stays within a name."""
    return re.compile("|".join(f"(?:{_translate(g)})" for g in globs) or r"(?!)")


def _translate(glob: str) -> str:
    out: list[str] = []
    rest = glob.strip("/")
    while rest:
        for token, regex in (("**/", "(?:[^/]+/)*"), ("**", ".*"), ("*", "[^/]*"), ("?", "[^/]")):
            if rest.startswith(token):
                out.append(regex)
                rest = rest[len(token) :]
                break
        else:
            out.append(re.escape(rest[0]))
            rest = rest[1:]
    return "".join(out)
