"""What is different where a session comes up as a copy of another: nothing runs twice, no chance is drawn twice, no shared file is touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict

from jupyter_extension.record.redo_log import RedoLog

JsonDict = Dict[str, Any]
MARKS = Path(".cache", "session-migrator")
REASON = "it had not ended when the copy was made, and goes on in the first session only"
_IN_KERNEL = """\
def reseed():
    import os, random, sys
    random.seed()
    seed = int.from_bytes(os.urandom(4), "little")
    for name, how in (("numpy.random", "seed"), ("torch.random", "manual_seed")):
        if name in sys.modules:
            getattr(sys.modules[name], how)(seed)
"""


async def reseed(agent: Any, *, timeout: float) -> None:
    """Give a kernel's generators of chance (random, numpy's and torch's global ones) other seeds than the first session's have."""
    run = f"(lambda scope: (exec({_IN_KERNEL!r}, scope), scope['reseed']()))({{}})"
    await agent.evaluate(f"__import__('builtins').eval({run!r}, {{}}) and None", timeout=timeout)


def left_out(log: RedoLog | None) -> list[JsonDict]:
    """The cells whose effects are not in the copy, as a report names them."""
    requests = [] if log is None else [each for each in log.requests.values() if each.is_cell and not each.covered]
    return [{"cell": each.cell, "execution_count": each.count, "reason": REASON} for each in requests]


def mark_home(home: str, session: str) -> None:
    """Leave a sign in the home folder, where no snapshot takes it along: a copy that finds it shares this very folder."""
    folder = Path(home) / MARKS
    folder.mkdir(parents=True, exist_ok=True)
    (folder / session).touch()


def shares_home(home: str, session: str) -> bool:
    """Whether the home folder is that of the session of this id."""
    return (Path(home) / MARKS / session).exists()
