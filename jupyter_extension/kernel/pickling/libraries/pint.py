"""Quantities stay with their registry: pint's own pickling hands them to the application's."""

from __future__ import annotations

import sys
from typing import Any

from .. import rebuild

MODULE = "pint"
NAME = "libraries.pint"


def reduce_quantity(quantity: Any, _saving: Any) -> Any:
    """Reduce a quantity to its registry, magnitude and unit."""
    return rebuild.family, (NAME, "quantity", quantity._REGISTRY, quantity.magnitude, dict(quantity._units))


def quantity(registry: Any, magnitude: Any, units: dict[str, Any]) -> Any:
    """Give a quantity of this registry."""
    return registry.Quantity(magnitude, _container(units))


def reduce_unit(unit: Any, _saving: Any) -> Any:
    """Reduce a unit to its registry and what it is made of."""
    return rebuild.family, (NAME, "unit", unit._REGISTRY, dict(unit._units))


def unit(registry: Any, units: dict[str, Any]) -> Any:
    """Give a unit of this registry."""
    return registry.Unit(_container(units))


def _container(units: dict[str, Any]) -> Any:
    return sys.modules["pint.util"].UnitsContainer(units)


def inherited(_pint: Any) -> dict[type, Any]:
    """Give the reducers of types and their subclasses."""
    plain = sys.modules.get("pint.facets.plain")
    if plain is None:
        return {}  # before pint 0.20
    return {plain.PlainQuantity: reduce_quantity, plain.PlainUnit: reduce_unit}
