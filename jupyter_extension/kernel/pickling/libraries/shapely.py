"""Prepared geometries are prepared again."""

from __future__ import annotations

import sys
from typing import Any

MODULE = "shapely.prepared"


def reduce_prepared(prepared: Any, _saving: Any) -> Any:
    """Reduce a prepared geometry to the geometry."""
    return type(prepared), (prepared.context,)


def reducers(_module: Any) -> dict[type, Any]:
    """Give the reducers of exact types."""
    return {sys.modules[MODULE].PreparedGeometry: reduce_prepared}
