"""What stands in the place of an object that nobody can save: it says what it was, and why it is gone.

A placeholder must be as harmless as a value can be (it is shown, compared and stored without a fuss), and must never pass
for the thing itself: whatever uses it raises `LostError`, with the reason and the cell to run again.
"""

from __future__ import annotations

from typing import NoReturn


class LostError(RuntimeError):
    """A value that could not be moved was used; the message says why it is gone and which cell made it."""


class Lost:
    """The placeholder of one lost object."""

    __slots__ = ("__weakref__", "_lost")

    def __init__(self, what: str, reason: str, cell: int | None = None) -> None:
        object.__setattr__(self, "_lost", (what, reason, cell))

    def __repr__(self) -> str:
        what, reason, _ = object.__getattribute__(self, "_lost")
        return f"<lost {what}: {reason}>"

    def __reduce__(self) -> tuple[type, tuple[str, str, int | None]]:
        return Lost, object.__getattribute__(self, "_lost")

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith(("_repr_", "_ipython_", "__")):
            raise AttributeError(name)  # displays and protocols probe for these: the answer is a plain no
        raise _error(self)

    def __setattr__(self, name: str, value: object) -> None:
        raise _error(self)

    def __delattr__(self, name: str) -> None:
        raise _error(self)


def explain(placeholder: Lost) -> tuple[str, str, int | None]:
    """Give what the placeholder stands for, why it was lost, and the execution count of the cell that made it."""
    details: tuple[str, str, int | None] = object.__getattribute__(placeholder, "_lost")
    return details


def _error(placeholder: Lost) -> LostError:
    what, reason, cell = explain(placeholder)
    again = f" Run cell [{cell}] again to make it anew." if cell else " Run the cell that made it again."
    return LostError(f"this {what} did not survive the move of the session: {reason}.{again}")


def _refuse(self: Lost, *_args: object, **_kwargs: object) -> NoReturn:
    raise _error(self)


_USES = (
    "call iter next len bool getitem setitem delitem contains enter exit aenter aexit aiter anext await int float index complex "
    "bytes fspath format abs neg pos invert lt le gt ge add radd sub rsub mul rmul truediv rtruediv floordiv rfloordiv mod rmod "
    "pow rpow matmul rmatmul and rand or ror xor rxor lshift rlshift rshift rrshift iadd isub imul itruediv ior iand reversed"
)
for _use in _USES.split():
    setattr(Lost, f"__{_use}__", _refuse)
