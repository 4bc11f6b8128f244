"""Which requests may be taken to be short: what was short each time, and nothing else."""

from __future__ import annotations

from jupyter_extension.kernel.habits import RUNS, SHORT_S, Habits, key

CELL = ("execute_request", 1)


def after(*runs: tuple[float, bool]) -> bool:
    """Whether a cell with these runs (seconds, without an error) is taken to be short."""
    habits = Habits()
    for seconds, well in runs:
        habits.ran(CELL, seconds, well=well)
    return habits.short(CELL)


SHORT, LONG, FAILED = (SHORT_S / 2, True), (SHORT_S * 2, True), (SHORT_S / 2, False)


def test_a_first_run_is_never_taken_to_be_short() -> None:
    assert not after()
    assert not after(*[SHORT] * (RUNS - 1))
    assert after(*[SHORT] * RUNS)


def test_one_long_or_failed_run_counts_for_all_before_it() -> None:
    for other in (LONG, FAILED):
        assert not after(*[SHORT] * 10, other)
        assert not after(*[SHORT] * 10, other, *[SHORT] * (RUNS - 1))
        assert after(other, *[SHORT] * RUNS)


def test_only_the_last_few_hundred_are_remembered() -> None:
    habits = Habits()
    for cell in range(2000):
        for _ in range(RUNS):
            habits.ran(("execute_request", cell), 0.0, well=True)
    assert habits.short(("execute_request", 1999))
    assert not habits.short(("execute_request", 0))


def test_a_cell_is_known_by_its_text_and_a_widget_by_its_comm() -> None:
    def request(kind: str, **content: object) -> dict[str, object]:
        return {"header": {"msg_type": kind}, "content": content}

    assert key(request("execute_request", code="x += 1")) == key(request("execute_request", code="x += 1", silent=True))
    assert key(request("execute_request", code="x += 1")) != key(request("execute_request", code="x += 2"))
    assert key(request("comm_msg", comm_id="a", data={"value": 1})) == key(
        request("comm_msg", comm_id="a", data={"value": 2})
    )
    assert key(request("comm_msg", comm_id="a")) != key(request("comm_open", comm_id="a"))
    assert key({}) is None
    assert key(request("execute_request", code=None)) is None


def test_what_cannot_be_told_is_never_short() -> None:
    habits = Habits()
    for _ in range(RUNS):
        habits.ran(None, 0.0, well=True)
    assert not habits.short(None)
