"""What a fork changes in the child, kept from before it: the module `random` seeds its generator anew in every forked process."""

from __future__ import annotations

import os
import sys
from typing import Any

_kept: dict[str, Any] = {}


def _keep() -> None:
    random = sys.modules.get("random")
    _kept["random"] = random and random.getstate()
    _kept["pid"] = os.getpid()


def random_state() -> Any:
    """Give the state of `random` as the kernel has it, in the kernel itself or in a child forked from it; None if it was not imported."""
    if _kept and _kept["pid"] != os.getpid():
        return _kept["random"]
    return sys.modules["random"].getstate()


os.register_at_fork(before=_keep)
