"""What can go wrong in the pod's part; `retryable` says whether the same call may succeed later."""

from __future__ import annotations


class ExtensionError(Exception):
    """The root of this package's errors; messages say what to do."""

    retryable = False


class BadSetup(ExtensionError):
    """The environment or the settings can't work; the server goes on without us."""


class BadMessage(ExtensionError):
    """A websocket message that isn't one of Jupyter's."""


class BadName(ExtensionError):
    """A path or id from a snapshot or a request that must not be used."""


class WrongState(ExtensionError):
    """The call doesn't fit the state that the session is in; answered as 409."""


class FencedOut(ExtensionError):
    """Another pod owns the session: this one must stop for good."""


class GatewayUnreachable(ExtensionError):
    """The gateway did not answer, or said that it can't now."""

    retryable = True


class GatewayRefused(ExtensionError):
    """The gateway said no: the token, the name or the phase is wrong. `message`: its own words, where it had any."""

    def __init__(self, text: str, message: str = "") -> None:
        super().__init__(text)
        self.message = message


class WishRefused(ExtensionError):
    """What the user asked for beyond this server can't be had; the message is for the user. Answered as 422."""


class SnapshotFailed(ExtensionError):
    """No new snapshot could be made; the last durable one stands."""

    retryable = True


class NothingToRestore(ExtensionError):
    """No readable snapshot of this session is in the store."""


class BadUpload(ExtensionError):
    """An uploaded file that is no download of a session, or a damaged one; answered as 400."""


class TooBig(ExtensionError):
    """More than the settings, or the disk, allow; answered as 413."""
