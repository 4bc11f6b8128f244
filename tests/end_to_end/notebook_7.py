"""The same user, who prefers Jupyter Notebook: each document has a page of its own, and no terminal stands beside it."""

from __future__ import annotations

from playwright.async_api import Page

from tests.end_to_end.journey import Journey


class InNotebook7(Journey):
    """A journey whose page is Notebook 7's."""

    async def _open(self) -> None:
        await super()._open()
        await self.lab.change_to_notebook_7()

    async def _open_terminal(self) -> None:
        """There is none."""

    async def open_editor(self, path: str) -> Page:
        tab = await self.lab.context.new_page()
        await tab.goto(f"{self.lab.base_url}edit/{path}?token={self.lab.token}")
        return tab

    async def show_notebook(self) -> None:
        await self.lab.page.bring_to_front()


PLACES = {"lab": "lab/tree", "notebook": "notebooks"}
"""Where a server shows a notebook, by the kind of page."""
KINDS: dict[str, type[Journey]] = {"lab": Journey, "notebook": InNotebook7}
