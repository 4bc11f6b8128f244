"""Writes a snapshot's parts into a sink.

The parts are `index` and `index/...` (what there is), `classes` (skeletons of the user's classes), `component/NAME` (a pickle of variables that share
objects), `bundle/NUMBER` (many small ones), `survey/NAME` (by which this kernel recognises that they did not change), `places/NAME` and `memory/NAME` (the
memory of its arrays), `sources` and `environment`. A part's name depends on nothing but what it holds, so that a part that did not change is recognised as such.
"""

from __future__ import annotations

import pickle
import struct
import sys
import zlib
from array import array
from typing import Any, Callable

from . import classes, environment, fingerprint, index, memory, modules, sources
from .components import Component
from .lost import Lost, explain
from .pickler import pickle_value
from .saving import Saving

FORMAT = 1

_SMALL = 16 << 10  # bytes
_BUNDLES = 64


class Parts:
    """The parts of one snapshot; `progress` is told the variable that is looked at."""

    def __init__(self, saving: Saving, sink: Any, progress: Callable[[str], None]) -> None:
        self._saving, self._sink, self._progress = saving, sink, progress

    def write(self, components: list[tuple[str, Component]], names: list[str]) -> None:
        """Write everything that the components need, and the index last."""
        placed = memory.layout({name: component.spans for name, component in components})
        bundles = Bundles()
        for name, component in components:
            if component.chunks is None:
                self._sink.keep(f"component/{name}")
            elif not component.spans.ranges and bundles.take(name, component.chunks):
                continue
            else:
                self._sink.add(f"component/{name}", component.chunks)
            if component.proof is not None:
                self._sink.add(f"survey/{name}", component.proof)
            if name in placed.places:
                flat = array("q", [number for place in placed.places[name] for number in place])
                self._sink.add(f"places/{name}", [memoryview(flat).cast("B")])
        for name, chunks in (*bundles.parts.items(), *placed.parts.items()):
            self._sink.add(name, chunks)
        self._sink.add("classes", self._skeletons())
        self._sink.add("sources", pickle_value(sources.capture(self._saving.sources), self._saving, []))
        self._sink.add("environment", [pickle.dumps(self._environment(), 5)])
        for name, data in index.parts(self._index(components, placed.names, names)):
            self._sink.add(name, data)

    def _skeletons(self) -> list[Any]:
        self._saving.start()
        made = [Skeleton(*classes.skeleton(key, cls)) for key, cls in self._saving.classes.order]
        self._saving.plans[Skeleton] = Skeleton.reduce
        return pickle_value(made, self._saving, [])

    def _environment(self) -> dict[str, Any]:
        return {"process": environment.capture(), "modules": modules.names()}

    def _index(self, components: list[tuple[str, Component]], memories: list[str], names: list[str]) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "python": tuple(sys.version_info[:3]),
            "components": [
                (name, [root.name for root in component.roots], component.spans.buffers)
                for name, component in components
            ],
            "memories": memories,
            "variables": names,
            "fingerprints": fingerprint.of_all(names, self._saving, self._progress),
            "lost": self.losses(components),
        }

    def losses(self, components: list[tuple[str, Component]]) -> list[dict[str, Any]]:
        """What could not be saved, by the variable that held it."""
        lost: dict[tuple[str, str], int] = {}
        for _, component in components:
            for loss in component.losses:
                key = (loss.root, f"{loss.what}: {loss.reason}")
                lost[key] = lost.get(key, 0) + 1
            for root in component.roots:
                if type(root.value) is Lost:
                    lost[root.name, "{}: {}".format(*explain(root.value))] = 1
        return [self._entry(name, reason, count) for (name, reason), count in lost.items()]

    def _entry(self, name: str, reason: str, count: int) -> dict[str, Any]:
        entry: dict[str, Any] = {"name": name, "reason": reason if count == 1 else f"{count} objects: {reason}"}
        cell = self._saving.cell_of(name)
        if cell:
            entry["execution_count"] = cell
        return entry


class Bundles:
    """Small components share parts, chosen by their names: ten thousand variables need not be ten thousand parts."""

    def __init__(self) -> None:
        self.parts: dict[str, list[Any]] = {}

    def take(self, name: str, chunks: list[Any]) -> bool:
        """Take a component in if it is small: its name, its length, its pickle."""
        size = sum(len(memoryview(chunk).cast("B")) for chunk in chunks)
        if size > _SMALL:
            return False
        text = name.encode("utf-8", "surrogatepass")
        head = struct.pack("<II", len(text), size) + text
        self.parts.setdefault(f"bundle/{zlib.crc32(text) % _BUNDLES}", []).extend([head, *chunks])
        return True


class Skeleton:
    """One entry of the part `classes`."""

    __slots__ = ("args", "make")

    def __init__(self, make: Any, args: tuple[Any, ...]) -> None:
        self.make, self.args = make, args

    def reduce(self, _saving: Any) -> Any:
        """Reduce to the call that makes the class."""
        return self.make, self.args
