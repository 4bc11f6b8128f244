"""Settings of the standard library that belong to the session: decimal context, warning filters, the default time-out of sockets."""

from __future__ import annotations

import sys
from typing import Any

MODULE = None


def capture(_saving: Any) -> Any:
    """Give the settings of the modules that are loaded."""
    state: dict[str, Any] = {}
    warnings = sys.modules.get("warnings")
    if warnings is not None:
        state["filters"] = list(warnings.filters)
    decimal = sys.modules.get("decimal")
    if decimal is not None:
        context = decimal.getcontext()
        state["decimal"] = (context.prec, context.rounding, context.Emin, context.Emax, context.capitals, context.clamp)
        state["traps"] = [signal for signal, on in context.traps.items() if on]
    socket = sys.modules.get("socket")
    if socket is not None and socket.getdefaulttimeout() is not None:
        state["timeout"] = socket.getdefaulttimeout()
    return state


def apply(state: Any, _loading: Any) -> None:
    """Put the settings back."""
    if "filters" in state:
        import warnings  # noqa: PLC0415 - loaded in every kernel

        warnings.filters[:] = state["filters"]  # type: ignore[index]
        warnings._filters_mutated()  # type: ignore[attr-defined]
    if "decimal" in state:
        import decimal  # noqa: PLC0415 - the saved kernel had it

        prec, rounding, low, high, capitals, clamp = state["decimal"]
        decimal.setcontext(decimal.Context(prec, rounding, low, high, capitals, clamp, traps=state["traps"]))
    if "timeout" in state:
        import socket  # noqa: PLC0415 - the saved kernel had it

        socket.setdefaulttimeout(state["timeout"])
