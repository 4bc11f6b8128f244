"""Columns of Python objects, which polars cannot write itself; all others it writes."""

from __future__ import annotations

import sys
from typing import Any

from .. import rebuild
from ..plans import reduce_guarded

MODULE = "polars"
NAME = "libraries.polars"


def reduce_series(series: Any, saving: Any) -> Any:
    """Reduce a column; one of objects to these."""
    if series.dtype != sys.modules["polars"].Object:
        return reduce_guarded(series, saving)
    return rebuild.family, (NAME, "objects", series.name, series.to_list())


def objects(name: str, values: list[Any]) -> Any:
    """Give a column of objects."""
    polars = sys.modules["polars"]
    return polars.Series(name, values, dtype=polars.Object)


def reduce_frame(frame: Any, saving: Any) -> Any:
    """Reduce a table; one with a column of objects to its columns."""
    if sys.modules["polars"].Object not in frame.schema.values():
        return reduce_guarded(frame, saving)
    return type(frame), (frame.get_columns(),)


def reducers(polars: Any) -> dict[type, Any]:
    """Give the reducers of exact types."""
    return {polars.Series: reduce_series, polars.DataFrame: reduce_frame}
