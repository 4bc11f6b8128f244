"""What can go wrong between the server and a kernel.

KernelError
  KernelNotFound       there is no such kernel
  KernelNotSupported   it is left alone: another language, too old, not an ipykernel
  KernelBusy           it could not be reached in time because it runs a cell; try again later
  KernelDied           it ended while we worked with it
  SaveFailed           no snapshot could be taken; the kernel is unharmed
  LoadFailed           the snapshot could not be loaded into it; begin with a fresh kernel
"""

from __future__ import annotations


class KernelError(Exception):
    """The root of the room's errors; `retryable`: the same call may succeed later."""

    retryable = False


class KernelNotFound(KernelError):
    """No kernel listens at this connection file."""


class KernelNotSupported(KernelError):
    """The kernel cannot be saved, and is left alone; the message is the reason."""


class KernelBusy(KernelError):
    """The kernel did not get to our request in time."""

    retryable = True


class KernelDied(KernelError):
    """The kernel's process ended."""


class SaveFailed(KernelError):
    """The snapshot failed; what was saved before still counts."""

    retryable = True


class LoadFailed(KernelError):
    """The snapshot was not loaded, or only in part."""
