"""Takes a snapshot: finds everything that the kernel holds, and pickles it in components of what belongs together.

Only what changed is pickled, and nothing twice: objects that two groups turn out to share join these groups.
"""

from __future__ import annotations

import gc
import os
from typing import Any, Callable

from . import classes, history, index, modules, nans, rebuild, survey
from .components import Component, Grouping, Root, pickle_plain, pickle_roots
from .lost import Lost
from .memory import Spans
from .names import sorted_out
from .parts import Parts
from .saving import Saving, describe

ATOMS = "*atoms"
_PLAIN_TYPES = (int, float, bool, type(None), complex)

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
        parts = Parts(self._saving, self._sink, self._progress)
        parts.write(components, names)
        return self._report(names, parts.losses(components))

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
            (atoms if plain and not nans.of_nobody(value) else roots).append(Root(name, value))
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
            self._saving.warn(f"the settings of {name}: they could not be saved: {error!r}")
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
        if self._saving.nans:  # it must be walked over each time: another variable may have come to hold one of them
            return plain, [*shared, *self._saving.nans]
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

    def _report(self, names: list[str], losses: list[dict[str, Any]]) -> dict[str, Any]:
        lost, notes = sorted_out(losses)
        gone = {entry["name"] for entry in lost}
        return {
            "saved": [name for name in names if name not in gone and not name.startswith("__")],
            "lost": lost,
            "changed": [],
            "warnings": self._saving.warnings,
            "notes": [*notes, *self._saving.families.faults],
        }
