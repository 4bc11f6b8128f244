"""Knows, at every instant, which request the kernel is handling and which it handled last.

A snapshot between two cells holds whole cells only; one taken in the middle of a cell holds half of its effects. So the
agent must know where the kernel stands, and be called at the next boundary if it asked for that. ipykernel calls
`pre_handler_hook` and `post_handler_hook` around every shell request (5.x to 7.x) and catches what they raise; still
nothing that happens in here may get out, or the user's `execute_reply` and `idle` could be lost.
"""

from __future__ import annotations

import _thread
from typing import Any, Callable

from .pickling import beforefork

# The requests that can change the user's state. Completion, inspection and the like do not count.
STATEFUL = frozenset({"execute_request", "comm_open", "comm_msg", "comm_close"})
OURS = "session_migrator"  # in the metadata of the project's own silent requests
_MAX_NOTES = 20


def _nothing(_: Any) -> None:
    """Nobody wants to know."""


class Boundaries:
    """Follows the kernel's shell requests, subshells included (then "between cells" means: all of them are idle)."""

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel
        self._running: dict[int, str] = {}
        self._own: dict[int, str] = {}
        self._armed: Callable[[], None] | None = None
        self.last_msg_id: str | None = None
        self.notes: list[str] = []
        self.before_cell: Callable[[dict[str, Any]], None] = _nothing  # between cells: with the user's next request
        self.after_cell: Callable[[bool], None] = _nothing  # a request, or one of ours, has ended; whether it went well

    def install(self) -> None:
        """Put the hooks in place, in front of what is there already."""
        before, after = self._kernel.pre_handler_hook, self._kernel.post_handler_hook

        def pre_handler_hook() -> Any:
            self._guarded(self._enter)
            return before()

        def post_handler_hook() -> Any:
            try:
                return after()
            finally:
                self._guarded(self._leave)

        self._kernel.pre_handler_hook = pre_handler_hook
        self._kernel.post_handler_hook = post_handler_hook

    @property
    def current_msg_id(self) -> str | None:
        """The request being handled, or None between cells. With subshells: the one that began first."""
        return next(iter(self._running.values()), None)

    @property
    def idle(self) -> bool:
        """Between cells: no request that can change the state is being handled, nor one of ours."""
        return not self._running and not self._own

    def arm(self, action: Callable[[], None]) -> None:
        """Call `action` once at the next boundary, in the thread that reaches it."""
        self._armed = action

    def disarm(self) -> bool:
        """Forget the action; False if there is none any more: it was called, or is being called."""
        armed, self._armed = self._armed, None
        return armed is not None

    def look(self) -> None:
        """Called between cells in the main thread, for who cannot act in another: if armed, this is a boundary."""
        self._guarded(lambda: self._fire() if self.idle else None)

    def _enter(self) -> None:
        if self._armed is not None and self.idle:
            self._fire()
        message = self._message()
        header = message.get("header") or {}
        if header.get("msg_type") not in STATEFUL:
            return
        ours = OURS in (message.get("metadata") or {})
        if not ours and self.idle:
            self._guarded(lambda: self.before_cell(message))
        (self._own if ours else self._running)[_thread.get_ident()] = header.get("msg_id", "")

    def _leave(self) -> None:
        me = _thread.get_ident()
        own, finished = self._own.pop(me, None), self._running.pop(me, None)
        if finished is not None:
            self.last_msg_id = finished
            self._guarded(beforefork.remember_context)
        if own is not None or finished is not None:
            self._guarded(lambda: self.after_cell(self._well()))
        if self._armed is not None and self.idle:
            self._fire()

    def _fire(self) -> None:
        action, self._armed = self._armed, None
        if action is not None:
            action()

    def _well(self) -> bool:
        return bool(getattr(getattr(self._kernel, "shell", None), "last_execution_succeeded", False))

    def _message(self) -> dict[str, Any]:
        get_parent = getattr(self._kernel, "get_parent", None)  # ipykernel 6 and later
        message = get_parent("shell") if get_parent else self._kernel._parent_header
        return message or {}

    def _guarded(self, step: Callable[[], None]) -> None:
        try:
            step()
        except BaseException as error:  # noqa: BLE001 - the user's cell goes on whatever happens to us
            self.note(f"at a cell boundary: {error!r}")

    def note(self, text: str) -> None:
        """Keep a line for the status: the agent has no log of its own inside the user's kernel."""
        self.notes = [*self.notes, text][-_MAX_NOTES:]
