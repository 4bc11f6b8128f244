"""Taking a snapshot: everything the kernel holds, as named parts.

The parts are `index` and `index/...` (what there is), `classes` (skeletons of the user's classes), `component/NAME` (a pickle of variables that share
objects), `survey/NAME` (by which this kernel recognises that they did not change), `places/NAME` and `memory/NAME` (the memory of its arrays).
A part's name depends on nothing but what it holds, so that a part that did not change is recognised as such.
"""

from __future__ import annotations

import gc
import os
import pickle
import struct
import sys
import zlib
from array import array
from typing import Any, Callable

from . import classes, environment, fingerprint, history, index, memory, modules, rebuild, sources, survey
from .components import Component, Grouping, Root, pickle_plain, pickle_roots
from .lost import Lost, explain
from .memory import Spans
from .names import sorted_out
from .pickler import pickle_value
from .saving import Saving, describe

FORMAT = 1
ATOMS = "*atoms"
_PLAIN_TYPES = (int, float, bool, type(None), complex)

_SMALL = 16 << 10  # bytes
_BUNDLES = 64
_MANY = 1000

Progress = Callable[[str], None]


class ClassState:
    """A root that gives a class its methods, or its other attributes."""

    __slots__ = ("extra", "key", "state")

    def __init__(self, key: str, state: dict[str, Any], extra: dict[str, Any]) -> None:
        self.key, self.state, self.extra = key, state, extra


def reduce_class_state(root: ClassState, _saving: Any) -> Any:
    """Reduce to the call that fills the class as soon as it is unpickled."""
    return rebuild.set_class, (root.key, root.state, root.extra)


class Dump:
    """One snapshot on its way into a sink."""

    def __init__(
        self, shell: Any, sink: Any, skip: frozenset[str], progress: Progress, walk: survey.Walk | None = None
    ) -> None:
        self._sink, self._skip, self._progress, self._walk = sink, skip, progress, walk
        self._saving = Saving(shell, history.cell_finder(shell))
        self._saving.plans[ClassState] = reduce_class_state
        self._owner = os.getpid()
        classes.taken_along.clear()
        self._edited = modules.edited()
        classes.taken_along.update(module.__name__ for module in self._edited)
        self._classes_done = 0

    def run(self) -> dict[str, Any]:
        """Write all parts, and give the report."""
        gc.disable()  # a collection in a forked child would only copy the kernel's pages
        names = history.variables(self._saving.shell)
        atoms, roots = self._roots(names)
        components = self._components(roots)
        components[:0] = self._atoms(atoms)
        self._write(components, names)
        return self._report(names, components)

    def _atoms(self, atoms: list[Root]) -> list[tuple[str, Component]]:
        """Pickle numbers and short texts together; very many of them in runs, so that one that changes is not all that changes."""
        runs = {f"{ATOMS}/{run[0].name}": run for run in index.runs(atoms)} if len(atoms) > _MANY else {ATOMS: atoms}
        return [(name, pickle_roots(run, self._saving, self._quiet, [])) for name, run in runs.items() if run]

    def _quiet(self, _name: str) -> None:
        """Report no progress."""

    def _roots(self, names: list[str]) -> tuple[list[Root], list[Root]]:
        atoms: list[Root] = []
        roots: list[Root] = []
        for name in names:
            value = self._saving.namespace[name]
            plain = type(value) in _PLAIN_TYPES or (type(value) in (str, bytes) and len(value) < 4096)
            (atoms if plain else roots).append(Root(name, value))
        roots += history.roots(self._saving.shell)
        roots += self._settings()
        roots = [self._kept(root) for root in roots]
        return atoms, roots

    def _kept(self, root: Root) -> Root:
        """Give the root, or a placeholder in its place if it is to be skipped."""
        if root.name not in self._skip:
            return root
        return root._replace(value=Lost(describe(root.value), "saving it did not end", self._saving.cell_of(root.name)))

    def _settings(self) -> list[Root]:
        """Give what is set in libraries, as roots that are loaded last: they share objects with the variables."""
        roots = [Root(f"edited:{module.__name__}", module, 0) for module in self._edited]
        roots.append(Root("modules", modules.changes(self._saving.namespace), 3))
        for name, family in self._saving.families.present:
            if hasattr(family, "capture") and f"setting:{name}" not in self._skip:
                state = self._captured(name, family)
                if state is not None:
                    roots.append(Root(f"setting:{name}", state, 4))
        return roots

    def _captured(self, name: str, family: Any) -> Any:
        self._progress(f"setting:{name}")
        try:
            return family.capture(self._saving)
        except Exception as error:  # noqa: BLE001 - another version of the library must not cost the rest of the snapshot
            self._saving.warn(f"the settings of {name} could not be saved: {error!r}")
            return None

    def _components(self, roots: list[Root]) -> list[tuple[str, Component]]:
        """Pickle the roots in likely groups, then again together those groups that turn out to share something."""
        done: dict[str, tuple[Component, list[Any]]] = {}
        while roots:
            looks = survey.looks(roots, self._walk, self._saving.specials.values())
            for group in Grouping(self._saving).likely(roots, looks):
                component, visited = self._component(sorted(group, key=lambda root: root.rank), looks)
                done[component.roots[0].name] = (component, visited)
            roots = self._class_roots()
        return self._joined(done)

    def _component(self, roots: list[Root], looks: dict[str, survey.Look]) -> tuple[Component, list[Any]]:
        """Pickle roots together, unless the snapshot before has them as they are; and give what else may be held elsewhere."""
        proof = survey.proof(roots, looks)
        visited: list[Any] = []
        if proof is None:
            return self._pickle(roots, visited), visited
        name = roots[0].name
        shared = [obj for root in roots for obj in looks[root.name].shared]
        if self._sink.holds(f"survey/{name}", proof) and self._sink.holds(f"component/{name}"):
            return Component(roots, None, Spans(), [], proof), shared
        self._progress(name)
        plain = pickle_plain(roots, self._saving, looks[name].texts if len(roots) == 1 else None)
        if plain is None:
            return self._pickle(roots, visited), visited
        return plain._replace(proof=proof), shared

    def _joined(self, done: dict[str, tuple[Component, list[Any]]]) -> list[tuple[str, Component]]:
        visits = [(component.roots[0], visited) for component, visited in done.values()]
        found = []
        for group in Grouping(self._saving).group(visits):
            names = [root.name for root in group]
            component = done[names[0]][0]
            if len(group) > 1:
                roots = [root for name in names for root in done[name][0].roots]
                component = self._pickle(sorted(roots, key=lambda root: root.rank), [])
            found.append((component.roots[0].name, component))
        return sorted(found, key=lambda item: item[1].roots[0].rank)

    def _pickle(self, roots: list[Root], visited: list[Any]) -> Component:
        component = pickle_roots(roots, self._saving, self._progress, visited)
        if os.getpid() != self._owner:
            os._exit(0)  # an object's reduction forked: this copy must not write into the snapshot
        return component

    def _class_roots(self) -> list[Root]:
        roots = []
        fresh = self._saving.classes.order[self._classes_done :]
        self._classes_done += len(fresh)
        for key, cls in fresh:
            if isinstance(cls, type):
                methods, rest, extra = classes.state(cls)
                roots.append(self._kept(Root(f"class:{key}", ClassState(key, methods, {}), 0)))
                roots.append(self._kept(Root(f"class:{key}:rest", ClassState(key, rest, extra), 1)))
        return roots

    def _write(self, components: list[tuple[str, Component]], names: list[str]) -> None:
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
            "lost": self._losses(components),
        }

    def _losses(self, components: list[tuple[str, Component]]) -> list[dict[str, Any]]:
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

    def _report(self, names: list[str], components: list[tuple[str, Component]]) -> dict[str, Any]:
        lost, warnings = sorted_out(self._losses(components))
        gone = {entry["name"] for entry in lost}
        return {
            "saved": [name for name in names if name not in gone and not name.startswith("__")],
            "lost": lost,
            "changed": [],
            "warnings": [*self._saving.warnings, *warnings, *self._saving.families.faults],
        }


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
