"""A kernel's whole state as named parts, and back: every variable comes back right, or is named with a reason.

`dump` runs in a forked child of the kernel, `load` in the main thread of a fresh one. Both need the standard library only and import
nothing that the user has not imported, but for what the pickles themselves name.
"""

from __future__ import annotations

import gc
from typing import Any, Callable

from . import beforefork as beforefork  # registers its hook
from .lost import Lost, LostError

__all__ = ["Lost", "LostError", "dump", "load"]


def dump(
    shell: Any,
    sink: Any,
    *,
    skip: frozenset[str] = frozenset(),
    progress: Callable[[str], None] = lambda _name: None,
    walk: Any = None,
) -> dict[str, Any]:
    """Save the state of the kernel of this shell into a sink.

    `sink.add(name, buffers)` takes each part. `progress(name)` is called before each piece of work, so that a watchdog can tell which
    one never ends; such names, given back as `skip`, become placeholders. `walk`: see `survey`; with it the sink also has
    `holds(name, buffer)`, whether the snapshot before has that part, with just these bytes, and `keep(name)`. Gives `{"saved", "lost", "changed", "warnings"}`.
    """
    from .dumper import Dump  # noqa: PLC0415 - a kernel that never saves loads nothing

    collecting = gc.isenabled()
    try:
        return Dump(shell, sink, skip, progress, walk).run()
    finally:
        if collecting:
            gc.enable()


def load(shell: Any, source: Any) -> dict[str, Any]:
    """Put a saved state into the kernel of this shell: `source.names()`, `source.read(name)` -> a writable buffer. Gives the report."""
    from .loader import Loading  # noqa: PLC0415 - a kernel that is never restored loads nothing

    return Loading(shell, source).run()
