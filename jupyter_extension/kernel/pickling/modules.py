"""Imported modules: which there were, what the session set on them, and the state of those that are the user's own files."""

from __future__ import annotations

import builtins
import contextlib
import functools
import importlib.machinery
import importlib.util
import os
import sys
import sysconfig
import types
from pathlib import Path
from typing import Any

from .classes import taken_along
from .functions import of_the_user

_SKIPPED = ("session_migrator_kernel", "debugpy", "_pydev", "pydev", "ipykernel", "__main__", "__mp_main__")
_PLAIN = (int, float, bool, str, bytes, type(None), complex)
_BUILT_IN = frozenset(
    vars(builtins)
)  # as the interpreter and IPython made them: this is loaded before the user's first cell


def names() -> list[str]:
    """Give the names of all imported modules that can be imported again, packages before what is in them."""
    found = [
        name
        for name, module in list(sys.modules.items())
        if type(module) is types.ModuleType and getattr(module, "__spec__", None) and not name.startswith(_SKIPPED)
    ]
    return sorted(found)


def import_again(wanted: list[str]) -> list[str]:
    """Import submodules that nothing has imported yet of packages that are here; gives a warning for each that fails."""
    warnings = []
    for name in wanted:
        parent = name.rpartition(".")[0]
        if name in sys.modules or not parent or parent not in sys.modules:
            continue
        try:
            importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 - a module may do anything when imported
            warnings.append(f"the module {name}: it could not be imported again: {error!r}")
    return warnings


def own(module: types.ModuleType) -> bool:
    """Tell whether a module is a file of the user's, not of an installed library."""
    path = getattr(module, "__file__", None)
    if not isinstance(path, str) or not path.endswith(".py"):
        return False
    return (
        "site-packages" not in path and not path.startswith(_installed()) and not module.__name__.startswith(_SKIPPED)
    )


@functools.lru_cache(maxsize=None)
def _installed() -> tuple[str, ...]:
    """Give the folders of Python and of what is installed into it, found out once: a thousand modules are asked about."""
    paths = sysconfig.get_paths()
    return (*(paths[name] for name in ("stdlib", "purelib", "platlib")), sys.base_prefix + os.sep + "lib")


def own_modules() -> list[types.ModuleType]:
    """Give the user's own modules."""
    return [module for name, module in sorted(sys.modules.items()) if type(module) is types.ModuleType and own(module)]


def edited() -> list[types.ModuleType]:
    """Give the user's modules whose functions are not those of their files any more, because these were edited after the import."""
    return [module for module in own_modules() if _differs(module)]


def _differs(module: types.ModuleType) -> bool:
    live = [code for value in vars(module).values() for code in _codes_of(value, module.__name__)]
    if not live:
        return False
    try:
        pending = [_code_of_the_file(str(module.__file__))]
    except (OSError, SyntaxError, ValueError):
        return True
    present = set()
    while pending:
        code = pending.pop()
        present.add(_essence(code))
        pending += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return any(_essence(code) not in present for code in live)


class _Reader(importlib.machinery.SourceFileLoader):
    """Takes the bytecode that an import has left beside a file, but leaves none itself: the folder is the user's."""

    def set_data(self, path: str, data: Any, *, _mode: int = 0o666) -> None:
        """Write nothing."""


def _code_of_the_file(path: str) -> types.CodeType:
    """Give what a file holds now: from the bytecode beside it, which is read twenty times as fast as a source is compiled.

    Bytecode knows its source by whole seconds and length; so it is surely of this one only if it was written later than that.
    """
    kept, file = Path(importlib.util.cache_from_source(path)), Path(path)
    if kept.exists() and kept.stat().st_mtime > file.stat().st_mtime + 1:
        with contextlib.suppress(ValueError, EOFError, TypeError, ImportError):  # bytecode that is damaged
            return _Reader(file.stem, path).get_code(file.stem)  # type: ignore[return-value]
    return compile(file.read_bytes(), path, "exec", dont_inherit=True)


def _essence(code: types.CodeType) -> tuple[Any, ...]:
    constants = tuple(repr(constant) for constant in code.co_consts if not isinstance(constant, types.CodeType))
    return code.co_name, code.co_code, constants, code.co_names, code.co_varnames


def _codes_of(value: Any, name: str) -> list[types.CodeType]:
    if type(value) is types.FunctionType:
        return [value.__code__] if value.__module__ == name else []
    if type(value) is type and value.__module__ == name:
        functions = (getattr(part, "__func__", part) for part in vars(value).values())
        return [part.__code__ for part in functions if type(part) is types.FunctionType and part.__module__ == name]
    return []


def changes(namespace: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Give what the session set: on each of its own modules all data, on libraries what is the user's, and plain values."""
    found = {module.__name__: _data(module) for module in own_modules() if module.__name__ not in taken_along}
    seen = {id(value): value for value in namespace.values() if type(value) is types.ModuleType}
    for module in seen.values():
        name = module.__name__
        if name not in found and name in sys.modules and name not in ("__main__", "builtins", "sys", "os"):
            found[name] = _set_on(module)
    found["builtins"] = _set_on_builtins()
    return {name: attributes for name, attributes in found.items() if attributes}


def _data(module: types.ModuleType) -> dict[str, Any]:
    code = (types.FunctionType, types.BuiltinFunctionType, types.ModuleType, type)
    return {
        name: value
        for name, value in vars(module).items()
        if not name.startswith("__") and (not issubclass(type(value), code) or of_the_user(value))
    }


def _set_on(module: types.ModuleType) -> dict[str, Any]:
    found = {}
    for name, value in list(vars(module).items()):
        plain = type(value) in _PLAIN and not name.startswith("_")
        if plain or of_the_user(value):
            found[name] = value
        if issubclass(type(value), type) and value.__module__ != "__main__":
            found.update({f"{name}.{key}": part for key, part in list(vars(value).items()) if of_the_user(part)})
    return found


def _set_on_builtins() -> dict[str, Any]:
    return {
        name: value
        for name, value in vars(builtins).items()
        if of_the_user(value) or (name not in _BUILT_IN and name != "_")
    }


def put_changes(state: dict[str, dict[str, Any]]) -> list[str]:
    """Set on each module what the session had set; what is the same already is left alone."""
    warnings = []
    for name, attributes in state.items():
        try:
            module = importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 - a module may do anything when imported
            warnings.append(f"the module {name}: it could not be imported again: {error!r}")
            continue
        for path, value in attributes.items():
            _put(module, path, value)
    return warnings


def _put(module: types.ModuleType, path: str, value: Any) -> None:
    owner: Any = module
    *parents, last = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent)
    present = vars(owner).get(last)
    if not (type(present) is type(value) and type(value) in _PLAIN and present == value):
        setattr(owner, last, value)
