"""Restoring a snapshot into a fresh kernel's namespace."""

from __future__ import annotations

import gc
import importlib
import io
import pickle
import struct
import sys
import types
from array import array
from typing import Any

from . import environment, families, fingerprint, history, modules, nans, rebuild, sources, wellknown
from .careful import CarefulUnpickler
from .index import read as read_index
from .lost import Lost
from .names import shown, sorted_out


class Loading:
    """One restore under way; what the functions of `rebuild.py` work for."""

    def __init__(self, shell: Any, source: Any) -> None:
        self.shell, self._source = shell, source
        self.namespace: dict[str, Any] = shell.user_ns
        self.specials = wellknown.capture(shell)
        self.classes: dict[str, Any] = {}
        self.lost: list[dict[str, Any]] = []
        self.warnings: list[str] = []
        self._index: dict[str, Any] = {}
        self._buffers: dict[str, memoryview] = {}
        self._places: list[list[tuple[int, ...]]] = []
        self._modules: list[str] = []
        self._bundled: dict[str, memoryview] = {}
        self._families: dict[str, types.ModuleType] = {}
        self._lost_here: list[str] = []
        self._done: set[str] = set()
        self._component_of: dict[str, str] = {}

    def run(self) -> dict[str, Any]:
        """Load all parts, and give the report."""
        index = self._index = read_index(self._source)
        self._by_name = {name: (roots, buffers) for name, roots, buffers in index["components"]}
        self._open_bundles()
        rebuild.begin(self)
        collecting = gc.isenabled()
        gc.disable()  # nothing of what is being made is garbage
        try:
            self._prepare(pickle.loads(self._source.read("environment")))  # noqa: S301 - authenticated by the caller
            sources.restore(self._unpickle("sources", []))
            self._unpickle("classes", [])
            self.warnings += self._lost_here  # the classes that failed have been reported by their names
            self._lost_here.clear()
            self._component_of = {root: name for name, roots, _ in index["components"] for root in roots}
            for name, _, _ in index["components"]:
                self.component(name)
            self.warnings += modules.import_again(self._modules)
            history.restored(self.shell)
        finally:
            rebuild.end()
            if collecting:
                gc.enable()
        return self._report()

    def _open_bundles(self) -> None:
        """Take apart the parts that hold many small components."""
        for part in [name for name in self._parts() if name.startswith("bundle/")]:
            data = memoryview(self._source.read(part))
            at = 0
            while at < len(data):
                length, size = struct.unpack_from("<II", data, at)
                at += 8
                name = bytes(data[at : at + length]).decode("utf-8", "surrogatepass")
                self._bundled[f"component/{name}"] = data[at + length : at + length + size]
                at += length + size

    def _prepare(self, state: dict[str, Any]) -> None:
        self.warnings += environment.restore(state["process"])
        self._modules = state["modules"]

    def component(self, name: str) -> None:
        """Load a component, unless it is loaded or being loaded."""
        if name in self._done:
            return
        self._done.add(name)
        roots, buffers = self._by_name[name]
        self._places.append(self._read_places(name))
        try:
            values = self._unpickle(f"component/{name}", [self.memory(span) for span in buffers])
        except Exception as error:  # noqa: BLE001 - a fault that not even the careful unpickler could contain
            reason = f"loading it failed: {error!r}"[:500]
            self.lost += [{"name": root, "reason": reason} for root in roots]
            values = [(root, Lost(root, reason)) for root in roots if ":" not in root]
        finally:
            self._places.pop()
        for root, value in values:
            self._put(root, value)
            self.lost += [{"name": root, "reason": reason} for reason in self._lost_here]
        self._lost_here.clear()

    def _put(self, root: str, value: Any) -> None:
        if type(value) is Lost and shown(root) != root:
            return
        if root.startswith(("class:", "edited:")):
            return
        if root == "modules":
            self.warnings += modules.put_changes(value)
            return
        if root.startswith("setting:"):
            self._apply(root.partition(":")[2], value)
            return
        if not history.put(self.shell, root, value):
            self.namespace[root] = value

    def _apply(self, name: str, state: Any) -> None:
        try:
            self.family(name).apply(state, self)
        except Exception as error:  # noqa: BLE001 - another version of the library must not cost the rest
            self.warn(f"the settings of {name}: they could not be put back: {error!r}")

    def _unpickle(self, part: str, buffers: list[Any]) -> Any:
        bundled = self._bundled.pop(part, None)
        data = self._source.read(part) if bundled is None else bundled
        try:
            return self._load(pickle.Unpickler(io.BytesIO(data), buffers=iter(buffers)))  # noqa: S301 - authenticated by the caller
        except Exception:  # noqa: BLE001 - code of the user's or of a library: once more, with a placeholder for what fails
            return self._load(CarefulUnpickler(io.BytesIO(data), buffers=iter(buffers)).begin(self))

    def _load(self, unpickler: Any) -> Any:
        unpickler.persistent_load = nans.Loaded().__getitem__
        return unpickler.load()

    def _read_places(self, name: str) -> list[tuple[int, ...]]:
        part = f"places/{name}"
        if part not in self._parts():
            return []
        flat = array("q")
        flat.frombytes(self._source.read(part))
        return list(zip(flat[0::4], flat[1::4], flat[2::4], flat[3::4]))

    def _parts(self) -> set[str]:
        if not hasattr(self, "_names"):
            self._names = set(self._source.names())
        return self._names

    def class_(self, key: str) -> Any:
        """Give a class of the user's, filled unless that is going on."""
        for root in (f"class:{key}", f"class:{key}:rest"):
            component = self._component_of.get(root)
            if component is not None and component not in self._done:
                self.component(component)
        return self.classes[key]

    def memory(self, span: int) -> memoryview:
        """Give the bytes of a span of the component being loaded."""
        part, offset, length, _ = self._places[-1][span]
        if part < 0:
            return memoryview(bytearray())
        name = self._index["memories"][part]
        if name not in self._buffers:
            self._buffers[name] = memoryview(self._source.read(name)).cast("B")
        return self._buffers[name][offset : offset + length]

    def make_class(self, key: str, function: Any, *args: Any) -> None:
        """Make a class of the user's, or a placeholder that is reported under the name of the class."""
        try:
            self.classes[key] = function(*args)
        except Exception as error:  # noqa: BLE001 - a library's metaclass may refuse it; the other classes must come back
            reason = f"the class could not be made again: {error!r}"[:500]
            self.classes[key] = Lost(f"class {key}", reason)
            self.lost.append({"name": f"class:{key}", "reason": reason})

    def shared(self, span: int) -> bool:
        """Tell whether other spans lie in the same region of memory."""
        return self._places[-1][span][3] > 1

    def lose(self, what: str, reason: str) -> Lost:
        """Give a placeholder for something that cannot be had here, and report it."""
        self._lost_here.append(f"{what}: {reason}")
        return Lost(what, reason)

    def attempt(self, what: str, function: Any, *args: Any) -> None:
        """Call a function; if it fails, warn that `what` could not be put back."""
        try:
            function(*args)
        except Exception as error:  # noqa: BLE001 - a library may be missing or another version here; the rest must come back
            self.warn(f"{what}: it could not be put back: {error!r}")

    def warn(self, text: str) -> None:
        """Add a warning to the report."""
        self.warnings.append(text)

    def family(self, name: str) -> types.ModuleType:
        """Give the module of a family, with the library that it is about loaded."""
        found = self._families.get(name)
        if found is None:
            found = self._families[name] = families.family(name)
            if found.MODULE:
                importlib.import_module(found.MODULE)
        return found

    def recompile(self, filename: str, name: str, line: int) -> types.CodeType:
        """Compile the source of a function that another minor version of Python compiled; ValueError if it is not at hand."""
        return sources.recompile(filename, name, line)

    def _report(self) -> dict[str, Any]:
        index = self._index
        lost, notes = sorted_out([*index["lost"], *self.lost])
        gone = {entry["name"] for entry in lost}
        changed = fingerprint.compare(index["fingerprints"], self.namespace, gone)
        saved = [name for name in index["variables"] if name not in gone and not name.startswith("__")]
        if index["python"][:2] != tuple(sys.version_info[:2]):
            was, now = (".".join(map(str, version[:2])) for version in (index["python"], sys.version_info))
            self.warnings.append(
                f"Python: saved with {was}, restored with {now}; functions were compiled again from their source"
            )
        return {"saved": saved, "lost": lost, "changed": changed, "warnings": self.warnings, "notes": notes}
