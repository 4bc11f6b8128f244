"""Tensors: their storages stay shared between views, and travel once; those of a GPU travel by way of the CPU."""

from __future__ import annotations

import sys
from typing import Any

from .. import rebuild
from ..plans import reduce_guarded

MODULE = "torch"
NAME = "libraries.torch"


def reduce_storage(storage: Any, saving: Any) -> Any:
    """Reduce the memory of tensors."""
    if storage.device.type != "cpu":
        return saving.lose(storage, f"memory of the device {storage.device} cannot be copied in a forked process")
    span = saving.spans.add(storage.data_ptr(), storage.nbytes(), storage)
    return rebuild.family, (NAME, "storage", span)


def storage(span: int) -> Any:
    """Give the memory of tensors over a span."""
    torch = sys.modules["torch"]
    memory = rebuild.memory(span)
    if not len(memory):
        return torch.UntypedStorage(0)
    return torch.frombuffer(memory, dtype=torch.uint8).untyped_storage()


def reduce_typed_storage(typed: Any, _saving: Any) -> Any:
    """Reduce memory with a type to the memory; torch itself would write a copy for each tensor."""
    return rebuild.family, (NAME, "typed_storage", type(typed), typed._untyped_storage, typed.dtype)


def typed_storage(kind: Any, storage: Any, dtype: Any) -> Any:
    """Give memory with a type."""
    return kind(wrap_storage=storage, dtype=dtype, _internal=True)


def reduce_tensor(tensor: Any, saving: Any) -> Any:
    """Reduce a tensor with its gradient; the computation that led to it cannot move, and that is reported."""
    reduction = reduce_guarded(tensor, saving)
    if tensor.grad_fn is not None:
        saving.changes("how it was computed is not kept: the values are there, but backward() stops at them")
        return reduction
    if tensor.grad is None or (len(reduction) > 2 and reduction[2] is not None):
        return reduction
    return (*reduction[:2], tensor.grad, None, None, set_gradient)


def set_gradient(tensor: Any, gradient: Any) -> None:
    """Give a tensor its gradient."""
    tensor.grad = gradient


def inherited(torch: Any) -> dict[type, Any]:
    """Give the reducers of types and their subclasses."""
    found: dict[type, Any] = {torch.Tensor: reduce_tensor}
    if hasattr(torch, "UntypedStorage"):
        found.update({torch.UntypedStorage: reduce_storage, torch.storage.TypedStorage: reduce_typed_storage})
    return found


def atoms(torch: Any) -> list[type]:
    """Give the types whose objects never change."""
    return [torch.dtype, torch.device, torch.Size]


def capture(_saving: Any) -> Any:
    """Give the state of the generator and the defaults."""
    torch = sys.modules["torch"]
    return {"random": torch.get_rng_state(), "dtype": torch.get_default_dtype(), "grad": torch.is_grad_enabled()}


def apply(state: Any, _loading: Any) -> None:
    """Put them back."""
    torch = sys.modules["torch"]
    torch.set_rng_state(state["random"])
    torch.set_default_dtype(state["dtype"])
    torch.set_grad_enabled(state["grad"])
