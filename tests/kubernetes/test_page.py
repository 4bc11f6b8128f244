"""One page in a real browser, while its pod is taken away and its session goes on in the other cluster."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from tests.kubernetes.arrivals import kubectl, moved_to
from tests.kubernetes.launches import answers, call, launch, saved, until
from tests.rigs.browser import Lab, lab_page
from tests.rigs.kubernetes.plan import CHECKOUT

pytestmark = [pytest.mark.kubernetes, pytest.mark.browser]

EMPTY = {
    "cells": [],
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}
# It runs until it is told to stop, so that it is running at the move, however long a move takes; at the target it runs again.
LONG = """
import pathlib, time
step = 0
while step < 5 or not pathlib.Path("go").exists():
    print("step", step, flush=True)
    step += 1
    time.sleep(0.2)
"""


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    async with lab_page(CHECKOUT / "test-results" / "page-on-kubernetes") as page:
        yield page


async def test_an_open_page_goes_on_in_the_other_cluster(members, lab):
    session = await launch(members["a"])
    body = {"type": "notebook", "format": "json", "content": EMPTY}
    await call(f"{session.url()}/api/contents/work.ipynb", method="PUT", body=body, token=session.token)
    await lab.open(f"{session.url()}/lab/tree/work.ipynb?token={session.token}")
    assert await lab.run("numbers = list(range(1000)); len(numbers)") == "1000"
    await saved(session)
    running = await lab.add_cell(LONG)
    await lab.start_cell(running)
    await lab.wait_for_text(running, "step 3")
    navigations = len(lab.navigations)

    await kubectl(members["a"], "delete", "pod", f"jupyter-{session.user}", "--grace-period=30", "--wait=false")
    await moved_to(session, members["b"])

    await until("the page's own address answers", lambda: answers(session, members["a"]))
    await lab.write_file("go", "")
    steps = re.findall(r"step (\d+)", (await lab.wait_for_cell(running)).text)
    assert [int(step) for step in steps] == list(range(len(steps))), "the output is whole and not doubled"
    await lab.wait_for_kernel()
    assert await lab.run("numbers[-1], step") == f"(999, {len(steps)})"
    assert await lab.dialogs() == []
    assert lab.navigations[navigations:] == []
