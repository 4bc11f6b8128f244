"""The generator of the module `random` goes on where it was."""

from __future__ import annotations

import sys
from typing import Any

from ..beforefork import random_state

MODULE = "random"


def capture(_saving: Any) -> Any:
    """Give the generator's state."""
    return random_state()


def apply(state: Any, _loading: Any) -> None:
    """Put the generator's state back."""
    sys.modules["random"].setstate(state)
