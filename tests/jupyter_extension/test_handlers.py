"""The HTTP face: who may call what, what bad input gets, and that its description is true."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from tornado.httpclient import HTTPClientError
from tornado.websocket import websocket_connect

import jupyter_extension
from jupyter_extension.handlers import ROUTES, ControlHandler
from tests.jupyter_extension.rig import Rig

KERNEL = "00000000-0000-4000-8000-000000000000"
OPENAPI = yaml.safe_load((Path(jupyter_extension.__file__).parent / "openapi.yaml").read_text())


def described() -> dict[str, set[str]]:
    methods = {"get", "post", "put", "delete", "patch"}
    return {path: methods & set(item) for path, item in OPENAPI["paths"].items()}


def test_the_description_and_the_handlers_agree() -> None:
    served = {
        "/" + re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", path): {
            m for m in ("get", "post", "put", "delete", "patch") if m in vars(handler)
        }
        for path, handler in ROUTES
    }
    assert served == described()
    for path, handler in ROUTES:
        (item,) = OPENAPI["paths"]["/" + re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", path)].values()
        only_control = item.get("security") == [{"control": []}]
        assert only_control == issubclass(handler, ControlHandler), path


async def test_nobody_unknown_gets_in_and_the_page_is_no_controller(rig: Rig) -> None:
    a = await rig.server("a")
    await rig.in_state(a, "running")
    for path, methods in described().items():
        url = "migrator" + path.replace("{kernel_id}", KERNEL)
        for method in methods:
            for token, scheme in [(None, ""), ("wrong", "token"), ("wrong", "Bearer")]:
                answer = await a.call(method.upper(), url, token=token, scheme=scheme)
                assert answer.code in (401, 403), (path, token, answer.code)
            if OPENAPI["paths"][path][method].get("security") == [{"control": []}]:
                assert (await a.call(method.upper(), url)).code == 401, path
    with pytest.raises(HTTPClientError, match="403"):
        await websocket_connect(f"{a.url.replace('http', 'ws', 1)}migrator/feed")
    assert (await a.status())["state"] == "running"


async def test_bad_input_is_named_and_changes_nothing(rig: Rig) -> None:
    a = await rig.server("a")
    await rig.in_state(a, "running")

    async def control(path: str, body: object) -> int:
        answer = await a.call("POST", f"migrator/api/v1/{path}", body, token=a.control_token, scheme="Bearer")
        return answer.code

    assert await control("notice", {"cause": "boredom"}) == 400
    assert await control("notice", ["cause"]) == 400
    assert await control("freeze", {"deadline": "soon"}) == 400
    assert await control("activate", {"snapshot": "../../etc/passwd"}) == 400
    assert await control("activate", {"snapshot": "0" * 32}) == 409
    answer = await a.call("POST", f"migrator/api/v1/kernels/{KERNEL}/undo", {"snapshot": "x" * 32})
    assert answer.code == 400
    answer = await a.call("POST", f"migrator/api/v1/kernels/{KERNEL}/undo", {"snapshot": "0" * 32})
    assert answer.code == 404
    assert (await a.status())["state"] == "running"


async def test_without_an_environment_the_server_is_as_without_us(rig: Rig) -> None:
    a = await rig.server("a", gateway=False)
    assert await a.status() == {"enabled": False}
    _, kernel = await a.notebook()
    page = await rig.page(a, kernel)
    assert (await page.run("import os; print([k for k in os.environ if k.startswith('MIGRATOR_')])")).text == "[]\n"
    assert (await a.call("POST", "migrator/api/v1/snapshot")).code == 409


async def test_the_tokens_are_not_inherited_and_the_feed_says_hello(rig: Rig) -> None:
    a = await rig.server("a")
    await rig.in_state(a, "running")
    _, kernel = await a.notebook()
    page = await rig.page(a, kernel)
    assert (await page.run("import os; print([k for k in os.environ if k.startswith('MIGRATOR_')])")).text == "[]\n"
    feed = await websocket_connect(f"{a.url.replace('http', 'ws', 1)}migrator/feed?token=page-token")
    hello = json.loads(await feed.read_message())
    assert hello["type"] == "hello"
    assert hello["session"] == rig.id
    await a.control("notice", {"cause": "preemption", "deadline": hello["now"] + 300})
    told = json.loads(await feed.read_message())
    while told["type"] != "notice":
        told = json.loads(await feed.read_message())
    assert told["notice"]["cause"] == "preemption"
    feed.close()


async def test_save_now_undo_and_the_list_of_checkpoints(rig: Rig) -> None:
    a = await rig.server("a")
    await rig.in_state(a, "running")
    _, kernel = await a.notebook()
    page = await rig.page(a, kernel)
    await page.run("x = 1")
    kept = (await a.json("POST", "migrator/api/v1/snapshot"))["snapshot"]
    assert (await rig.record()).snapshot == kept
    await page.run("x = 2")
    await a.json("POST", "migrator/api/v1/snapshot")
    listed = (await a.json("GET", "migrator/api/v1/snapshots"))["snapshots"]
    assert kept in [row["snapshot"] for row in listed]
    await a.json("POST", f"migrator/api/v1/kernels/{kernel}/undo", {"snapshot": kept})
    assert (await page.run("print(x)")).text == "1\n"
