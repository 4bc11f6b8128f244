"""What the session set up in its shell: extensions, magics, hooks, formatters."""

from __future__ import annotations

import sys
import types
from typing import Any

from .. import rebuild
from ..functions import importable, of_the_user
from .configurables import put

MODULE = "IPython"
NAME = "libraries.ipython"


def reduce_shell(shell: Any, saving: Any) -> Any:
    """Reduce the shell, or what belongs to it, to a reference."""
    if shell is saving.shell:
        return rebuild.family, (NAME, "shell")
    if shell is getattr(saving.shell, "kernel", None):
        return rebuild.family, (NAME, "kernel")
    for name, part in vars(saving.shell).get("_trait_values", {}).items():
        if part is shell:
            return rebuild.family, (NAME, "part", name)
    for name, part in vars(saving.shell).items():
        if part is shell:
            return rebuild.family, (NAME, "part", name)
    return saving.lose(shell, "it belongs to the kernel that was left")


def shell() -> Any:
    """Give the live shell."""
    return rebuild.loading().shell


def kernel() -> Any:
    """Give the live kernel."""
    return getattr(rebuild.loading().shell, "kernel", None)


def part(name: str) -> Any:
    """Give a part of the live shell."""
    return getattr(rebuild.loading().shell, name)


def inherited(_module: Any) -> dict[type, Any]:
    """Give the reducers of types and their subclasses."""
    places = {
        "IPython.core.interactiveshell": ("InteractiveShell",),
        "IPython.core.history": ("HistoryManager",),
        "IPython.core.displayhook": ("DisplayHook",),
        "IPython.core.displaypub": ("DisplayPublisher",),
        "IPython.core.magic": ("MagicsManager",),
        "IPython.core.formatters": ("DisplayFormatter",),
        "IPython.core.events": ("EventManager",),
        "ipykernel.kernelbase": ("Kernel",),
        "ipykernel.displayhook": ("ZMQDisplayHook", "ZMQShellDisplayHook"),
        "ipykernel.iostream": ("OutStream",),
    }
    found = {}
    for module, names in places.items():
        for name in names:
            kind = getattr(sys.modules.get(module), name, None)
            if kind is not None:
                found[kind] = reduce_stream if name == "OutStream" else reduce_shell
    return found


def reduce_stream(stream: Any, saving: Any) -> Any:
    """Reduce the kernel's stdout or stderr to that of the kernel that loads; in the child that saves, `sys` holds neither."""
    name = getattr(stream, "name", None)
    if name in ("stdout", "stderr"):
        return rebuild.family, (NAME, "stream", name)
    return saving.lose(stream, "it leads to a kernel that was left")


def stream(name: str) -> Any:
    """Give the live kernel's stdout or stderr: what `sys` holds while a snapshot is loaded."""
    return getattr(sys, name)


def capture(saving: Any) -> Any:
    """Give extensions, the user's magics, hooks, formatters and transformers."""
    shell = saving.shell
    if not hasattr(shell, "extension_manager"):
        return None
    state: dict[str, Any] = {
        "extensions": sorted(shell.extension_manager.loaded),
        "magics": _user_magics(shell),
        "other_names": _other_names(shell.magics_manager),
        "aliases": _aliases(shell.alias_manager),
        "events": _user_callbacks(shell),
        "formatters": _formatters(shell),
        "ast": [found for found in shell.ast_transformers if of_the_user(type(found))],
        "lines": _transformers(shell),
        "autoreload": _autoreload(shell),
        "plain": {name: getattr(shell.display_formatter.formatters["text/plain"], name) for name in _PLAIN},
        "tracebacks": getattr(getattr(shell, "InteractiveTB", None), "mode", None),
        "exceptions": shell.custom_exceptions if shell.custom_exceptions else (),
        "exception_handler": getattr(shell, "CustomTB", None) if shell.custom_exceptions else None,
    }
    return state


_PLAIN = ("float_precision", "max_width", "max_seq_length", "pprint", "newline")


def _aliases(manager: Any) -> list[tuple[str, str]]:
    given = dict(manager.default_aliases)
    return [(name, command) for name, command in manager.aliases if given.get(name) != command]


def _user_magics(shell: Any) -> dict[str, dict[str, Any]]:
    """Give the user's own magics; the type is asked first, since any attribute of a lazy magic would import it."""
    return {
        kind: {name: function for name, function in magics.items() if of_the_user(_plain_function(function))}
        for kind, magics in shell.magics_manager.magics.items()
    }


def _other_names(manager: Any) -> list[tuple[Any, ...]]:
    """Give the magics that are names for others, as `%alias_magic` makes them."""
    return [
        (name, magic.magic_name, kind, getattr(magic, "magic_params", None))
        for kind, magics in manager.magics.items()
        for name, magic in magics.items()
        if type(magic).__name__ == "MagicAlias"
    ]


def _plain_function(function: Any) -> Any:
    return function.__func__ if type(function) is types.MethodType else function


def _user_callbacks(shell: Any) -> dict[str, list[Any]]:
    return {
        event: [callback for callback in callbacks if of_the_user(getattr(callback, "__func__", callback))]
        for event, callbacks in shell.events.callbacks.items()
    }


def _formatters(shell: Any) -> dict[str, dict[str, dict[Any, Any]]]:
    found: dict[str, dict[str, dict[Any, Any]]] = {}
    for mime, formatter in shell.display_formatter.formatters.items():
        tables = {
            name: getattr(formatter, name) for name in ("type_printers", "deferred_printers", "singleton_printers")
        }
        own = {
            name: {key: value for key, value in table.items() if _set_up(value) or of_the_user(key)}
            for name, table in tables.items()
        }
        if any(own.values()):
            found[mime] = own
    return found


def _set_up(printer: Any) -> bool:
    """Tell whether a formatter is the user's, or was made by a library's function that the user called, such as sympy.init_printing."""
    if type(printer) is not types.FunctionType:
        return of_the_user(printer)
    library = str(printer.__module__).partition(".")[0]
    return of_the_user(printer) or (library not in ("IPython", "matplotlib_inline") and not importable(printer))


def _transformers(shell: Any) -> dict[str, list[Any]]:
    manager = shell.input_transformer_manager
    names = ("cleanup_transforms", "line_transforms", "token_transformers")
    return {name: [found for found in getattr(manager, name, []) if of_the_user(found)] for name in names}


def _autoreload(shell: Any) -> dict[str, Any] | None:
    for magics in shell.magics_manager.registry.values():
        if type(magics).__name__ == "AutoreloadMagics":
            reloader = magics._reloader
            names = ("enabled", "check_all", "autoload_obj", "modules", "skip_modules")
            return {name: getattr(reloader, name) for name in names if hasattr(reloader, name)}
    return None


def apply(state: Any, loading: Any) -> None:
    """Set the shell up again."""
    shell = loading.shell
    for name in state["extensions"]:
        loading.attempt(f"the extension {name}", shell.extension_manager.load_extension, name)
    _restore_magics(shell, state, loading)
    for event, callbacks in state["events"].items():
        for callback in callbacks:
            loading.attempt(f"a callback of {event}", shell.events.register, event, callback)
    _restore_display(shell, state)
    if state["exceptions"]:
        shell.set_custom_exc(state["exceptions"], state["exception_handler"])
    _restore_autoreload(shell, state["autoreload"])


def _restore_magics(shell: Any, state: Any, loading: Any) -> None:
    for kind, magics in state["magics"].items():
        for name, function in magics.items():
            shell.magics_manager.register_function(function, kind, name)
    for name, *of in state.get("other_names", ()):  # earlier snapshots have none
        loading.attempt(f"the magic {name}", shell.magics_manager.register_alias, name, *of)
    for name, command in state["aliases"]:
        loading.attempt(f"the alias {name}", shell.alias_manager.soft_define_alias, name, command)
    shell.ast_transformers.extend(state["ast"])
    for name, transformers in state["lines"].items():
        getattr(shell.input_transformer_manager, name).extend(transformers)


def _restore_display(shell: Any, state: Any) -> None:
    for mime, tables in state["formatters"].items():
        for name, table in tables.items():
            getattr(shell.display_formatter.formatters[mime], name).update(table)
    put(shell.display_formatter.formatters["text/plain"], state["plain"])
    if state.get("tracebacks") is not None:
        shell.InteractiveTB.set_mode(state["tracebacks"])


def _restore_autoreload(shell: Any, state: dict[str, Any] | None) -> None:
    for magics in shell.magics_manager.registry.values():
        if state is not None and type(magics).__name__ == "AutoreloadMagics":
            for name, value in state.items():
                setattr(magics._reloader, name, value)
