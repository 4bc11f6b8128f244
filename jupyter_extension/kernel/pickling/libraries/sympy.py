"""How sympy prints: settings that `init_printing` makes in the library itself."""

from __future__ import annotations

import sys
from typing import Any

from ..functions import importable

MODULE = "sympy"
_SHOWN = ("_repr_png_", "_repr_svg_", "_repr_latex_")


def capture(_saving: Any) -> Any:
    """Give the settings of all printers, whether they may use Unicode, and how expressions show themselves where that was changed."""
    shown = {name: value for name, value in vars(_expressions()).items() if name in _SHOWN and _changed(value)}
    return dict(_printer()._global_settings), _symbology().pretty_use_unicode(), shown


def _changed(value: Any) -> bool:
    return value is None or not importable(getattr(value, "fget", value))


def apply(state: Any, _loading: Any) -> None:
    """Put them back."""
    settings, unicode, shown = state
    _printer().set_global_settings(**settings)
    _symbology().pretty_use_unicode(unicode)
    for name, value in shown.items():
        setattr(_expressions(), name, value)


def _expressions() -> Any:
    return sys.modules["sympy.core._print_helpers"].Printable


def _printer() -> Any:
    return sys.modules["sympy.printing.printer"].Printer


def _symbology() -> Any:
    return sys.modules["sympy.printing.pretty.pretty_symbology"]
