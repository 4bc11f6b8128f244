"""What one snapshot knows while it pickles: the plan for each type, the classes met, the memory that arrays share, the losses."""

from __future__ import annotations

import sys
import types
from typing import Any, Callable, NamedTuple

from . import rebuild, wellknown
from .classes import ClassRegistry
from .families import Families
from .growth import Growth
from .memory import Spans
from .names import shown

Reduction = Any  # a tuple as __reduce__ gives it, or NotImplemented for the default one


class Loss(NamedTuple):
    """One object that became a placeholder."""

    root: str
    what: str
    reason: str
    obj: Any


class Saving:
    """One snapshot under way. `root` names what is being pickled now; `losses`, `spans` and `nans` belong to the current attempt."""

    def __init__(self, shell: Any, cell_of: Callable[[str], int | None]) -> None:
        self.shell = shell
        self.namespace: dict[str, Any] = shell.user_ns
        self.specials = wellknown.distinct(wellknown.capture(shell))
        self.prelude = wellknown.prelude(list(self.specials))
        self.memo = wellknown.memo(self.specials)
        self.classes = ClassRegistry()
        self.families = Families()
        self.sources: set[str] = set()
        self.files: dict[int, Any] = {}
        modules = [*sys.modules.values(), *self.namespace.values()]
        self.modules = {id(vars(module)): module for module in modules if type(module) is types.ModuleType}
        self.plans: dict[type, Any] = {}
        self.by_reference: dict[int, Any] = {}
        self.doomed: dict[int, tuple[Any, str]] = {}
        self.warnings: list[str] = []
        self.cell_of = cell_of
        self.root = ""
        self.losses: list[Loss] = []
        self.spans = Spans()
        self.nans: list[float] = []
        self.shared_nans: set[int] = set()
        self.growth = Growth()

    def start(self) -> None:
        """Begin a new attempt."""
        self.losses, self.spans, self.nans = [], Spans(), []

    def warn(self, text: str) -> None:
        """Add a warning to the report, once."""
        if text not in self.warnings:
            self.warnings.append(text)

    def changes(self, how: str) -> None:
        """Warn that something in what is being pickled comes back otherwise than it is; not in what only libraries hold."""
        name = shown(self.root)
        if name is not None:
            self.warn(f"{name}: {how}")

    def lose(self, obj: Any, reason: str) -> Reduction:
        """Give the reduction of a placeholder for the object, and note the loss."""
        what = describe(obj)
        self.losses.append(Loss(self.root, what, reason, obj))
        return rebuild.lost, (what, reason, self.cell_of(self.root))

    def refer(self, obj: Any, reduction: Reduction) -> Reduction:
        """Note that the object is saved by reference (sharing it ties nothing together), and give its reduction."""
        self.by_reference[id(obj)] = obj
        return reduction


def describe(obj: Any) -> str:
    """Name an object's type without running any code of its own."""
    kind = type(obj)
    module = type.__getattribute__(kind, "__module__")
    name = type.__getattribute__(kind, "__qualname__")
    return name if module in ("builtins", "__main__") or not isinstance(module, str) else f"{module}.{name}"


def reason_of(error: BaseException) -> str:
    """Give an exception as one line of at most 300 characters, even if it cannot show itself."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - the exception is the user's, and so is its __str__
        text = ""
    return f"{type(error).__name__}: {text}"[:300] if text else type(error).__name__
