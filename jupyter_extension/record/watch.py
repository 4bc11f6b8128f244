"""Our own ear on a kernel's broadcasts: pages come and go, and a message that no page hears must be recorded too."""

from __future__ import annotations

from typing import Any

from jupyter_extension.record.messages import peek
from jupyter_extension.record.recorder import Recorder


class KernelWatch:
    """A subscriber to one kernel's iopub channel."""

    def __init__(self, recorder: Recorder, kernel: str, manager: Any) -> None:
        self.kernel_session: str | None = None
        self._recorder, self._kernel, self._manager = recorder, kernel, manager
        self._ports = list(manager.ports)
        self._stream = manager.connect_iopub()
        self._stream.on_recv(self._heard)

    def _heard(self, frames: Any) -> None:
        try:
            _, parts = self._manager.session.feed_identities(frames)
            self.kernel_session = peek(parts)[0].get("session")
        except (ValueError, IndexError, KeyError) as e:
            self._recorder.log.warning("kernel %s sent something that is no message: %r", self._kernel, e)
            return
        self._recorder.iopub(self._kernel, parts)

    @property
    def stale(self) -> bool:
        """Whether the kernel listens elsewhere now (it was restarted with new ports)."""
        return self._stream.closed() or list(self._manager.ports) != self._ports

    def close(self) -> None:
        """Stop listening."""
        if not self._stream.closed():
            self._stream.on_recv(None)
            self._stream.close()


class Watches:
    """One `KernelWatch` for each living kernel."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._watches: dict[str, KernelWatch] = {}

    def ensure(self, kernel: str, manager: Any) -> KernelWatch:
        """Listen to this kernel, anew if its ports changed, and note its process id."""
        watch = self._watches.get(kernel)
        if watch is None or watch.stale:
            if watch is not None:
                watch.close()
            watch = self._watches[kernel] = KernelWatch(self._recorder, kernel, manager)
        self._recorder.incarnation(kernel, process_id(manager))
        return watch

    def drop(self, kernel: str) -> None:
        """The kernel is gone."""
        watch = self._watches.pop(kernel, None)
        if watch is not None:
            watch.close()

    def kernels(self) -> list[str]:
        """The kernels that are listened to."""
        return list(self._watches)

    def close(self) -> None:
        """Stop listening to all."""
        for kernel in self.kernels():
            self.drop(kernel)


def process_id(manager: Any) -> int | None:
    """The kernel's process id, if its provisioner has one."""
    return getattr(getattr(manager, "provisioner", None), "pid", None)
