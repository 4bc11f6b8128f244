"""One state, saved by everybody in turn: run after run, so that a busy minute of the machine meets all of them."""

from __future__ import annotations

import queue
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from benchmarks import criu, elastic, kishu, ours, pickles
from benchmarks.environments import Unavailable
from benchmarks.samples import Samples
from benchmarks.states import State
from tests.rigs.kernels import LIMIT_S

SLOW_S = 45.0  # who took longer in the first run is measured once only

Run = Callable[[State, Path, Samples], Awaitable[None]]
CONTENDERS: dict[str, Run] = {
    "session migrator": ours.run,
    "cloudpickle": partial(pickles.run, "cloudpickle"),
    "dill": partial(pickles.run, "dill"),
    "ElasticKernel 0.2.3": elastic.run,
    "Kishu 0.3.4": kishu.run,
    "CRIU": criu.run,
}


class Contest:
    """The samples of all contenders for one state."""

    def __init__(self, state: State, folder: Path, runs: int) -> None:
        self.state = state
        self.samples = {name: Samples() for name in CONTENDERS}
        self._folder, self._runs = folder, runs

    async def run(self) -> None:
        """All runs; a contender that fails, or takes too long, says so in its notes and is not asked again."""
        left = dict(CONTENDERS)
        for number in range(self._runs):
            for name in list(left):
                start = time.monotonic()
                folder = self._folder / f"{self.state.name}-{number}-{len(left)}-{name.split()[0]}"
                good = await self._one(name, left[name], folder)
                taken = time.monotonic() - start
                print(f"{self.state.title}, run {number + 1}: {name:20} {taken:6.1f} s", flush=True)
                if not good or (taken > SLOW_S and name not in ("session migrator", "cloudpickle")):
                    del left[name]

    async def _one(self, name: str, run: Run, folder: Path) -> bool:
        folder.mkdir()
        samples = self.samples[name]
        try:
            await run(self.state, folder, samples)
        except Unavailable as error:
            samples.note(str(error))
        except queue.Empty:
            samples.note(f"given up: a step took more than {LIMIT_S:g} s")
        except AssertionError as error:
            samples.note(f"failed: {str(error).strip().splitlines()[-1][:160] if str(error) else 'an assertion'}")
        else:
            return True
        if name == "session migrator":
            raise RuntimeError(f"the project's own run failed: {samples.notes}")
        return False
