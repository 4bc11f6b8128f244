"""What the survey saves: structures that did not change are neither pickled nor sent, and nothing else is left out."""

from __future__ import annotations

import pickle
from typing import Any

from jupyter_extension.kernel import forking

from .mover import Source, install
from .namespaces import PlainSpace
from .test_namespaces import in_a_child


class Sink(dict[str, bytes]):
    """Keeps the parts beside those of the snapshot before."""

    def __init__(self, base: dict[str, bytes]) -> None:
        super().__init__()
        self.base, self.kept = base, list[str]()

    def add(self, name: str, data: Any) -> None:
        assert name not in self, "two parts are named " + name
        pieces = data if isinstance(data, (list, tuple)) else [data]
        self[name] = b"".join(bytes(memoryview(piece).cast("B")) for piece in pieces)

    def holds(self, name: str, data: bytes | None = None) -> bool:
        return name in self.base if data is None else self.base.get(name) == data

    def keep(self, name: str) -> None:
        self.kept.append(name)
        self[name] = self.base[name]


class Kernel:
    """Takes one snapshot after the other, each on top of the one before."""

    def __init__(self, **variables: Any) -> None:
        self.pickling = install()
        self.shell = PlainSpace(variables)
        self.space = self.shell.user_ns
        self.sink = Sink({})

    def snapshot(self) -> list[str]:
        """The parts that were not pickled anew."""
        self.sink = Sink(dict(self.sink))
        self.pickling.dump(self.shell, self.sink, walk=forking.survey)
        return self.sink.kept

    def restored(self) -> dict[str, Any]:
        fresh = PlainSpace({})
        report = self.pickling.load(fresh, Source(dict(self.sink)))
        assert report["changed"] == []  # what is lost is only what pytest's own process has edited in modules
        return dict(fresh.user_ns)


def rows() -> list[Any]:
    return [[number, f"n{number}", float(number), {"k": (number,)}] for number in range(5000)]


def test_what_did_not_change_is_kept_and_comes_back() -> None:
    def check() -> None:
        kernel = Kernel(rows=rows(), others=rows(), x=1)
        assert kernel.snapshot() == []
        kernel.space["x"] = 2
        kernel.space["others"][7][2] += 1.0
        assert kernel.snapshot() == ["component/rows"]
        there = kernel.restored()
        assert there["rows"] == rows()
        assert (there["x"], there["others"][7][2], there["others"][8]) == (2, 8.0, rows()[8])

    in_a_child(check)


def test_a_new_name_for_an_inner_list_stays_one_object() -> None:
    def check() -> None:
        kernel = Kernel(rows=rows(), x=1)
        kernel.snapshot()
        kernel.space["inner"] = kernel.space["rows"][3]
        assert kernel.snapshot() == []
        there = kernel.restored()
        assert there["inner"] is there["rows"][3]
        del kernel.space["inner"]
        kernel.snapshot()
        assert kernel.snapshot() == ["component/rows"]

    in_a_child(check)


def test_an_object_of_the_users_that_holds_an_inner_list_stays_tied_to_it() -> None:
    def check() -> None:
        kernel = Kernel(rows=rows())
        exec("class Holder: pass\nholder = Holder()", kernel.space)
        kernel.snapshot()
        assert kernel.snapshot() == ["component/rows"]
        kernel.space["holder"].part = kernel.space["rows"][4][3]
        assert kernel.snapshot() == []
        there = kernel.restored()
        assert there["holder"].part is there["rows"][4][3]

    in_a_child(check)


def test_two_names_for_one_structure_are_kept_together() -> None:
    def check() -> None:
        kernel = Kernel(rows=rows())
        kernel.space["same"] = kernel.space["rows"]
        kernel.snapshot()
        assert kernel.snapshot() == ["component/rows"]
        there = kernel.restored()
        assert there["same"] is there["rows"]

    in_a_child(check)


def test_what_is_there_twice_stays_one_and_what_is_not_needs_no_memo() -> None:
    def check() -> None:
        key, twice = f"{chr(0xD800)}ey", [1]
        tree = [{key: number, number: [f"n{number}"]} for number in range(5000)]
        kernel = Kernel(tree=tree, graph=[[twice, [number]] for number in range(5000)])
        kernel.snapshot()
        assert (
            kernel.sink["component/tree"].count(pickle.MEMOIZE)
            < 100
            < kernel.sink["component/graph"].count(pickle.MEMOIZE)
        )
        there = kernel.restored()
        assert there["tree"] == tree
        assert len({id(name) for row in there["tree"] for name in row if type(name) is str}) == 1
        assert len({id(row[0]) for row in there["graph"]}) == 1

    in_a_child(check)


def test_another_process_recognises_nothing() -> None:
    def check() -> None:
        first = Kernel(rows=rows())
        first.snapshot()
        parts, space = first.sink, first.space

        def in_another() -> None:
            second = Kernel(rows=space["rows"])
            second.pickling.dumper.survey._PROCESS = b"another process"
            second.sink = parts
            assert second.snapshot() == []

        in_a_child(in_another)

    in_a_child(check)


def test_what_is_too_deep_for_the_pickler_is_saved_the_slow_way() -> None:
    def check() -> None:
        deep: list[Any] = []
        for _ in range(100_000):
            deep = [deep]
        kernel = Kernel(deep=deep, x=1)
        kernel.snapshot()
        depth, there = 0, kernel.restored()["deep"]
        while there:
            depth, there = depth + 1, there[0]
        assert depth == 100_000

    in_a_child(check)
