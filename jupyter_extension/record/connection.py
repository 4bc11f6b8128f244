"""The hook on the websocket: a subclass of whatever connection class the server uses.

It records what passes, holds requests while the session is frozen, keeps repeated messages from the page, and cures two
habits of the server that would leave a page waiting after a move.
"""

from __future__ import annotations

import logging
from concurrent.futures import Future
from typing import Any, Protocol

from jupyter_extension.record.channels import PageChannels
from jupyter_extension.record.recorder import Recorder


class Hooks(Protocol):
    """What the connection needs of the live session."""

    recorder: Recorder
    channels: PageChannels
    log: logging.Logger

    def kernel_seen(self, kernel: str, manager: Any) -> None:
        """A page connects to this kernel: listen to it, and let the agent in before its first cell."""

    def repeats(self, kernel: str, client: str, msg: dict[str, Any]) -> bool:
        """Whether this request came before: the kernel must not get it twice."""

    def holds(self, kernel: str, client: str, msg: dict[str, Any]) -> bool:
        """Whether this request must wait (it was recorded); the session forwards it later."""

    def passes(self, kernel: str, client: str, channel: str, frames: list[Any]) -> bool:
        """Whether this message is for the page."""


def recording_class(base: type, hooks: Hooks) -> type:  # noqa: C901 - one small class, made here because its base is known here only
    """The server's connection class, with our ears on. Nothing that goes wrong in us stops a message."""
    if not hasattr(base, "_open_sockets"):
        return _listening_class(base, hooks)

    class RecordingConnection(base):  # type: ignore[misc]
        """Records, holds and filters; everything else is its base's."""

        def connect(self) -> Any:
            _guard(hooks, self._prepare_return)
            connected = super().connect()
            if connected is not None:
                connected.add_done_callback(lambda _: _guard(hooks, self._tell_state))
            return connected

        def _prepare_return(self) -> None:
            hooks.kernel_seen(self.kernel_id, self.kernel_manager)
            hooks.channels.adopt(self.kernel_id, self.session.session)

        def _tell_state(self) -> None:
            """JupyterLab ignores states that answer a kernel_info_request, so it would show "unknown" until the next cell."""
            state = getattr(self.kernel_manager, "execution_state", None)
            if state in ("idle", "busy") and self.channels:
                self._send_status_message(state)

        def handle_incoming_message(self, incoming_msg: Any) -> None:
            msg = hooks.recorder.incoming(self.kernel_id, self.session.session, incoming_msg, self.subprotocol)
            if msg is not None:
                asked = (self.kernel_id, self.session.session, msg)
                if hooks.repeats(*asked) or hooks.holds(*asked):
                    return
            super().handle_incoming_message(incoming_msg)

        def handle_outgoing_message(self, stream: Any, outgoing_msg: list[Any]) -> None:
            channel = stream if isinstance(stream, str) else getattr(stream, "channel", None)
            if not hooks.passes(self.kernel_id, self.session.session, str(channel), outgoing_msg):
                return
            super().handle_outgoing_message(stream, outgoing_msg)
            if self.websocket_handler.ws_connection is not None:
                _guard(hooks, lambda: self._record_outgoing(channel, outgoing_msg))

        def _record_outgoing(self, channel: Any, outgoing_msg: list[Any]) -> None:
            _, parts = self.session.feed_identities(outgoing_msg)
            hooks.recorder.outgoing(self.kernel_id, self.session.session, channel, parts)

        def disconnect(self) -> None:
            super().disconnect()
            _guard(hooks, lambda: hooks.channels.watch_buffer(self.kernel_id, self.session.session))

    RecordingConnection.__name__ = f"Recording{base.__name__}"
    return RecordingConnection


def _listening_class(base: type, hooks: Hooks) -> type:
    """For a connection of another make than Jupyter's own (jupyter-server-documents has one): how its messages go is its affair.

    Its kernels are saved as all are; what ran when the session moved is not run again.
    """

    class ListeningConnection(base):  # type: ignore[misc]
        """Tells that it is there."""

        def connect(self) -> Any:
            _guard(hooks, lambda: hooks.kernel_seen(self.kernel_id, self.kernel_manager))
            hooks.channels.others.add(self)
            return super().connect()

        def disconnect(self) -> Any:
            hooks.channels.others.discard(self)
            return super().disconnect()

    ListeningConnection.__name__ = f"Listening{base.__name__}"
    return ListeningConnection


def _guard(hooks: Hooks, action: Any) -> None:
    try:
        action()
    except Exception:
        hooks.log.exception("a hook on the kernel's websocket failed")


def prime_kernel_info(manager: Any, protocol_version: str = "5.4") -> None:
    """Answer the server's first question for the kernel: a busy one would let the page wait for its reply until it times out."""
    answer: Future[dict[str, Any]] = Future()
    answer.set_result({"protocol_version": protocol_version})
    manager._kernel_info_future = answer
