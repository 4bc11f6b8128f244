"""The pickler: the C one, told by `reducer_override` how to reduce what it cannot, and never failing as a whole.

Three things set it apart from others. Whatever an object's own reduction raises becomes a placeholder in that object's place, at
once, so that one bad object costs neither its neighbours nor a second try. Every object that it walks over is recorded in
`visited`, by C code (`list.append` as the persistent id), from which the sharing between variables is found. And the objects
that every kernel has (the namespace itself, `In`, `Out`) are in its memo from the start, so that a reference to them costs
nothing and comes back as a reference to those of the kernel that loads.
"""

from __future__ import annotations

import pickle
from typing import Any, List

from . import plans, wellknown
from .memory import address_of
from .saving import Saving, reason_of

_BASIC = frozenset(
    (int, float, bool, str, bytes, bytearray, type(None), tuple, list, dict, set, frozenset, pickle.PickleBuffer)
)


class Chunks(List[Any]):
    """A file to write to that keeps the buffers it is given, so that a large bytes object is never copied."""

    write = list.append


class Overriding:
    """The `reducer_override` of both picklers."""

    saving: Saving

    def reducer_override(self, obj: Any) -> Any:
        """Reduce by the type's plan; an object whose own reduction fails becomes a placeholder."""
        saving = self.saving
        plan = saving.plans.get(type(obj))
        if plan is plans.PLAIN:
            return NotImplemented
        if saving.doomed and id(obj) in saving.doomed:
            return saving.lose(obj, saving.doomed[id(obj)][1])
        try:
            if plan is None:
                plan = saving.plans[type(obj)] = plans.choose(obj, saving)
                if plan is plans.PLAIN:
                    return plans.reduce_guarded(obj, saving)
            return plan(obj, saving)
        except (RecursionError, MemoryError):
            raise
        except BaseException as error:  # noqa: BLE001 - code of the user's may raise anything, and must not spoil the rest
            return saving.lose(obj, reason_of(error))


class FastPickler(Overriding, pickle.Pickler):
    """The C pickler."""


class DeepPickler(Overriding, pickle._Pickler):  # type: ignore[name-defined,misc]
    """The pickler in Python: slower, but it has no C stack to overflow."""

    def reducer_override(self, obj: Any) -> Any:
        """Reduce as the C pickler does, which asks about no object of a basic type."""
        return NotImplemented if type(obj) in _BASIC else super().reducer_override(obj)


def pickle_value(value: Any, saving: Saving, visited: list[Any], kind: type = FastPickler) -> list[Any]:
    """Pickle one value into a list of buffers. Out-of-band buffers become spans of `saving.spans`, in their order."""
    chunks = Chunks()
    chunks.append(saving.prelude)

    def out_of_band(buffer: pickle.PickleBuffer) -> bool:
        return _to_span(buffer, saving)

    pickler = kind(chunks, 5, buffer_callback=out_of_band)
    pickler.saving = saving
    pickler.memo = wellknown.memo(saving.specials)
    pickler.persistent_id = visited.append
    pickler.dump(value)
    return chunks


def _to_span(buffer: pickle.PickleBuffer, saving: Saving) -> bool:
    try:
        view = buffer.raw()
    except BufferError:
        return True
    if view.nbytes < 64:
        return True
    saving.spans.buffers.append(saving.spans.add(address_of(view), view.nbytes, view))
    return False
