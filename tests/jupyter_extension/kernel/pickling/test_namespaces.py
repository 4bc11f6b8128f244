"""Namespaces made up by Hypothesis: moved into a fresh process they are equal, sharing included."""

from __future__ import annotations

import json
import logging
import os
import pickle
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from .mover import Sink, Source, install
from .namespaces import PlainSpace

HERE = Path(__file__).parent

plans = st.lists(
    st.tuples(
        st.sampled_from(
            ["list", "dict", "set", "tuple", "object", "function", "closure", "array", "view", "bytes", "method"]
        ),
        st.lists(st.integers(0, 30), max_size=5),
    ),
    min_size=1,
    max_size=25,
)
many = st.lists(plans, min_size=40, max_size=40)


@settings(
    max_examples=3, deadline=None, phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck)
)
@given(many)
def test_a_namespace_arrives_equal(namespaces: list[Any]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.jupyter_extension.kernel.pickling.namespaces"],
        input=json.dumps(namespaces),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def in_a_child(check: Callable[[], None]) -> None:
    """Run a check in a forked process: saving and loading concern the whole process, and this one is pytest's."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        logging.root.handlers.clear()
        try:
            check()
        except BaseException:  # noqa: BLE001 - shown, then told by the status
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0, "see the traceback in the captured output"


def test_skipped_variable_becomes_a_placeholder() -> None:
    def check() -> None:
        pickling = install()
        shell = PlainSpace({"hangs": [1], "fine": [2], "also": 3})
        sink = Sink()
        named: list[str] = []
        report = pickling.dump(shell, sink, skip=frozenset(["hangs"]), progress=named.append)
        assert "hangs" in [entry["name"] for entry in report["lost"]]
        assert report["saved"] == ["fine", "also"]
        assert "fine" in named
        fresh = PlainSpace({})
        restored = pickling.load(fresh, Source(dict(sink)))
        assert (fresh.user_ns["fine"], fresh.user_ns["also"]) == ([2], 3)
        assert type(fresh.user_ns["hangs"]) is pickling.Lost
        assert "hangs" in [entry["name"] for entry in restored["lost"]]

    in_a_child(check)


def test_a_difference_after_the_move_is_reported() -> None:
    def check() -> None:
        pickling = install()
        shell = PlainSpace({"liar": None})
        exec("class Liar:\n    def __reduce__(self):\n        return (int, (3,))\nliar = Liar()", shell.user_ns)
        sink = Sink()
        pickling.dump(shell, sink)
        report = pickling.load(PlainSpace({}), Source(dict(sink)))
        assert [entry["name"] for entry in report["changed"]] == ["liar"]

    in_a_child(check)


def test_variables_that_share_nothing_are_parts_of_their_own() -> None:
    def check() -> None:
        pickling = install()
        big = list(range(20_000))
        sinks = []
        shell = PlainSpace({"x": 1, "big": big, "other": [big], "alone": list(range(30_000))})
        for _ in range(2):
            sink = Sink()
            pickling.dump(shell, sink)
            sinks.append(sink)
            shell.user_ns["x"] += 1
        changed = {name for name in sinks[0] if sinks[0][name] != sinks[1][name]}
        assert {"component/big", "component/alone"} <= set(sinks[0]) - changed
        assert sum(len(sinks[1][name]) for name in changed) < 64 << 10

    in_a_child(check)


def test_load_refuses_a_pickle_out_of_context() -> None:
    def check() -> None:
        pickling = install()
        sink = Sink()
        pickling.dump(PlainSpace({"a": list(range(20_000))}), sink)
        with pytest.raises(RuntimeError, match="restore the snapshot"):
            pickle.loads(sink["component/a"])

    in_a_child(check)
