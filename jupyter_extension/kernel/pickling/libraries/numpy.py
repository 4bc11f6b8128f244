"""Arrays: memory that is shared stays shared, and travels once."""

from __future__ import annotations

import gc
import mmap
import sys
from typing import Any

from .. import rebuild
from ..lost import Lost
from ..memory import address_of
from ..plans import reduce_guarded, reduce_registered

MODULE = "numpy"
NAME = "libraries.numpy"
_RAW_KINDS = "biufcmMSUV"
_OWN_MEMORY = 1 << 18  # bytes: arrays up to this size that share nothing are copied, so that they own their memory


def reduce_array(array: Any, saving: Any) -> Any:
    """Reduce an array to its place in memory; one of objects to its items."""
    if type(array) is not sys.modules["numpy"].ndarray:
        return _reduce_subclass(array, saving)
    if array.dtype.hasobject or array.dtype.kind not in _RAW_KINDS:
        return _reduce_objects(array, saving)
    owner = _owner(array)
    if type(owner) in (bytearray, mmap.mmap):  # the user's own; what an earlier restoration made is of other types
        return _over(array, owner, address_of(owner))
    low, length = _bounds(array)
    span = saving.spans.add(low, length, array)
    offset = _address(array) - low
    return rebuild.family, (NAME, "array", span, *_form(array, offset), array.flags.writeable)


def _owner(array: Any) -> Any:
    """Give what an array's memory belongs to: the end of the chain of arrays and memoryviews below it."""
    while isinstance(array, (memoryview, sys.modules["numpy"].ndarray)):
        base = array.obj if type(array) is memoryview else array.base
        if base is None:
            return array
        array = base
    return array  # others may have a `base` too, which leads back to the array where Cython made it


def _address(array: Any) -> int:
    address: int = array.__array_interface__["data"][0]
    return address


def _bounds(array: Any) -> tuple[int, int]:
    """Give the lowest address of the array's items and the number of bytes up to the end of the highest."""
    if array.size == 0:
        return _address(array), 0
    spread = [(count - 1) * stride for count, stride in zip(array.shape, array.strides)]
    low = sum(part for part in spread if part < 0)
    high = sum(part for part in spread if part > 0) + array.itemsize
    return _address(array) + low, high - low


def _form(array: Any, offset: int) -> tuple[Any, ...]:
    dtype = array.dtype
    name = dtype.str if dtype.isbuiltin == 1 and dtype.kind not in "mM" and not dtype.metadata else dtype
    strides = None if array.flags.c_contiguous else array.strides
    return name, array.shape, offset, strides


def array(span: int, dtype: Any, shape: Any, offset: int, strides: Any, writeable: bool) -> Any:
    """Give an array over a span, or with memory of its own if nobody shares it."""
    numpy = sys.modules["numpy"]
    memory = rebuild.memory(span)
    if not len(memory):
        return numpy.empty(shape, dtype)
    made = numpy.ndarray(shape, dtype, memory, offset, strides)
    if made.nbytes == len(memory) <= _OWN_MEMORY and not rebuild.loading().shared(span):
        made = made.copy("K")
    if not writeable:
        made.flags.writeable = False
    return made


def _over(array: Any, owner: Any, start: int) -> Any:
    return rebuild.family, (NAME, "over", owner, *_form(array, _address(array) - start), array.flags.writeable)


def over(owner: Any, dtype: Any, shape: Any, offset: int, strides: Any, writeable: bool) -> Any:
    """Give an array over the memory of another object; if that was lost, what stands for it."""
    if type(owner) is Lost:
        return owner
    made = sys.modules["numpy"].ndarray(shape, dtype, owner, offset, strides)
    if not writeable:
        made.flags.writeable = False
    return made


def _reduce_objects(array: Any, saving: Any) -> Any:
    owner = _owner(array)
    if owner is not array and type(owner) is type(array) and owner.dtype == array.dtype and array.dtype.hasobject:
        return _over(array, owner, _address(owner))
    return reduce_guarded(array, saving)


def _reduce_subclass(array: Any, saving: Any) -> Any:
    numpy = sys.modules["numpy"]
    if type(array).__reduce__ is not numpy.ndarray.__reduce__:
        return reduce_guarded(array, saving)
    plain = array.view(numpy.ndarray)
    attributes = dict(getattr(array, "__dict__", None) or {})
    return rebuild.family, (NAME, "subclass", plain, type(array)), attributes, None, None, rebuild.update_dict


def subclass(plain: Any, kind: type) -> Any:
    """Give a view of an array as a subclass of ndarray."""
    return plain.view(kind)


def reduce_ufunc(ufunc: Any, saving: Any) -> Any:
    """Reduce a ufunc: by name, or one made of a Python function by that."""
    functions = [found for found in gc.get_referents(ufunc) if callable(found)]
    if not functions:
        return reduce_registered(ufunc, saving)
    return sys.modules["numpy"].frompyfunc, (functions[0], ufunc.nin, ufunc.nout)


def reduce_limits(limits: Any, _saving: Any) -> Any:
    """Reduce the limits of a floating point type to that: they are asked for again."""
    return type(limits), (limits.dtype,)


def reducers(numpy: Any) -> dict[type, Any]:
    """Give the reducers of exact types."""
    return {numpy.ufunc: reduce_ufunc, numpy.finfo: reduce_limits}


def inherited(numpy: Any) -> dict[type, Any]:
    """Give the reducers of types and their subclasses."""
    return {numpy.ndarray: reduce_array}


def atoms(numpy: Any) -> list[type]:
    """Give the types whose objects never change."""
    return [numpy.dtype, *{type(numpy.dtype(code)) for code in numpy.typecodes["All"]}, *_scalars(numpy.generic)]


def _scalars(kind: Any) -> list[type]:
    return [kind, *(found for child in kind.__subclasses__() for found in _scalars(child))]


def capture(_saving: Any) -> Any:
    """Give the print options, the handling of floating point errors, and the state of the global generator."""
    numpy = sys.modules["numpy"]
    random = sys.modules.get("numpy.random")
    options = {name: value for name, value in numpy.get_printoptions().items() if name not in ("override_repr",)}
    return {"print": options, "errors": numpy.geterr(), "random": random and random.get_state()}


def apply(state: Any, _loading: Any) -> None:
    """Put them back."""
    numpy = sys.modules["numpy"]
    numpy.set_printoptions(**state["print"])
    numpy.seterr(**state["errors"])
    if state["random"] is not None:
        numpy.random.set_state(state["random"])
