"""The registry of what is known about particular types: one small module per family, in `resources/` and `libraries/`.

A family is a module with any of these names:

    MODULE = "numpy"                      only consulted once the user's kernel has imported this module; None: always
    def reducers(module) -> {type: f}     f(obj, saving) -> reduction, for objects of exactly this type
    def inherited(module) -> {type: f}    the same for subclasses too
    def atoms(module) -> (type, ...)      types of immutable objects: sharing one ties no variables together
    def capture(saving) -> object         settings to be saved beside the variables; None: nothing to save
    def apply(state, loading)             puts the settings back

and the functions that `rebuild.family(NAME, function, ...)` names in pickles.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any, Callable

NAMES: tuple[str, ...] = (
    "resources.references",
    "resources.locks",
    "resources.callables",
    "resources.exceptions",
    "resources.streams",
    "resources.mmaps",
    "resources.unsavable",
    "resources.threads",
    "resources.iterators",
    "resources.files",
    "resources.randomness",
    "resources.interpreter",
    "resources.registrations",
    "libraries.ipython",
    "libraries.logging",
    "libraries.sqlite",
    "libraries.numpy",
    "libraries.pandas",
    "libraries.ipympl",
    "libraries.matplotlib",
    "libraries.configurables",
    "libraries.ipywidgets",
    "libraries.torch",
    "libraries.altair",
    "libraries.soup",
    "libraries.pint",
    "libraries.shapely",
    "libraries.spacy",
    "libraries.opencv",
    "libraries.pillow",
    "libraries.lxml",
    "libraries.h5py",
    "libraries.polars",
    "libraries.sqlalchemy",
    "libraries.sympy",
)


class Families:
    """The families whose modules the kernel has imported."""

    def __init__(self) -> None:
        self.exact: dict[type, Callable[[Any, Any], Any]] = {}
        self.inherited: dict[type, Callable[[Any, Any], Any]] = {}
        self.atoms: set[type] = set()
        self.present: list[tuple[str, ModuleType]] = []
        self.faults: list[str] = []
        for name in NAMES:
            self._take(name)

    def _take(self, name: str) -> None:
        family = importlib.import_module(f".{name}", __package__)
        module = sys.modules.get(family.MODULE) if family.MODULE else None
        if family.MODULE and module is None:
            return
        try:
            for attribute, target in (("reducers", self.exact), ("inherited", self.inherited), ("atoms", self.atoms)):
                if hasattr(family, attribute):
                    target.update(getattr(family, attribute)(module))
        except Exception as error:  # noqa: BLE001 - another version of the library must not cost the rest of the snapshot
            self.faults.append(f"{name}: {error!r}")
            return
        self.present.append((name, family))


def family(name: str) -> ModuleType:
    """Give the module of a family by its name; ValueError for a name that is none."""
    if name not in NAMES:
        raise ValueError(f"this version knows no family {name!r}: restore with the version that saved, or a later one")
    return importlib.import_module(f".{name}", __package__)
