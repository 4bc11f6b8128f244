"""Recognises large structures of plain objects that are still as the last snapshot has them, without pickling them anew.

Two million numbers and texts in lists take most of a second to pickle, and a tenth of that to look at. A look gives a digest of
everything in a structure: each container's address, type and items, each number and text with its address and value. Objects that
are all alive cannot have one address, so within one process equal digests mean equal values, shared in the same way. (The
value of a text that is not ASCII goes in as its hash: 64 bits, keyed for each process.) To another process a digest says nothing,
and it begins with a number that only this one has.

A look also finds the containers that something outside may hold: all whose reference count says that more than one does.
They take the place of the list of all objects that the pickler walked over.
"""

from __future__ import annotations

import os
from typing import Any, Callable, FrozenSet, Iterable, List, NamedTuple, Optional, Tuple

Walk = Callable[[Any, FrozenSet[int]], Optional[Tuple[bytes, List[Any], Optional[List[str]]]]]

_PROCESS = os.urandom(16)  # drawn before any fork: a child's snapshots know each other by it
_CONTAINERS = frozenset((list, tuple, dict, set, frozenset))


class Look(NamedTuple):
    """What was found in the value of one root.

    `shared`: containers in it that other roots may hold as well. `texts`: those in it that are held more than once, if nothing else
    in it is there twice whose identity counts, so that a pickler need remember nothing but these; else None.
    """

    digest: bytes
    shared: list[Any]
    texts: list[str] | None


def looks(roots: Iterable[Any], walk: Walk | None, barred: Iterable[Any]) -> dict[str, Look]:
    """Look at all roots that are plain containers, and give those that hold nothing but plain objects, none of them `barred`."""
    if walk is None:
        return {}
    ids = frozenset(map(id, barred))
    found = ((root.name, walk(root.value, ids)) for root in roots if type(root.value) in _CONTAINERS)
    return {name: Look(*look) for name, look in found if look is not None}


def proof(roots: Iterable[Any], found: dict[str, Look]) -> bytes | None:
    """Give the bytes that are the same for these roots as long as nothing in them changes; None if that cannot be told."""
    pieces = [_PROCESS]
    for root in roots:
        if root.name not in found:
            return None
        pieces += [root.name.encode("utf-8", "surrogatepass"), b"\0", found[root.name].digest]
    return b"".join(pieces)
