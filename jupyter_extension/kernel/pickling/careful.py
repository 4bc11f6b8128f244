"""An unpickler that goes on: what cannot be made again becomes a placeholder, and all around it comes back."""

from __future__ import annotations

import pickle
from typing import Any

from .lost import Lost

_Unpickler: Any = pickle._Unpickler  # the only one whose steps can be caught


class CarefulUnpickler(_Unpickler):  # type: ignore[misc]  # its class is known at run time only
    """The unpickler in Python, with each step that runs code of a class guarded."""

    dispatch = dict(_Unpickler.dispatch)  # noqa: RUF012 - as its base has it

    def begin(self, loading: Any) -> CarefulUnpickler:
        """Report losses to this load."""
        self.loading = loading
        return self

    def find_class(self, module: str, name: str) -> Any:
        """Find a class or function; a placeholder for one that is not there."""
        try:
            return super().find_class(module, name)
        except Exception as error:  # noqa: BLE001 - importing runs code of libraries
            return self._lose(f"{module}.{name}", error)

    def guarded_reduce(self) -> None:
        """Call a function, or leave a placeholder."""
        args = self.stack.pop()
        function = self.stack[-1]
        try:
            self.stack[-1] = function(*args)
        except Exception as error:  # noqa: BLE001 - code of the user's or of a library
            self.stack[-1] = self._lose(getattr(function, "__qualname__", "object"), error)

    def guarded_new(self) -> None:
        """Make an instance, or leave a placeholder."""
        args = self.stack.pop()
        cls = self.stack.pop()
        try:
            made = cls.__new__(cls, *args)
        except Exception as error:  # noqa: BLE001 - code of the user's or of a library
            made = self._lose(getattr(cls, "__qualname__", "object"), error)
        self.append(made)

    def guarded_build(self) -> None:
        """Give an object its state; one that refuses it stays as it is."""
        state = self.stack[-1]
        target = self.stack[-2]
        try:
            if type(target) is not Lost:
                super().load_build()
                return
        except Exception as error:  # noqa: BLE001 - code of the user's or of a library
            self.loading.lose(type(target).__qualname__, f"it did not take its state: {error!r}"[:500])
        if self.stack and self.stack[-1] is state:
            self.stack.pop()

    def _lose(self, what: str, error: Exception) -> Lost:
        lost: Lost = self.loading.lose(what, f"it could not be made again: {error!r}"[:500])
        return lost

    dispatch[pickle.REDUCE[0]] = guarded_reduce
    dispatch[pickle.NEWOBJ[0]] = guarded_new
    dispatch[pickle.BUILD[0]] = guarded_build
