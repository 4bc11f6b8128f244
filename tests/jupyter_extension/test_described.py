"""Each call that `openapi.yaml` describes is made once, and answered as it says (see `described.py`)."""

from __future__ import annotations

import json
from typing import Any

from tornado import web
from tornado.websocket import websocket_connect

from tests.jupyter_extension.described import described, fits
from tests.jupyter_extension.rig import Rig
from tests.jupyter_extension.server import TOKEN, Server, until
from tests.rigs.answering import answering

API = "migrator/api/v1"
COPY = "a-copy-of-it"
CONTROLLER = {
    "offers": {"copies": 2, "profiles": [{"name": "large", "title": "4 GB"}], "profile": ""},
    "copies": {"copy": COPY},
    f"copies/{COPY}": {"state": "copying", "url": "", "reason": ""},
    "move": {},
}


class Controller(web.RequestHandler):
    """What the gateway asks of a controller for the page (docs/interfaces.md, section 5)."""

    def get(self, what: str) -> None:
        self.write(CONTROLLER[what])

    post = get


async def test_every_call_is_answered_as_it_is_described(rig: Rig) -> None:
    async with answering(Controller, r"/v1/sessions/[^/]+/(.+)") as controller_url:
        await rig.close_gateway()
        await rig.open_gateway(rig.port, controller_url=controller_url)
        a = await rig.server("a")
        await rig.in_state(a, "running")
        await _as_the_page(rig, a)
        await _says_hello(a)
        b = await _as_the_controller(rig, a)
    called = {call for server in (a, b) for call in server.answered if call[2] == 200} | {("/feed", "get", 200)}
    assert {(path, method) for path, method, _ in called} == {
        (path, method) for path, methods in described().items() for method in methods
    }


async def _as_the_page(rig: Rig, a: Server) -> None:
    _, kernel = await a.notebook()
    page = await rig.page(a, kernel)
    await page.run("x = 1; gone = (each for each in [])")
    kept = (await a.json("POST", f"{API}/snapshot"))["snapshot"]
    assert (await a.json("GET", f"{API}/snapshots"))["snapshots"][0]["snapshot"] == kept
    undone = await a.json("POST", f"{API}/kernels/{kernel}/undo", {"snapshot": kept})
    assert [(loss["name"], loss["execution_count"]) for loss in undone["report"]["lost"]] == [("gone", 1)]
    await a.json("POST", f"{API}/here")
    await a.json("GET", f"{API}/copies/{(await a.json('POST', f'{API}/copies'))['copy']}")
    await a.json("POST", f"{API}/move", {"profile": "large"})
    data = (await a.call("GET", f"{API}/download")).body
    upload = (await a.json("POST", f"{API}/uploads", {"bytes": len(data)}))["upload"]
    assert (await a.json("PUT", f"{API}/uploads/{upload}?offset=0", data))["have"] == len(data)
    assert (await a.json("POST", f"{API}/uploads/{upload}"))["report"]["kernels"]
    await a.json("DELETE", f"{API}/uploads/{upload}")


async def _says_hello(a: Server) -> None:
    feed = await websocket_connect(f"{a.url.replace('http', 'ws', 1)}migrator/feed?token={TOKEN}")
    hello: dict[str, Any] = json.loads(str(await feed.read_message()))
    assert hello.pop("type") == "hello"
    assert hello.pop("now") > 0
    fits("Active", hello)
    feed.close()


async def _as_the_controller(rig: Rig, a: Server) -> Server:
    """A move that is called off, and one that is not; the target."""
    await a.control("notice", {"cause": "manual", "deadline": None})
    b = await rig.begin_move()
    await rig.in_state(b, "standby")
    await a.control("freeze")
    await a.control("thaw")
    frozen = await a.control("freeze")
    await rig.fence()
    assert (await b.control("activate", frozen))["report"]["snapshot"] == frozen["snapshot"]
    await a.control("stop")

    async def offers() -> Any:
        return (await b.status())["offers"]

    assert (await until(offers, "the controller's offers"))["copies"] == 2  # asked for once the session runs
    assert (await b.status())["state"] == "running"
    return b
