"""Which variables go together: those that share an object, and no others.

Each root is pickled by itself first. From the objects that the pickler walked over follows who shares what, exactly and at the speed
of C; roots that share something are then pickled again together. Most variables share nothing, so that most are pickled once.
The roots with the most objects come last, and are only looked up against the others: the largest costs no table of its own.
"""

from __future__ import annotations

import gc
import sys
import threading
from itertools import chain, compress
from typing import Any, Callable, List, NamedTuple, Tuple

from .growth import Endless
from .lost import Lost
from .memory import Spans
from .pickler import DeepPickler, pickle_value
from .saving import Loss, Saving, describe, reason_of
from .survey import Look

_ATOMS = (
    int,
    float,
    complex,
    bool,
    str,
    bytes,
    type(None),
    range,
    slice,
    type(...),
    type(NotImplemented),
)
_NEVER_REDUCED = (*_ATOMS, tuple, frozenset, list, dict, set, bytearray)  # the pickler asks nobody about these
_STACK = 1 << 30  # bytes, of which only those that are used are real: about 2 million levels
_CONTAINERS = frozenset((list, dict, tuple, set, frozenset))
_GLANCE = 5000  # objects per level
_GLANCE_DEPTH = 4
_MOST_DOOMED = 1000  # attempts, each of which pickles the component anew


class Root(NamedTuple):
    """Something to be saved: a variable, the methods of a class, a library's settings. Lower ranks are loaded first."""

    name: str
    value: Any
    rank: int = 2


class Component(NamedTuple):
    """Roots pickled together. `chunks` is None for what the snapshot before has; `proof`: see `survey`, None if it cannot be told."""

    roots: list[Root]
    chunks: list[Any] | None
    spans: Spans
    losses: list[Loss]
    proof: bytes | None = None


class Shareable(dict):  # type: ignore[type-arg]
    """For each type: whether variables that hold the same object of it must be pickled together."""

    def __init__(self, atoms: set[type]) -> None:
        super().__init__(dict.fromkeys((*_ATOMS, *atoms), False))

    def __missing__(self, kind: type) -> bool:
        shareable = self[kind] = not issubclass(kind, type)
        return shareable


class Grouping:
    """Finds the components among roots, while roots are added."""

    def __init__(self, saving: Saving) -> None:
        self._saving = saving
        self._shareable = Shareable(saving.families.atoms)
        self._excluded = {id(value) for value in (*saving.specials.values(), (), frozenset())}

    def ids(self, visited: list[Any]) -> Any:
        """Give the ids of the objects among these whose sharing matters."""
        ids = map(id, compress(visited, map(self._shareable.__getitem__, map(type, visited))))
        nans = self._saving.shared_nans
        return chain(ids, filter(nans.__contains__, map(id, visited))) if nans else ids

    def group(self, visits: list[tuple[Root, list[Any]]]) -> list[list[Root]]:
        """Give the roots in groups that share nothing with each other, in the order of their first roots."""
        order = {root.name: number for number, (root, _) in enumerate(visits)}
        parent: dict[str, str] = {}
        owner: dict[int, str] = {}
        for excluded in (*self._excluded, *self._saving.by_reference, *self._saving.classes.keys):
            owner[excluded] = ""
        ascending = sorted(visits, key=lambda visit: len(visit[1]))
        for number, (root, visited) in enumerate(ascending):
            parent[root.name] = root.name
            last = number == len(ascending) - 1
            self._join(root.name, visited, owner, parent, last=last)
        groups: dict[str, list[Root]] = {}
        for root, _ in visits:
            groups.setdefault(_top(root.name, parent), []).append(root)
        return sorted(groups.values(), key=lambda roots: order[roots[0].name])

    def _join(
        self, name: str, visited: list[Any], owner: dict[int, str], parent: dict[str, str], *, last: bool
    ) -> None:
        others = set(filter(None, map(owner.get, map(id, visited))))
        if not last:
            owner.update(dict.fromkeys(set(self.ids(visited)).difference(owner), name))
        for other in others:
            parent[_top(other, parent)] = _top(name, parent)

    def likely(self, roots: list[Root], looks: dict[str, Look]) -> list[list[Root]]:
        """Give the roots in groups by a glance at what they hold, so that few are pickled twice; it may miss sharing."""
        visits = [(root, looks[root.name].shared if root.name in looks else self._glance(root.value)) for root in roots]
        return self.group(visits)

    def _glance(self, value: Any) -> list[Any]:
        seen = front = [value]
        for _ in range(_GLANCE_DEPTH):
            front = [
                found
                for found in gc.get_referents(*(found for found in front[:_GLANCE] if type(found) in _CONTAINERS))
                if self._shareable[type(found)]
            ]
            if not front:
                break
            seen = seen + front
        return seen


def _top(name: str, parent: dict[str, str]) -> str:
    while parent[name] != name:
        parent[name] = parent[parent[name]]
        name = parent[name]
    return name


Entries = List[Tuple[str, Any]]  # what a component's pickle holds: the roots' names and values


def pickle_roots(roots: list[Root], saving: Saving, progress: Callable[[str], None], visited: list[Any]) -> Component:
    """Pickle roots into one component. What cannot be pickled becomes a placeholder, at worst a whole root."""
    roots = list(roots)
    while True:
        progress(roots[0].name)
        saving.start()
        saving.root = roots[0].name
        visited.clear()
        entries: Entries = [(root.name, root.value) for root in roots]
        try:
            chunks = _pickle(entries, saving, visited)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it must not cost the other components
            _doom(roots, _entry_numbers(visited, entries), visited, error, saving)
            continue
        return Component(roots, chunks, saving.spans, _attributed(saving.losses, visited, entries))


def pickle_plain(roots: list[Root], saving: Saving, texts: list[str] | None) -> Component | None:
    """Pickle roots that hold nothing but plain objects; None if that fails all the same (they may be nested very deeply).

    `texts`: all that is in them more than once, if that is known. Then the pickler keeps no other memo, which is most of its time.
    """
    saving.start()
    saving.root = roots[0].name
    try:
        chunks = pickle_value([(root.name, root.value) for root in roots], saving, None, texts=texts)
    except (RecursionError, MemoryError):
        return None
    return Component(roots, chunks, saving.spans, [])


def _pickle(entries: Entries, saving: Saving, visited: list[Any]) -> list[Any]:
    try:
        return pickle_value(entries, saving, visited)
    except RecursionError:
        saving.start()
        visited.clear()
        return _pickle_deep(entries, saving, visited)


def _pickle_deep(entries: Entries, saving: Saving, visited: list[Any]) -> list[Any]:
    """Pickle what is nested too deeply for the C pickler's guard against recursion."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000_000)
    try:
        if sys.version_info >= (3, 12):  # from here on, Python code that calls Python code takes no C stack
            return pickle_value(entries, saving, visited, DeepPickler)
        return _on_a_large_stack(lambda: pickle_value(entries, saving, visited))
    finally:
        sys.setrecursionlimit(limit)


def _on_a_large_stack(work: Callable[[], list[Any]]) -> list[Any]:
    results: list[Any] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - it is raised again below
            results.append(error)

    before = threading.stack_size(_STACK)
    try:
        thread = threading.Thread(target=run)
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    if isinstance(results[0], BaseException):
        raise results[0]
    return results[0]  # type: ignore[no-any-return]


def _doom(roots: list[Root], numbers: list[int], visited: list[Any], error: BaseException, saving: Saving) -> None:
    """Make the object that was walked over last a placeholder in the next attempt, or its whole root if that was tried or cannot be."""
    culprit = visited[-1] if visited else roots
    if isinstance(error, Endless):  # there is always one more to be made: no placeholder inside ends it
        saving.growth.rest()
    elif id(culprit) not in saving.doomed and type(culprit) not in _NEVER_REDUCED and len(saving.doomed) < _MOST_DOOMED:
        saving.doomed[id(culprit)] = (culprit, reason_of(error))
        return
    root = roots[numbers[-1] if numbers else 0]
    if type(root.value) is Lost:
        raise RuntimeError(f"cannot pickle a placeholder for {root.name!r}") from error
    lost = Lost(describe(root.value), reason_of(error), saving.cell_of(root.name))
    roots[numbers[-1] if numbers else 0] = root._replace(value=lost)


def _entry_numbers(visited: list[Any], entries: Entries) -> list[int]:
    """Give for each visited object the number of the entry that it was met in."""
    starts = {id(entry): number for number, entry in enumerate(entries)}
    current, numbers = 0, []
    for obj in visited:
        current = starts.get(id(obj), current)
        numbers.append(current)
    return numbers


def _attributed(losses: list[Loss], visited: list[Any], entries: Entries) -> list[Loss]:
    """Give the losses once for each root that holds the lost object."""
    if len(entries) == 1 or not losses:
        return losses
    lost = {id(loss.obj): loss for loss in losses}
    held = {(id(obj), number) for obj, number in zip(visited, _entry_numbers(visited, entries)) if id(obj) in lost}
    return [lost[key]._replace(root=entries[number][0]) for key, number in sorted(held, key=lambda found: found[1])]
