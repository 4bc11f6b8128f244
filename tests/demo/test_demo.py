"""A demo ends with all that it started, however it ends, and leaves other demos alone."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest

from migrator.demo import marks
from tests.rigs.browser import running_browser
from tests.rigs.federation import RESULTS, Federation, demo_id, start_demo, wait_until

MAKE_DEMO = ("make", "-C", str(Path(__file__).parents[2]), "demo")
pytestmark = [pytest.mark.federation, pytest.mark.timeout(420)]


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
async def test_a_second_demo_does_not_collide_and_dies_alone(federation: Federation, tmp_path, end: signal.Signals):
    mine = set(marks.find(marks.DEMO, demo_id(federation)))
    second = start_demo(tmp_path / "second", command=MAKE_DEMO)
    mark = demo_id(second)
    assert len(marks.find(marks.DEMO, mark)) >= len(mine) / 2
    os.kill(second.state.pid, end)
    second.process.wait(60)

    async def gone() -> bool:
        return not marks.find(marks.DEMO, mark)

    await wait_until(gone, 60, lambda: f"processes of the killed demo are left: {marks.find(marks.DEMO, mark)}")
    assert set(marks.find(marks.DEMO, demo_id(federation))) >= mine


async def test_it_says_how_far_it_is_and_where_it_is_found(federation: Federation):
    said = federation.folder.with_suffix(".out").read_text()
    assert len(re.findall(r"^\[ *\d+\.\d s\] ", said, flags=re.MULTILINE)) > 3
    assert f"A session:    {federation.link}\n" in said
    assert f"Status page:  {federation.state.status_url}/?token={federation.state.status_token}\n" in said


async def test_status_names_members(federation: Federation):
    done = federation.migrator("status")
    assert done.returncode == 0, done.stderr
    assert "member a: machine" in done.stdout
    assert "member b: machine" in done.stdout


async def test_unknown_member_is_refused(federation: Federation):
    done = federation.migrator("preempt", "--member", "nobody")
    assert (done.returncode, done.stderr) == (1, "migrator demo: no member 'nobody': there are a, b\n")


async def test_the_page_wants_the_token(federation: Federation):
    from migrator.demo.http import fetch

    url = federation.state.status_url
    assert (await fetch(f"{url}/")).code == 403
    assert (await fetch(f"{url}/api/members/a/preempt", method="POST", body={"notice": 0})).code == 403
    page = await fetch(f"{url}/?token={federation.state.status_token}")
    assert page.code == 200
    assert "A federation on this machine" in page.body.decode()


@pytest.mark.parametrize("notice", [-1, 1e9, None, True, "5"])
async def test_a_senseless_notice_is_refused(federation: Federation, notice):
    from migrator.demo.http import fetch

    state = federation.state
    url = f"{state.status_url}/api/members/a/preempt"
    answer = await fetch(url, method="POST", token=state.status_token, body={"notice": notice})
    assert answer.code == 400


def test_no_demo_here(federation: Federation, tmp_path):
    import subprocess
    import sys
    from pathlib import Path

    argv = [str(Path(sys.executable).with_name("migrator")), "demo", "status", "--dir", str(tmp_path)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "start one with `migrator demo`" in done.stderr


@pytest.mark.browser
async def test_the_page_shows_the_members_and_its_buttons_work(federation: Federation):
    await federation.wait_for_machines()
    state = federation.state
    async with running_browser() as browser:
        page = await browser.new_page()
        await page.goto(f"{state.status_url}/?token={state.status_token}")
        member = page.locator("article", has_text="Member b")
        await member.get_by_text("Machine: up").wait_for()
        await member.get_by_role("button", name="Kill now").click()
        await member.get_by_text("Machine: down").wait_for(timeout=60_000)
        await member.get_by_text("Machine: up").wait_for(timeout=60_000)
        await page.screenshot(path=RESULTS / "status.png")
        assert await page.locator("#error").text_content() == ""
