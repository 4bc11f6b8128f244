"""One user's work before, during and after a move, and what must be true of it however the session moved."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Page

from tests.rigs.browser import Lab
from tests.rigs.federation import Federation, wait_until
from tests.rigs.witness import Witness

SETUP = """
import os, pathlib, time
def ran(name):
    with open("executions.txt", "a") as file:
        file.write(name + "\\n")
ran("setup")
table = {n: n * n for n in range(1000)}
alias = table
os.makedirs("sub", exist_ok=True)
"""
FINISHED = 'ran("finished"); counter = 41; print("counter is", counter); counter'
QUEUED = [
    'ran("queued 1"); counter += 1; print("queued", counter)',
    'ran("queued 2"); print("sum", sum(table.values()) + counter)',
]


def long_cell(each_step: str = "pass") -> str:
    """It runs until it is told to stop, so that it is running at the move, however long a move takes."""
    return f"""
ran("long")
step = 0
while not pathlib.Path("go").exists():
    print("step", step, flush=True)
    step += 1
    {each_step}
    time.sleep(0.2)
long_steps = step
"""


@dataclass
class Journey:
    """The page of one user; the order of the methods is the order of the story."""

    federation: Federation
    lab: Lab
    results: Path
    _seen: dict[str, Any] = field(default_factory=dict)

    async def begin(self) -> None:
        """Open the link; run the first cells; leave a file and a terminal behind."""
        await self.federation.wait_for_machines()
        await self._open()
        await self.federation.wait_for_session(self.lab.user, lambda record: record["phase"] == "active")
        await self.lab.run(SETUP)
        assert await self.lab.run(FINISHED) == "counter is 41\n41"
        await self.lab.write_file("kept.txt", "written before the move")
        await self._open_terminal()
        await self._wait_for_checkpoint()
        self._seen["record"] = await self.federation.session_of(self.lab.user)
        self._seen["kernels"] = await self._kernels()

    async def _open(self) -> None:
        await self.lab.open(self.federation.link)

    async def start_long_cell(self) -> None:
        """One cell runs, two wait behind it."""
        self._witness = Witness(self.results / "steps.txt")
        self._long = await self.lab.add_cell(long_cell(self._witness.note))
        self._queued = [await self.lab.add_cell(source) for source in QUEUED]
        for index in (self._long, *self._queued):
            await self.lab.start_cell(index)
        await self.lab.wait_for_text(self._long, "step 3")
        await self.screenshot("before")

    @property
    def source(self) -> str:
        """The member on which the session began."""
        return str(self._seen["record"]["owner"]["member"])

    def page_must_stay(self) -> None:
        """From here on, a navigation or a dialog is a fault."""
        self._navigations, self._lines = len(self.lab.navigations), len(self.lab.console)

    async def preempt(self, notice_s: float) -> asyncio.Task[None]:
        """From another terminal: the machine of the only session gets a notice. Gives what waits for its death."""
        member = (await self.federation.session_of(self.lab.user))["owner"]["member"]
        done = await asyncio.to_thread(self.federation.migrator, "preempt", "--notice", str(notice_s))
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"the machine of member {member} {'ends at' if notice_s else 'is killed'}")
        return asyncio.create_task(self.federation.wait_for_death(member))

    async def status_page_tells(self, *events: str) -> None:
        """The demo's own page shows the session's timeline, with these events in this order."""
        shown: list[str] = []
        async with self.federation.status_page(self.lab.context) as page:
            items = page.locator("article", has_text=self.lab.user).locator("li")

            async def told() -> bool:
                shown[:] = [text.split()[0] for text in await items.all_text_contents()]
                rest = iter(shown)
                return all(event in rest for event in events)

            await wait_until(told, 60, lambda: f"the status page shows {shown}")

    async def logs_tell(self) -> None:
        """The services' logs are JSON, and filtered by the session's id they tell of its move."""
        record = await self.federation.session_of(self.lab.user)
        lines = await asyncio.to_thread(self.federation.service_lines)
        moving = [each for name in lines for each in lines[name] if each["logger"] == "migrator.controller.move"]
        assert [each for each in moving if "session" not in each] == []
        steps = [each["message"] for each in moving if each["session"] == record["id"]]
        assert {"activate", "finish"} <= set(steps), moving
        led = [each["message"] for each in lines["redirector.log"] if each.get("session") == record["id"]]
        assert led[0] == f"launched at {self.source}; its browser is known"
        assert led[-1] == f"its browser is led to it at {record['owner']['member']}"

    async def banner_said(self, *texts: str) -> None:
        """Each of these stood in the page's banner at some time."""
        said: list[str] = []

        async def all_said() -> bool:
            said[:] = await self.lab.banners()
            return all(any(text in each for each in said) for text in texts)

        await wait_until(all_said, 60, lambda: f"the banner said {said}")

    async def arrive(self, *, limit_s: float = 150) -> dict[str, Any]:
        """The record, once the session lives on the other member."""
        record = await self.federation.wait_for_session(
            self.lab.user,
            lambda each: each["phase"] == "active" and each["owner"]["member"] != self.source and _is_routed(each),
            limit_s,
        )
        assert record["epoch"] > self._seen["record"]["epoch"]
        return record

    async def finish_long_cell(self) -> None:
        """Tell it to stop; it and the cells behind it complete, with the right output, numbers and effects."""
        await self.wait_for_server()
        await self.lab.wait_for_text(self._long, "step 1")
        await self.lab.write_file("go", "")
        cells = [await self.lab.wait_for_cell(index) for index in (self._long, *self._queued)]
        await self.lab.wait_for_kernel()
        await self.screenshot("after")
        steps = re.findall(r"step (\d+)", cells[0].text)
        assert [int(step) for step in steps] == list(range(len(steps))), (
            "the long cell's output is whole and not doubled"
        )
        assert [cell.text for cell in cells[1:]] == ["queued 42\n", f"sum {sum(n * n for n in range(1000)) + 42}\n"]
        assert [cell.count for cell in cells] == [3, 4, 5]
        assert (await self.lab.cells())[-len(cells) - 1].text == "counter is 41\n41", "the old output is there once"

    def nothing_ran_twice_at_a_time(self, arrived: dict[str, Any]) -> None:
        """The source's last step was before the target's first, and before any page was led there."""
        source, target = self._witness.places()
        switched = min(each["at"] for each in arrived["timeline"] if each["event"] in {"switched", "routed"})
        assert source.steps[-1] < min(switched, target.steps[0])

    async def variables_and_files_are_right(self, *, counter: int, next_count: int, ran_once: list[str]) -> None:
        """The next cell counts on, sees the same objects, and the same files; `ran_once` names finished cells."""
        index = await self.lab.add_cell("alias is table, counter, ran.__globals__ is globals()")
        await self.lab.start_cell(index)
        cell = await self.lab.wait_for_cell(index)
        assert cell.text == f"(True, {counter}, True)"
        assert cell.count == next_count
        assert await self.lab.file("kept.txt") == "written before the move"
        executions = (await self.lab.file("executions.txt")).split("\n")
        assert {name: executions.count(name) for name in ran_once} == dict.fromkeys(ran_once, 1)

    async def all_goes_on(self) -> None:
        """All that must be true of page, terminal, links and processes at the end of every story."""
        await self.terminal_stayed()
        await self.page_stayed()
        await self.links_lead_on()
        await self.runs_in_one_place()

    async def page_stayed(self) -> None:
        """No reload, no dialog, no refusal, the same kernel, all idle, and saving works."""
        assert await self.lab.dialogs() == []
        assert self.lab.navigations[self._navigations :] == []
        assert [line for line in self.lab.console[self._lines :] if re.search(r"\b(403|404|405|424)\b", line)] == []
        assert await self._kernels() == self._seen["kernels"]
        await self.lab.command("docmanager:save")
        saved = await self.lab.api("api/contents/index.ipynb")
        sources = ["".join(cell["source"]) for cell in saved["content"]["cells"]]
        assert sources == [cell.source for cell in await self.lab.cells()]
        assert await self.lab.dialogs() == []

    async def terminal_stayed(self) -> None:
        """The shell is a new one, in the folder in which the old one was."""
        await self._type("pwd > ../where.txt")
        assert (await self._wait_for_file("where.txt")).strip().endswith("/sub")

    async def links_lead_on(self) -> None:
        """The former address answers from the new place, and the launch link leads the same browser there."""
        record = await self.federation.session_of(self.lab.user)
        status = await self.lab.api("migrator/api/v1/status")
        assert (status["session"], status["state"]) == (record["id"], "running")
        place = (await self.federation.demo.call("/api/state"))["members"][record["owner"]["member"]]["url"]
        page = await self.lab.context.new_page()
        await page.goto(self.federation.link, wait_until="commit")
        await page.wait_for_url(f"{place.rstrip('/')}/user/{self.lab.user}/lab/**", wait_until="commit", timeout=60_000)
        # Lab changes its address while it starts, and a page that is closed in that moment never says that it is.
        # It may even load anew, into a workspace of its own: so this is asked by what bears that.
        restored = "() => window.jupyterapp?.restored.then(() => true)"
        await page.wait_for_function(restored, timeout=120_000)
        await page.close()

    async def runs_in_one_place(self) -> None:
        """Where its record says, and nowhere else."""
        record = await self.federation.session_of(self.lab.user)

        async def one() -> bool:
            return self.federation.members_where_it_runs(record["id"]) == {record["owner"]["member"]}

        await wait_until(one, 60, lambda: "processes of the session are left at the source")

    async def runs_nowhere(self) -> None:
        """A suspended session has no processes."""
        record = await self.federation.session_of(self.lab.user)

        async def none() -> bool:
            return self.federation.members_where_it_runs(record["id"]) == set()

        await wait_until(none, 60, lambda: "processes of the suspended session are left")

    async def _kernels(self) -> list[str]:
        return sorted(each["id"] for each in await self.lab.api("api/kernels"))

    async def _wait_for_checkpoint(self) -> None:
        """The cells are saved in the background; then the files too, by "save now", which is durable when it answers."""

        async def saved() -> bool:
            kept = (await self.lab.api("migrator/api/v1/snapshots"))["snapshots"]
            return any(each["execution_count"] == 3 for each in kept[0]["kernels"]) if kept else False

        await wait_until(saved, 60, lambda: "no background snapshot holds both cells")
        assert (await self.lab.api("migrator/api/v1/snapshot", method="POST"))["snapshot"]

    async def page_is_back(self) -> None:
        """The kernel that the page shows is connected, and nothing is held back any more."""
        script = """() => window.jupyterapp.shell.currentWidget.sessionContext?.session?.kernel?.connectionStatus === "connected"
          && !/is on its way/.test(document.querySelector(".sm-Status-button")?.textContent ?? "")"""
        await self.lab.page.wait_for_function(script, timeout=120_000)

    async def resume_from_the_page(self) -> None:
        """The banner of a session that was put away has a button."""
        resume = self.lab.page.locator("#session-migrator-banner >> text=Resume")
        await resume.wait_for(timeout=120_000)
        await self.screenshot("resting")
        await resume.click()

    async def wait_for_server(self) -> None:
        async def answers() -> bool:
            response = await self.lab.context.request.get(f"{self.lab.base_url}api")
            return bool(response.ok)

        await wait_until(answers, 60, lambda: "the session's own address does not answer")

    async def _open_terminal(self) -> None:
        await self.lab.command("terminal:create-new")
        await self.lab.page.wait_for_selector(".jp-Terminal .xterm-helper-textarea", state="attached")
        await self._type("cd ~/sub && pwd > ../where.txt")
        await self._wait_for_file("where.txt")
        await self._type("rm ../where.txt")
        await self.show_notebook()

    async def _type(self, line: str) -> None:
        script = """(line) => {
          const terminal = [...window.jupyterapp.shell.widgets("main")].find((each) => each.content?.session?.send);
          terminal.content.session.send({ type: "stdin", content: [line + "\\r"] });
        }"""
        await self.lab.page.evaluate(script, line)

    async def open_editor(self, path: str) -> Page:
        """A text file in an editor: the page that has it."""
        await self.lab.command("docmanager:open", {"path": path, "factory": "Editor"})
        return self.lab.page

    async def show_notebook(self) -> None:
        """In front again, after something else was."""
        await self.lab.command("docmanager:open", {"path": "index.ipynb"})
        await self.lab.page.wait_for_function("() => window.jupyterapp.shell.currentWidget.content.widgets?.length > 1")

    async def _wait_for_file(self, path: str) -> str:
        async def there() -> bool:
            response = await self.lab.context.request.get(
                f"{self.lab.base_url}api/contents/{path}?content=0", headers=self.lab.headers
            )
            return bool(response.ok)

        await wait_until(there, 60, lambda: f"{path} was not written")
        return await self.lab.file(path)

    async def screenshot(self, name: str) -> None:
        """Of the page as the user sees it; kept with the test's results."""
        await self.lab.page.screenshot(path=self.results / f"{name}.png")


def _is_routed(record: dict[str, Any]) -> bool:
    """Whether the last move has got as far as the route's switch."""
    events = [each["event"] for each in record["timeline"]]
    return "fenced" in events and "routed" in events[len(events) - 1 - events[::-1].index("fenced") :]
