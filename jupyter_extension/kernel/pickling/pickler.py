"""The pickler: the C one, told by `reducer_override` how to reduce what it cannot, and never failing as a whole.

Four things set it apart from others. Whatever an object's own reduction raises becomes a placeholder in that object's place, at
once, so that one bad object costs neither its neighbours nor a second try. Every object that it walks over is recorded in
`visited`, by C code (`list.append` as the persistent id), from which the sharing between variables is found. And the objects
that every kernel has (the namespace itself, `In`, `Out`) are in its memo from the start, so that a reference to them costs
nothing and comes back as a reference to those of the kernel that loads. Numbers that are none keep their identity (`nans.py`).
"""

from __future__ import annotations

import pickle
from typing import Any, Callable, List

from . import nans, plans
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
        saving.growth.step()
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
        except RecursionError:  # not in a tuple: at the end of the stack Python 3.14 finds nothing in one any more
            raise
        except MemoryError:
            raise
        except BaseException as error:  # noqa: BLE001 - code of the user's may raise anything, and must not spoil the rest
            return saving.lose(obj, reason_of(error))


class FastPickler(Overriding, pickle.Pickler):
    """The C pickler."""


_Pickler: Any = pickle._Pickler  # the one in Python


class DeepPickler(Overriding, _Pickler):  # type: ignore[misc]  # its class is known at run time only
    """The pickler in Python: slower, but it has no C stack to overflow."""

    def save(self, obj: Any, save_persistent_id: bool = True) -> None:
        """Save an object as the base class does, but by calls that take no C stack: `f(*args)` with a bound method takes some."""
        self.framer.commit_frame()
        pid = self.persistent_id(obj)
        if pid is not None:
            self.save_pers(pid)
            return
        known = self.memo.get(id(obj))
        if known is not None:
            self.write(self.get(known[0]))
            return
        kind = type(obj)
        reduction = NotImplemented if kind in _BASIC else self.reducer_override(obj)
        handler = self.dispatch.get(kind)
        if reduction is NotImplemented and handler is not None:
            handler(self, obj)
        elif reduction is NotImplemented and issubclass(kind, type):
            self.save_global(obj)
        else:
            reduction = obj.__reduce_ex__(5) if reduction is NotImplemented else reduction
            function, args, state, items, pairs, setter = (*reduction, None, None, None, None)[:6]
            self.save_reduce(function, args, state, items, pairs, setter, obj=obj)


def pickle_value(
    value: Any, saving: Saving, visited: list[Any] | None, kind: type = FastPickler, *, texts: list[str] | None = None
) -> list[Any]:
    """Pickle one value into a list of buffers. Out-of-band buffers become spans of `saving.spans`, in their order.

    `texts`: nothing but these is remembered, so that all else that is there twice would come back as two, and a cycle is a ValueError.
    """
    walk = None if visited is None else visited.append
    chunks = _pickled(value, saving, walk, kind, texts)
    if nans.are_in(chunks):
        saving.start()
        if visited is not None:
            visited.clear()
        chunks = _pickled(value, saving, nans.Identified(walk, saving.nans), kind, texts)
        saving.shared_nans.update(map(id, saving.nans))
    return chunks


def _pickled(
    value: Any, saving: Saving, persistent_id: Callable[[Any], Any] | None, kind: type, texts: list[str] | None
) -> list[Any]:
    chunks, memo = Chunks(), dict(saving.memo)
    chunks.append(saving.prelude)
    chunks.append(_introduce(texts or [], memo))

    def out_of_band(buffer: pickle.PickleBuffer) -> bool:
        return _to_span(buffer, saving)

    pickler = kind(chunks, 5, buffer_callback=out_of_band)
    pickler.saving = saving
    pickler.fast = texts is not None
    pickler.memo = memo
    if persistent_id is not None:
        pickler.persistent_id = persistent_id
    pickler.dump(value)
    return chunks


def _introduce(texts: list[str], memo: dict[int, tuple[int, Any]]) -> bytes:
    """Add texts to a pickler's memo, and give the opcodes that put them in the same places of the unpickler's."""
    opcodes = []
    for text in texts:
        if id(text) in memo:  # a well-known one
            continue
        memo[id(text)] = (len(memo), text)
        data = text.encode("utf-8", "surrogatepass")
        opcodes.append(pickle.BINUNICODE8 + len(data).to_bytes(8, "little") + data + pickle.MEMOIZE + pickle.POP)
    return b"".join(opcodes)


def _to_span(buffer: pickle.PickleBuffer, saving: Saving) -> bool:
    try:
        view = buffer.raw()
    except BufferError:
        return True
    if view.nbytes < 64:
        return True
    saving.spans.buffers.append(saving.spans.add(address_of(view), view.nbytes, view))
    return False
