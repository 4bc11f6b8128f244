"""The errors of the rooms below as answers: one table, so that every service says the same thing in the same way."""

from __future__ import annotations

from migrator.serving.errors import ApiError, Unavailable
from migrator.session import errors as session
from migrator.storage import errors as storage

_PLAIN: tuple[tuple[type[Exception], int, str], ...] = (
    (storage.InvalidKey, 400, "bad_name"),
    (session.BadId, 400, "bad_name"),
    (session.BadToken, 401, "bad_token"),
    (storage.Denied, 403, "denied"),
    (storage.NotFound, 404, "not_found"),
    (session.PhaseError, 409, "phase"),
    (storage.Conflict, 412, "conflict"),
    (storage.QuotaExceeded, 413, "quota"),
    (storage.StoreFull, 507, "store_full"),
)


def as_answer(error: BaseException | None) -> ApiError | None:
    """The answer that an error means; None if it is a fault of ours, to be logged and answered with 500."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, storage.Fenced):
        return ApiError(409, "fenced", str(error), epoch=error.epoch)
    if isinstance(error, (storage.StorageError, session.SessionError)) and error.retryable:
        return Unavailable("store_unavailable", f"{error} Try again in a moment.")
    for kind, status, code in _PLAIN:
        if isinstance(error, kind):
            return ApiError(status, code, str(error))
    return None
