"""A proxy and a scripted server for each kind of page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.jupyter_extension.lab.page import AXE, JupyterPage, opened
from tests.jupyter_extension.lab.site import ROOT, JupyterServer, Site
from tests.rigs.proxy import running_proxy

APPS = ["jupyterlab", "notebook"]
# What `make test` leaves to a stage of its own: stories that few meet, and for the second kind of page all that both do by the
# same code.
RARE = frozenset(
    ["test_debugging", "test_languages", "test_manners", "test_rooms", "test_stopped", "test_terminal", "test_transfer"]
)
SAME = frozenset(["test_absent", "test_logged_out", "test_outage", "test_panel", "test_resting", "test_saves"])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what belongs to `make test-pages`."""
    for item in items:
        params = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        stem = item.path.stem if item.path.parent == Path(__file__).parent else ""
        if stem in RARE or (stem in SAME and params.get("app") == "notebook"):
            item.add_marker(pytest.mark.pages)


@pytest.fixture(scope="session", autouse=True)
def _built() -> None:
    """What is tested is the built extension, found where Jupyter looks."""
    lab = ROOT / "jupyter_extension/lab"
    if not AXE.exists() or not (ROOT / "jupyter_extension/labextension/package.json").exists():
        pytest.fail(f"the page's script is not built: run `make setup`, or `npm ci && npm run build:prod` in {lab}")


@pytest.fixture(params=APPS)
def app(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def proxy() -> Iterator[tuple[str, str]]:
    """Its public and its API address."""
    with running_proxy() as (public, api, _):
        yield public, api


@pytest.fixture
def site(app: str, tmp_path: Path, proxy: tuple[str, str]) -> Iterator[Site]:
    site = Site(tmp_path, *proxy, app)
    yield site
    site.close()


@pytest.fixture
def server(site: Site) -> JupyterServer:
    """The server that the site leads to at first."""
    server = site.launch()
    site.route(server)
    return server


@pytest.fixture
async def page(site: Site, server: JupyterServer, app: str, tmp_path: Path) -> AsyncIterator[JupyterPage]:
    async with opened(site, app, tmp_path) as page:
        yield page
