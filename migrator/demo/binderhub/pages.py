"""The pages that a visitor sees: the front page, and the one that follows a launch and then goes to the server."""

from __future__ import annotations

from pathlib import Path

from tornado.web import RequestHandler

_LOADING = (Path(__file__).parent / "loading.html").read_text()
EXAMPLE = "/v2/gh/session-migrator/sample/HEAD?urlpath=lab/tree/index.ipynb"


class FrontHandler(RequestHandler):
    """Offers the sample's link."""

    def get(self) -> None:
        """One link is all that the demo needs."""
        self.write(
            f'<!doctype html><title>Demo Binder</title><h1>Demo Binder</h1><a href="{EXAMPLE}">Open the sample</a>'
        )


class LinkHandler(RequestHandler):
    """A launch link: the page asks `/build` of the host that it came from, so that a redirector can choose the member."""

    def get(self, provider: str, spec: str) -> None:
        """The page reads the path and the query from its own address."""
        self.write(_LOADING)
