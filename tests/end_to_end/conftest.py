"""A page for each end-to-end test; when a test fails, everything's logs are in its report."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.end_to_end.journey import Journey
from tests.rigs.browser import Lab, lab_page
from tests.rigs.federation import RESULTS, Federation


@pytest.fixture
def results(request: pytest.FixtureRequest) -> Path:
    """Where this test's screenshots go."""
    return RESULTS / re.sub(r"\W+", "-", request.node.name).strip("-")


@pytest.fixture
async def lab(results: Path) -> AsyncIterator[Lab]:
    async with lab_page(results) as page:
        yield page


@pytest.fixture
def kind_of_journey() -> type[Journey]:
    """For a room of tests that has users of another kind."""
    return Journey


@pytest.fixture
async def journey(
    kind_of_journey: type[Journey], federation: Federation, lab: Lab, results: Path
) -> AsyncIterator[Journey]:
    """A session that is opened, and ended with its test."""
    started = kind_of_journey(federation, lab, results)
    await started.begin()
    yield started
    await started.screenshot("end")
    await federation.end_session(lab.user)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.failed and report.when == "call":
        funcargs = getattr(item, "funcargs", {})
        federation, lab = funcargs.get("federation"), funcargs.get("lab")
        if isinstance(federation, Federation):
            report.sections += [(name, text[-4000:]) for name, text in federation.logs().items()]
        if isinstance(lab, Lab):
            report.sections.append(("page console", "\n".join(lab.console[-100:])))
    return report
