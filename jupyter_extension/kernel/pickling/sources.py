"""The source of the user's functions: tracebacks and `inspect` show it, and another minor version of Python compiles it again."""

from __future__ import annotations

import linecache
import types
from pathlib import Path
from typing import Any, Iterable

_MOST = 4 << 20  # characters


def capture(filenames: Iterable[str]) -> dict[str, Any]:
    """Give the entries of linecache for code that stands in no file."""
    kept: dict[str, Any] = {}
    size = 0
    for name in sorted(filenames):
        entry: Any = linecache.cache.get(name)
        if entry is None or len(entry) != 4 or Path(name).is_file():
            continue
        size += sum(map(len, entry[2]))
        if size <= _MOST:
            kept[name] = (entry[0], list(entry[2]))
    return kept


def restore(kept: dict[str, Any]) -> None:
    """Put such entries back; without a time of change linecache never drops them."""
    for name, (length, lines) in kept.items():
        entry = (length, None, lines, name)
        linecache.cache[name] = entry
        interactive = getattr(linecache, "_ipython_cache", None)
        if interactive is not None:
            interactive[name] = entry


def recompile(filename: str, name: str, line: int) -> types.CodeType:
    """Compile a cell again, and give the code object of the function that begins at this line; ValueError if there is none."""
    source = "".join(linecache.getlines(filename))
    pending = [compile(source, filename, "exec", dont_inherit=True)]
    while pending:
        code = pending.pop()
        if code.co_name == name and code.co_firstlineno == line:
            return code
        pending += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    raise ValueError(f"the source of {name} ({filename}) is not at hand: another Python cannot compile it again")
