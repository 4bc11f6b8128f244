"""Objects that every kernel has: a reference to one is saved as a reference, never as a copy of it.

They stand in the pickler's memo before it starts, so that plain dicts and lists among them need no hook that is called for every
object; each pickle begins with the opcodes that put the live ones in the same places of the unpickler's memo.
"""

from __future__ import annotations

import argparse
import builtins
import os
import sys
from typing import Any

from . import rebuild

_NAMES = ("namespace", "In", "Out", "modules", "builtins", "path", "environ", "user_global_ns", "suppress")


def capture(shell: Any) -> dict[str, Any]:
    """Give the well-known objects of this kernel by name; some names may be missing or mean the same object."""
    history = getattr(shell, "history_manager", None)
    found = {
        "namespace": shell.user_ns,
        "In": getattr(history, "input_hist_parsed", None),
        "Out": getattr(history, "output_hist", None),
        "modules": sys.modules,
        "builtins": vars(builtins),
        "path": sys.path,
        "environ": os.environ,
        "user_global_ns": getattr(shell, "user_global_ns", None),
        "suppress": argparse.SUPPRESS,  # a string that parsers know by its identity
    }
    return {name: found[name] for name in _NAMES if found[name] is not None}


def distinct(specials: dict[str, Any]) -> dict[str, Any]:
    """Leave out the names that mean the same object as an earlier one."""
    seen: set[int] = set()
    return {name: value for name, value in specials.items() if not (id(value) in seen or seen.add(id(value)))}  # type: ignore[func-returns-value]


def prelude(names: list[str]) -> bytes:
    """Give the opcodes that memoise `rebuild.special` (as 0) and what it gives for each name, in order."""
    opcodes = [b"\x80\x05c", f"{__package__}.rebuild".encode(), b"\nspecial\n\x940"]
    for name in names:
        text = name.encode()
        opcodes.append(b"h\x00\x8c" + bytes([len(text)]) + text + b"\x85R\x940")
    return b"".join(opcodes)


def memo(specials: dict[str, Any]) -> dict[int, tuple[int, Any]]:
    """Give the memo that a pickler starts with, which `prelude(list(specials))` mirrors."""
    known = {id(rebuild.special): (0, rebuild.special)}
    known.update((id(value), (number, value)) for number, value in enumerate(specials.values(), 1))
    return known
