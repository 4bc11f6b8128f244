"""Standard streams, memoryviews and other objects that are had anew from what the kernel has anyway."""

from __future__ import annotations

import re
import sys
from typing import Any

from .. import rebuild
from ..memory import address_of

MODULE = None
NAME = "resources.streams"
_STREAMS = ("stdout", "stderr", "stdin", "__stdout__", "__stderr__", "__stdin__")


def standard_stream(obj: Any) -> Any:
    """Give the reduction of one of the kernel's standard streams, or None."""
    for name in _STREAMS:
        if obj is getattr(sys, name, None):
            return rebuild.attribute, (sys, name)
    return None


def reduce_memoryview(view: memoryview, saving: Any) -> Any:
    """Reduce a memoryview together with the object whose memory it shows."""
    owner = view.obj
    start = address_of(owner)
    contiguous = view.contiguous
    offset = address_of(view) - start if contiguous else None
    if offset is None:
        return saving.lose(view, "it shows every other part of its object's memory")
    return rebuild.family, (NAME, "view", owner, offset, view.nbytes, view.format, view.shape, view.readonly)


def view(owner: Any, offset: int, length: int, form: str, shape: Any, readonly: bool) -> memoryview:
    """Give a memoryview of a part of an object's memory."""
    plain = memoryview(owner).cast("B")[offset : offset + length]
    shown: Any = plain if form == "B" and len(shape) == 1 else plain.cast(form, shape)  # type: ignore[call-overload]
    made: memoryview = shown.toreadonly() if readonly and not shown.readonly else shown
    return made


def reduce_match(match: re.Match[Any], _saving: Any) -> Any:
    """Reduce the match of a regular expression to the search that finds it again."""
    return rebuild.family, (NAME, "match", match.re, match.string, match.span(), match.endpos)


def match(pattern: re.Pattern[Any], string: Any, span: tuple[int, int], endpos: int) -> Any:
    """Find a match again at the place where it was."""
    found = pattern.match(string, span[0], endpos)
    return found if found is not None and found.span() == span else pattern.fullmatch(string, *span)


def reducers(_module: Any) -> dict[type, Any]:
    """Give the reducers of exact types."""
    return {memoryview: reduce_memoryview, re.Match: reduce_match}
