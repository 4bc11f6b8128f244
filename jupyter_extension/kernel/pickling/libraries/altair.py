"""Which plugins and options of altair are enabled: they are kept in objects of the library, not of the session."""

from __future__ import annotations

import sys
from typing import Any

MODULE = "altair"
_REGISTRIES = ("data_transformers", "renderers")


def capture(_saving: Any) -> Any:
    """Give for each registry the name of what is enabled and its options; None where nothing was changed."""
    altair = sys.modules["altair"]
    found = {name: (registry.active, dict(registry.options)) for name, registry in _registries(altair)}
    return found or None


def _registries(altair: Any) -> list[tuple[str, Any]]:
    found = ((name, getattr(altair, name, None)) for name in _REGISTRIES)
    return [(name, registry) for name, registry in found if hasattr(registry, "enable")]


def apply(state: Any, loading: Any) -> None:
    """Enable the same again."""
    for name, registry in _registries(sys.modules["altair"]):
        if name in state and state[name] != (registry.active, dict(registry.options)):
            active, options = state[name]
            loading.attempt(f"altair.{name}", lambda r=registry, a=active, o=options: r.enable(a, **o))
