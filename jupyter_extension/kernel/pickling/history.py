"""The names of the user's variables, and the kernel's history: In, Out, the execution count."""

from __future__ import annotations

from typing import Any, Callable

from .components import Root

_HISTORY = "history:"
_LAST = ("_", "__", "___")
_OWN = frozenset(
    [
        "In",
        "Out",
        "_ih",
        "_oh",
        "_dh",
        "_",
        "__",
        "___",
        "get_ipython",
        "exit",
        "quit",
        "open",
        "__builtins__",
        "__builtin__",
        "__name__",
        "__doc__",
        "__package__",
        "__loader__",
        "__spec__",
        "__session__",
        "__warningregistry__",
    ]
)


def variables(shell: Any) -> list[str]:
    """Give the names of the user's variables, those that every kernel has and nobody changed left out."""
    return [
        name for name, value in shell.user_ns.items() if isinstance(name, str) and not _of_the_shell(name, value, shell)
    ]


def _of_the_shell(name: str, value: Any, shell: Any) -> bool:
    if name in _OWN:
        return name.startswith("_") or name in ("In", "Out") or shell.user_ns_hidden.get(name) is value
    return name in ("_i", "_ii", "_iii") or (name.startswith("_") and name.lstrip("_i").isdigit())


def cell_finder(shell: Any) -> Callable[[str], int | None]:
    """Give a function that tells which cell made a variable: the last whose source assigns to its name."""
    inputs: list[str] = getattr(getattr(shell, "history_manager", None), "input_hist_parsed", None) or []
    return lambda name: _last_binding(name, inputs)


def _last_binding(name: str, inputs: list[str]) -> int | None:
    for number in range(len(inputs) - 1, 0, -1):
        if name in inputs[number]:
            return number
    return None


def roots(shell: Any) -> list[Root]:
    """Give the history as roots."""
    manager = shell.history_manager
    found = [Root(f"{_HISTORY}out:{number}", value) for number, value in manager.output_hist.items()]
    state = {"In": list(manager.input_hist_parsed), "raw": list(manager.input_hist_raw), "count": shell.execution_count}
    found.append(Root(f"{_HISTORY}in", state))
    last = {name: shell.user_ns[name] for name in _LAST if name in shell.user_ns}
    last["of the user"] = [name for name in last if shell.user_ns_hidden.get(name, last[name]) is not last[name]]
    found.append(Root(f"{_HISTORY}last", last))
    return found


def put(shell: Any, name: str, value: Any) -> bool:
    """Put a root of the history back in its place; False if it is none."""
    if not name.startswith(_HISTORY):
        return False
    manager = shell.history_manager
    if name.startswith(f"{_HISTORY}out:"):
        manager.output_hist[int(name.rpartition(":")[2])] = value
    elif name == f"{_HISTORY}last":
        _put_last(shell, value)
    else:
        manager.input_hist_parsed[:] = value["In"]
        manager.input_hist_raw[:] = value["raw"]
        shell.execution_count = value["count"]
    return True


def _put_last(shell: Any, last: dict[str, Any]) -> None:
    """Set `_`, `__` and `___`; the shell must know those that it set itself as hidden, or it never sets them again."""
    of_the_user = last.pop("of the user", ())
    shell.user_ns.update(last)
    shell.user_ns_hidden.update((name, value) for name, value in last.items() if name not in of_the_user)
    hook = getattr(shell, "displayhook", None)
    for name, value in last.items():
        if hasattr(hook, name):
            setattr(hook, name, value)


def restored(shell: Any) -> None:
    """Let the short names of the history (`_i3`, `_3`) follow it."""
    namespace, manager = shell.user_ns, shell.history_manager
    inputs = manager.input_hist_raw
    for number in range(1, len(inputs)):
        namespace[f"_i{number}"] = inputs[number]
    for name, number in (("_i", 1), ("_ii", 2), ("_iii", 3)):
        namespace[name] = inputs[-number] if number < len(inputs) else ""
    for number, value in manager.output_hist.items():
        namespace[f"_{number}"] = value
