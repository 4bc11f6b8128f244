"""A session moves between two real servers; the page keeps its session id and its cells."""

from __future__ import annotations

import json
import signal
import time
from functools import partial
from typing import Any

import pytest
from tornado.websocket import websocket_connect

from migrator.session import Target, phases
from tests.jupyter_extension.page import Page
from tests.jupyter_extension.rig import Rig
from tests.jupyter_extension.server import TOKEN, Server, until

LOOP = (
    "import os, time\nprint('begin')\nwhile not os.path.exists('go'): time.sleep(0.05)\nprint('end', x)"  # until `go`
)


async def opened(rig: Rig, path: str = "a.ipynb") -> tuple[Server, str, Page]:
    """A running server with a notebook that a page has open."""
    a = await rig.server("a")
    await rig.in_state(a, "running")
    _, kernel = await a.notebook(path)
    return a, kernel, await rig.page(a, kernel)


async def covered(server: Server) -> None:
    """Have what the kernels hold now in a durable snapshot."""
    await server.json("POST", "migrator/api/v1/snapshot")


async def move(rig: Rig, a: Server) -> tuple[Server, Any]:
    """A planned move to b."""
    b = await rig.begin_move()
    await rig.in_state(b, "standby")
    frozen = await a.control("freeze", {"deadline": None})
    await rig.fence()
    return b, (await b.control("activate", {"snapshot": frozen["snapshot"]}))["report"]


async def test_cells_files_session_and_terminal_move(rig: Rig) -> None:
    a = await rig.server("a")
    await rig.in_state(a, "running")
    session, kernel = await a.notebook("folder/a.ipynb")
    page = await rig.page(a, kernel)
    await page.run("x = 42; print('hello')")
    await page.run("_ = open('out.txt', 'a').write('once')")
    (a.home / "data.bin").write_bytes(b"\0\1\2" * 1000)
    await a.json("POST", "api/terminals", {"name": "1"})
    await covered(a)
    running = await page.start(LOOP)
    queued = await page.start("y = x * 2; print(y)")
    await until(lambda: "begin" in running.text, "the running cell's first output")
    b, report = await move(rig, a)
    assert page.closed
    a.kill()
    (b.home / "folder" / "go").touch()
    await page.connect(b)
    await until(lambda: running.ended and queued.ended, "the cells to complete")
    assert running.text == "begin\nend 42\n"
    assert queued.text == "84\n"
    assert queued.reply is not None
    assert queued.reply["execution_count"] == 4
    after = await page.run("import os; print(x, y, open('out.txt').read(), os.getcwd())")
    assert after.text == f"42 84 once {b.home / 'folder'}\n"
    assert (b.home / "data.bin").read_bytes() == b"\0\1\2" * 1000
    sessions = await b.json("GET", "api/sessions")
    assert [(s["id"], s["kernel"]["id"], s["path"]) for s in sessions] == [(session, kernel, "folder/a.ipynb")]
    assert [t["name"] for t in await b.json("GET", "api/terminals")] == ["1"]
    (row,) = report["kernels"]
    assert len(row["rerun"]) == 2
    assert row["salvage"]


async def test_a_kill_without_notice_loses_nothing_and_doubles_nothing(rig: Rig) -> None:
    a, _, page = await opened(rig)
    await page.run("x = 1")
    await covered(a)
    done = await page.run("x += 1; print('done', x)")
    running = await page.start(LOOP)
    await until(lambda: "begin" in running.text, "the first output")
    queued = await page.start("print('queued', x)")
    await rig.journalled(queued.msg_id)
    snapshot = (await rig.record()).snapshot
    a.kill()
    b = await rig.begin_move()
    await rig.in_state(b, "standby")
    await rig.fence()
    await b.control("activate", {"snapshot": snapshot})
    (b.home / "go").touch()
    await page.connect(b)
    await until(lambda: running.ended and queued.ended, "the cells to complete")
    assert (done.text, running.text, queued.text) == ("done 2\n", "begin\nend 2\n", "queued 2\n")
    assert page.cells[queued.msg_id].reply["execution_count"] == 4


async def test_what_no_page_saw_is_shown_once(rig: Rig) -> None:
    a, _, page = await opened(rig)
    cell = await page.start("import time\nfor i in range(10):\n    print(i, flush=True)\n    time.sleep(0.1)")
    failed, behind = await page.start("1 / 0"), await page.start("print('never')")
    await until(lambda: "1\n" in cell.text, "some output")
    await page.leave()
    await until(partial(_idle, a), "the end of the cell")
    b, _ = await move(rig, a)
    await page.connect(b)
    await until(lambda: cell.ended and failed.ended and behind.ended, "the replies")
    assert cell.text == "".join(f"{i}\n" for i in range(10))
    assert _gist(cell.reply) == ("ok", "", 1)
    assert _gist(failed.reply) == ("error", "division by zero", 2)
    assert (behind.text, behind.reply) == ("", {"status": "aborted"})


async def _idle(server: Server) -> bool:
    return (await server.json("GET", "api/kernels"))[0]["execution_state"] == "idle"


async def test_a_cell_marked_no_rerun_is_left_and_said(rig: Rig) -> None:
    a, _, page = await opened(rig)
    await page.run("x = 1")
    cell = await page.start("open('log', 'a').write('1')\nimport time; time.sleep(30)", tags=["no-rerun"])
    behind = await page.start("print('behind')")
    await until((a.home / "log").exists, "the cell to begin")
    b, report = await move(rig, a)
    await page.connect(b)
    await until(lambda: cell.ended and behind.ended, "both to end")
    assert cell.reply is not None
    assert cell.reply["status"] == "error"
    assert "not run again" in cell.text
    assert behind.reply == {"status": "aborted"}
    assert (b.home / "log").read_text() == "1"
    assert [s["cell"] for s in report["kernels"][0]["skipped"]] == [_cell_id(page, cell.msg_id)]
    assert (await page.run("print(x)")).text == "1\n"


async def test_what_comes_back_otherwise_is_told_before_and_after(rig: Rig) -> None:
    a, _, page = await opened(rig)
    await page.run("import sqlite3; db = sqlite3.connect('rows.sqlite'); db.execute('create table t (x)'); db.commit()")
    await page.run("_ = db.execute('insert into t values (1)')")
    await a.json("POST", "migrator/api/v1/snapshot")
    told = {"name": "db", "reason": f"an open transaction of {a.home / 'rows.sqlite'} is not kept"}
    at_risk = (await a.json("GET", "migrator/api/v1/status"))["at_risk"]
    assert [{key: each[key] for key in told} for each in at_risk] == [told]
    _, report = await move(rig, a)
    assert report["kernels"][0]["changed"] == [told]


def _cell_id(page: Page, msg_id: str) -> str:
    return page.cell_ids[msg_id]


async def test_a_pending_question_keeps_its_box_and_earlier_answers(rig: Rig) -> None:
    a, _, page = await opened(rig)
    await page.run("x = 1")
    cell = await page.start("a = input('first'); b = input('second'); print(a, b)")
    await until(lambda: len(page.asked) == 1, "the first question")
    await page.send("input_reply", {"value": "one"}, "stdin")
    await until(lambda: len(page.asked) == 2, "the second question")
    b, _ = await move(rig, a)
    await page.connect(b)
    await page.send("input_reply", {"value": "two"}, "stdin")
    await until(lambda: cell.ended, "the cell's end")
    assert cell.text == "one two\n"
    assert len(page.asked) == 2


async def test_what_a_cell_said_before_its_question_stays_and_comes_once(rig: Rig) -> None:
    """A `clear_output` would wipe the box as well, on the page."""
    a, _, page = await opened(rig)
    await page.run("x = 1")
    cell = await page.start("print('before'); a = input('who'); print('after', a)")
    await until(lambda: len(page.asked) == 1 and "before" in cell.text, "the question")
    b, _ = await move(rig, a)
    await page.connect(b)
    await page.send("input_reply", {"value": "me"}, "stdin")
    await until(lambda: cell.ended, "the cell's end")
    assert cell.text == "before\nafter me\n"
    assert cell.of("clear_output") == []
    assert len(page.asked) == 1


async def test_a_cell_that_asks_no_more_says_all_it_has_to_say(rig: Rig) -> None:
    a, _, page = await opened(rig)
    await page.run("import os")
    cell = await page.start("print(os.getcwd()); os.path.exists('answered') or input('who'); print('end')")
    await until(lambda: len(page.asked) == 1, "the question")
    b = await rig.begin_move()
    (b.home / "answered").touch()
    await rig.in_state(b, "standby")
    snapshot = (await a.control("freeze", {"deadline": None}))["snapshot"]
    await rig.fence()
    await b.control("activate", {"snapshot": snapshot})
    await page.connect(b)
    await until(lambda: cell.ended, "the cell's end")
    assert cell.text.endswith(f"{b.home}\nend\n")


@pytest.mark.parametrize(
    ("v1", "option"),
    [
        (False, "--KernelManager.transport=tcp"),
        (True, "--KernelManager.transport=ipc"),
        (True, "--MappingKernelManager.transport_encryption=required"),
    ],
)
async def test_the_old_protocol_ipc_and_encrypted_kernels_move_too(rig: Rig, v1: bool, option: str) -> None:
    rig.options = [option]
    a = await rig.server("a")
    await rig.in_state(a, "running")
    _, kernel = await a.notebook()
    page = await rig.page(a, kernel, v1=v1)
    await page.run("x = 42")
    running = await page.start(LOOP)
    await until(lambda: "begin" in running.text, "the first output")
    b, _ = await move(rig, a)
    (b.home / "go").touch()
    await page.connect(b)
    await until(lambda: running.ended, "the cell's end")
    assert running.text == "begin\nend 42\n"


async def test_a_page_that_lost_its_replies_hears_the_true_ends_again(rig: Rig) -> None:
    a, _, page = await opened(rig)
    well = await page.run("x = 1")
    failed = await page.start("import time; time.sleep(0.5); x / 0")
    behind = await page.start("x = 2")
    await until(lambda: failed.ended and behind.ended, "the cells' ends")
    told = [_gist(cell.reply) for cell in (well, failed, behind)]
    assert told == [("ok", "", 1), ("error", "division by zero", 2), ("aborted", "", None)]
    await covered(a)
    cells = [well, failed, behind]
    assert await _told_again(page, cells) == told
    b, _ = await move(rig, a)
    await page.connect(b)
    assert await _told_again(page, cells) == told
    assert (await page.run("print(x)")).text == "1\n"


async def _told_again(page: Page, cells: list[Any]) -> list[tuple[Any, ...]]:
    again = [await page.say_again(cell) for cell in cells]
    await until(lambda: all(cell.ended for cell in again), "the ends to be told again")
    return [_gist(cell.reply) for cell in again]


def _gist(reply: dict[str, Any] | None) -> tuple[Any, ...]:
    assert reply is not None
    return reply["status"], reply.get("evalue", ""), reply.get("execution_count")


async def test_requests_that_come_while_it_freezes_arrive_at_the_target(rig: Rig) -> None:
    a, kernel, page = await opened(rig)
    other = await rig.page(a, kernel)
    await page.run("x = 42")
    await a.control("freeze", {"deadline": None})
    refused = await a.call("PUT", "api/contents/new.txt", {"type": "file", "format": "text", "content": "lost?"})
    assert refused.code == 503
    assert page.closed
    assert other.closed
    await a.control("thaw")
    await page.connect(a)
    assert (await page.run("print(x)")).text == "42\n"


async def test_a_page_hears_that_its_server_is_fenced_and_then_when_the_way_is_open(rig: Rig) -> None:
    a, _, _ = await opened(rig)
    feed = await websocket_connect(f"{a.url.replace('http', 'ws', 1)}migrator/feed?token={TOKEN}")

    async def told() -> tuple[str, str]:
        news = json.loads(str(await feed.read_message()))
        return news["type"], news.get("state", "")

    await rig.records.update(rig.id, lambda r: phases.begin_move(r, Target("b", "/user/x/")))
    await a.control("freeze", {"deadline": None})
    await rig.fence()
    heard = [await told()]
    while heard[-1] != ("fenced", "fenced"):
        heard.append(await told())
    assert "moved" not in dict(heard)
    await a.control("stop")
    assert await told() == ("moved", "fenced")
    feed.close()


async def test_sigterm_leaves_a_durable_snapshot(rig: Rig) -> None:
    a, _, page = await opened(rig)
    await page.run("x = 42")
    (a.home / "last.txt").write_text("last")
    before = (await rig.record()).snapshot
    a.kill(signal.SIGTERM)
    await until(lambda: a.process.poll() is not None, "the server's end")
    snapshot = (await rig.record()).snapshot
    assert snapshot != before
    b = await rig.begin_move()
    await rig.in_state(b, "standby")
    await rig.fence()
    await b.control("activate", {"snapshot": snapshot})
    await page.connect(b)
    assert (await page.run("print(x, open('last.txt').read())")).text == "42 last\n"


async def test_a_cell_that_ended_just_before_a_long_one_is_not_run_again_after_a_notice(rig: Rig) -> None:
    a, _, page = await opened(rig)
    await page.run("x = 42")
    await covered(a)
    short = [await page.start(f"x += 1; _ = open('mark', 'a').write('{number}')") for number in range(4)]
    running = await page.start(LOOP)
    await until(lambda: "begin" in running.text, "the long cell to begin")
    await a.control("notice", {"cause": "preemption", "deadline": time.time() + 5})
    b, report = await move(rig, a)
    (b.home / "go").touch()
    await page.connect(b)
    await until(lambda: running.ended and all(cell.ended for cell in short), "the cells to complete")
    assert running.text == "begin\nend 46\n"
    assert (b.home / "mark").read_text() == "0123"
    assert [row["cell"] for row in report["kernels"][0]["rerun"]] == [_cell_id(page, running.msg_id)]
    assert report["kernels"][0]["salvage"]
