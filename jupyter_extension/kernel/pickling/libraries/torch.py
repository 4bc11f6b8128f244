"""Tensors: their storages stay shared between views, and travel once; those of a GPU travel by way of the CPU."""

from __future__ import annotations

import sys
from typing import Any

from .. import rebuild

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


def inherited(torch: Any) -> dict[type, Any]:
    """Give the reducers of types and their subclasses."""
    kind = getattr(torch, "UntypedStorage", None)
    return {} if kind is None else {kind: reduce_storage}


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
