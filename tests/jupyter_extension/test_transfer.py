"""A session as one file: what is in it, and that it goes on elsewhere, in another session or in a bare kernel."""

from __future__ import annotations

import asyncio
import io
import json
import sys
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError, HTTPResponse

from migrator.session.download import open_download
from tests.jupyter_extension.rig import KEY, Rig
from tests.jupyter_extension.server import TOKEN, Server
from tests.rigs.kernels import LiveKernel

API = "migrator/api/v1"


@pytest.fixture
async def other(tmp_path: Path) -> AsyncIterator[Rig]:
    """Another session, elsewhere."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    rig = Rig(folder)
    await rig.begin()
    yield rig
    await rig.end()


async def _download(server: Server) -> bytes:
    answer = await server.call("GET", f"{API}/download")
    assert answer.code == 200, answer.body
    assert answer.headers["Content-Type"] == "application/zip"
    return bytes(answer.body)


async def _piece(server: Server, name: str, offset: int, data: bytes) -> HTTPResponse:
    return await server.call("PUT", f"{API}/uploads/{name}?offset={offset}", data)


async def _upload(server: Server, data: bytes) -> HTTPResponse:
    begun = await server.json("POST", f"{API}/uploads", {"bytes": len(data)})
    for offset in range(0, len(data), 700_000):
        answer = await _piece(server, begun["upload"], offset, data[offset : offset + 700_000])
        assert answer.code == 200, answer.body
    return await server.call("POST", f"{API}/uploads/{begun['upload']}")


async def _worked_on(rig: Rig) -> Server:
    """A session with variables, files and a link."""
    server = await rig.server("a")
    await rig.in_state(server, "running")
    _, kernel = await server.notebook("sub/a.ipynb")
    page = await rig.page(server, kernel)
    await page.run("import os; table = {n: n * n for n in range(1000)}; alias = table; noise = os.urandom(3_000_000)")
    (server.home / "data.txt").write_text("the user's\n")
    (server.home / "tool.sh").write_text("#!/bin/sh\n")
    (server.home / "tool.sh").chmod(0o755)
    (server.home / "link").symlink_to("data.txt")
    return server


async def test_a_download_goes_on_in_another_session(rig: Rig, other: Rig) -> None:
    a = await _worked_on(rig)
    data = await _download(a)
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.testzip() is None
    assert archive.read("files/data.txt") == b"the user's\n"
    assert archive.getinfo("files/tool.sh").external_attr >> 16 & 0o777 == 0o755

    b = await other.server("b")
    await other.in_state(b, "running")
    (b.home / "data.txt").write_text("another's\n")
    answer = await _upload(b, data)
    assert answer.code == 200, (answer.body, b.log.read_text()[-3000:])
    report = json.loads(answer.body)["report"]
    assert report["files"] == {"excluded": [], "kept": ["data (was here).txt"]}
    assert [row["lost"] for row in report["kernels"]] == [[]]
    assert (b.home / "data.txt").read_text() == "the user's\n"
    assert (b.home / "data (was here).txt").read_text() == "another's\n"
    assert (b.home / "tool.sh").stat().st_mode & 0o777 == 0o755
    assert (b.home / "link").readlink() == Path("data.txt")

    (session,) = await b.json("GET", "api/sessions")
    assert session["path"] == "sub/a.ipynb"
    page = await other.page(b, session["kernel"]["id"])
    assert (await page.run("print(alias is table, table[31], len(noise))")).text == "True 961 3000000\n"


async def test_a_notebook_that_is_open_gets_the_variables(rig: Rig) -> None:
    """Into the same session: the kernel keeps its id, and the page its connection."""
    a = await _worked_on(rig)
    data = await _download(a)
    (session,) = await a.json("GET", "api/sessions")
    page = await rig.page(a, session["kernel"]["id"])
    await page.run("table = None")
    answer = await _upload(a, data)
    assert answer.code == 200, answer.body
    again = await rig.page(a, session["kernel"]["id"])
    assert (await again.run("print(table[31])")).text == "961\n"


async def test_it_has_no_key_of_the_session_and_no_login(rig: Rig) -> None:
    a = await _worked_on(rig)
    path = rig.folder / "session.zip"
    path.write_bytes(await _download(a))
    download = open_download(path)
    assert download.key != KEY
    reader = await download.open()
    assert "login" not in reader.manifest.body["server"]
    assert TOKEN not in json.dumps(reader.manifest.body)
    assert reader.manifest.body["redo"] == []
    await download.store.close()


async def test_the_command_line_takes_the_file(rig: Rig) -> None:
    a = await _worked_on(rig)
    path = rig.folder / "session.zip"
    path.write_bytes(await _download(a))
    kernel = await LiveKernel.start(rig.folder)
    try:
        words = ["restore", str(path), "--json", "--connection-file", kernel.connection_file, "--kernel", "sub/a.ipynb"]
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("migrator")), *words, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await process.communicate()
        assert process.returncode == 0
        assert json.loads(out)["lost"] == []
        assert await kernel.value("(alias is table, table[31], len(noise))") == (True, 961, 3000000)
    finally:
        await kernel.close()


async def test_a_bad_file_is_named_and_changes_nothing(rig: Rig) -> None:
    a = await _worked_on(rig)
    data = await _download(a)
    forged = io.BytesIO()
    with zipfile.ZipFile(forged, "w") as archive:
        archive.writestr("state/session.json", '{"format": 99}')
    damaged = bytearray(data)
    at = data.index(b"state/packs/") + 2000
    damaged[at : at + 64] = bytes(64)
    for bad in (b"no zip file at all", data[: len(data) // 2], forged.getvalue(), bytes(damaged)):
        answer = await _upload(a, bad)
        assert answer.code == 400, answer.body
        assert json.loads(answer.body)["message"]
    (session,) = await a.json("GET", "api/sessions")
    page = await rig.page(a, session["kernel"]["id"])
    assert (await page.run("print(len(table))")).text == "1000\n"


async def test_names_that_lead_out_are_refused(rig: Rig) -> None:
    a = await _worked_on(rig)
    data = io.BytesIO(await _download(a))
    with zipfile.ZipFile(data, "a") as archive:
        archive.writestr("files/../../out.txt", "x")
    answer = await _upload(a, data.getvalue())
    assert answer.code == 200
    (problem,) = json.loads(answer.body)["report"]["files"]["excluded"]
    assert problem["path"] == "../../out.txt"
    assert not (a.home.parent.parent / "out.txt").exists()


async def test_limits_and_pieces(rig: Rig) -> None:
    a = await rig.server("a", "--SessionMigrator.transfer_limit=1000000")
    await rig.in_state(a, "running")
    (a.home / "big.bin").write_bytes(bytes(2_000_000))

    async def begin(size: Any) -> int:
        return (await a.call("POST", f"{API}/uploads", {"bytes": size})).code

    assert [await begin(size) for size in (0, "1", True, 2_000_000)] == [400, 400, 400, 413]
    with pytest.raises((HTTPClientError, OSError)):
        await a.call("GET", f"{API}/download")
    name = (await a.json("POST", f"{API}/uploads", {"bytes": 10}))["upload"]
    assert (await _piece(a, name, 4, b"12345")).code == 400
    assert json.loads((await _piece(a, name, 0, b"12345")).body) == {"have": 5}
    assert json.loads((await _piece(a, name, 0, b"12345")).body) == {"have": 5}
    assert (await a.call("POST", f"{API}/uploads/{name}")).code == 400
    assert (await a.call("DELETE", f"{API}/uploads/{name}")).code == 200
    assert (await _piece(a, "0" * 32, 0, b"x")).code == 400
