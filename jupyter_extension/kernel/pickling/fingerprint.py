"""A cheap fingerprint of each variable, taken at the snapshot and again after the restore: what differs is reported.

It must never run code of the user's, and must be the same in another process: so it looks at types, lengths, a sample of the items of
built-in containers, and what the families know (shapes, dtypes, sampled bytes).
"""

from __future__ import annotations

import sys
import zlib
from typing import Any, Callable, Iterable

_NUMBERS = (int, float, complex, bool)
_CONTAINERS = (list, tuple, dict, set, frozenset, bytearray)
_SAMPLE = 8


def of_all(names: Iterable[str], saving: Any, progress: Callable[[str], None]) -> dict[str, str]:
    """Give the fingerprints of variables."""
    known = {id(value) for value in saving.specials.values()}
    found = {}
    for name in names:
        value = saving.namespace[name]
        if id(value) not in known:
            progress(name)
            found[name] = of(value)
    return found


def compare(before: dict[str, str], namespace: dict[str, Any], gone: set[str]) -> list[dict[str, str]]:
    """Give the variables whose fingerprints differ, but for those reported as lost."""
    changed = []
    for name, was in before.items():
        if name in gone:
            continue
        now = of(namespace[name]) if name in namespace else "missing"
        if now != was:
            changed.append({"name": name, "reason": f"was {was}, is {now}"})
    return changed


def of(value: Any, depth: int = 2) -> str:
    """Give the fingerprint of a value."""
    kind = type(value)
    name: str = type.__getattribute__(kind, "__qualname__")
    if kind in (str, bytes):
        return f"{name} {_sampled(value)}"
    if kind in _NUMBERS:  # hashes of numbers are the same in every process, but for nan's
        return f"{name} {hash(value) if value == value else 'nan'}"  # noqa: PLR0124 - that is what nan is
    if kind in _CONTAINERS:
        return f"{name}[{len(value)}]{_items(_first(value), depth) if kind in (list, tuple, dict) else ''}"
    if _is_array(value):
        return name + _array(value)
    return "iterator" if name.endswith("iterator") else name


def _first(value: Any) -> list[Any]:
    if type(value) is dict:
        return [part for item, _ in zip(value.items(), range(_SAMPLE)) for part in item]
    return list(value[:_SAMPLE])


def _sampled(value: Any) -> str:
    step = max(1, len(value) // 1024)
    sample = value[::step]
    return (
        f"{len(value)}:{zlib.crc32(sample if isinstance(sample, bytes) else sample.encode('utf-8', 'surrogatepass'))}"
    )


def _items(items: Any, depth: int) -> str:
    return "(" + ",".join(of(item, depth - 1) for item in items) + ")" if depth else ""


def _is_array(value: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and type(value) is getattr(numpy, "ndarray", None)


def _array(value: Any) -> str:
    if value.dtype.hasobject:
        return f" {value.dtype} {value.shape}"
    sample = value
    for axis in range(value.ndim):  # thin out one axis after the other: no copy of a large array is made
        step = max(1, min(value.shape[axis], sample.size // 1024))
        sample = sample[(slice(None),) * axis + (slice(None, None, step),)]
    return f" {value.dtype} {value.shape} {zlib.crc32(sample.tobytes())}"
