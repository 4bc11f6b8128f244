"""The server's side of the kernels: starts the agent in a kernel, saves the kernel's state and loads it again."""

from __future__ import annotations

from jupyter_extension.kernel_client.agent import AgentStatus, KernelAgent
from jupyter_extension.kernel_client.entry import KernelEntry
from jupyter_extension.kernel_client.errors import (
    KernelBusy,
    KernelDied,
    KernelError,
    KernelNotFound,
    KernelNotSupported,
    LoadFailed,
    SaveFailed,
)
from jupyter_extension.kernel_client.loading import load_kernel
from jupyter_extension.kernel_client.saving import save_kernel

__all__ = [
    "AgentStatus",
    "KernelAgent",
    "KernelBusy",
    "KernelDied",
    "KernelEntry",
    "KernelError",
    "KernelNotFound",
    "KernelNotSupported",
    "LoadFailed",
    "SaveFailed",
    "load_kernel",
    "save_kernel",
]
