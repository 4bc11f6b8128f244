"""Launches sessions as BinderHub does, and uses their kernels as a page does."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from tests.rigs.kubernetes.member import Member

LIMIT_S = 300.0
launched: list[Launched] = []
"""All of this run, so that each test's can be ended with it."""


@dataclass
class Launched:
    """A session: its user, its token, and where it was last reached."""

    member: Member
    user: str
    token: str
    kernel: str = ""
    id: str = ""
    seen: list[dict[str, Any]] = field(default_factory=list)

    def url(self, member: Member | None = None) -> str:
        """Its server's URL at a member."""
        return f"{(member or self.member).url}/user/{self.user}"


async def call(
    url: str, *, method: str = "GET", body: Any = None, token: str = "", scheme: str = "token", limit_s: float = 60
) -> Any:
    """JSON in, JSON out."""
    content = json.dumps(body) if body is not None else ("" if method in {"POST", "PUT"} else None)
    request = HTTPRequest(url, method=method, body=content, request_timeout=limit_s, connect_timeout=20)
    request.headers.update({"Authorization": f"{scheme} {token}", "Content-Type": "application/json"})
    answer = await AsyncHTTPClient().fetch(request)
    return json.loads(answer.body or b"null")


async def launch(member: Member, **options: Any) -> Launched:
    """A new user, a server with its token in the options, ready."""
    session = Launched(member, f"repo-{secrets.token_hex(4)}", secrets.token_hex(16))
    users = f"{member.url}/hub/api/users/{session.user}"
    await until(
        "the hub answers", lambda: call(f"{member.url}/hub/api/", token=member.binder_token)
    )  # the test before may have hurt it
    await call(users, method="POST", token=member.binder_token)
    wanted = {"token": session.token, "binder_request": f"v2/gh/{session.user}/HEAD", **options}
    await call(f"{users}/server", method="POST", body=wanted, token=member.binder_token, limit_s=LIMIT_S)
    await until("the server answers", lambda: answers(session, member))
    sessions = await controller(member, f"/v1/sessions?user={session.user}")
    session.id = sessions["sessions"][0]["id"]
    launched.append(session)
    return session


async def end(session: Launched, members: Iterable[Member]) -> None:
    """End it for good, through whichever member answers."""
    for member in members:
        with contextlib.suppress(HTTPClientError, OSError):
            await controller(member, f"/v1/sessions/{session.id}", method="DELETE")
            return


async def start_kernel(session: Launched) -> str:
    """A notebook's kernel, as a page starts it."""
    body = {"path": "work.ipynb", "name": "work.ipynb", "type": "notebook", "kernel": {"name": "python3"}}
    made = await call(f"{session.url()}/api/sessions", method="POST", body=body, token=session.token)
    session.kernel = made["kernel"]["id"]
    return session.kernel


async def run_cell(session: Launched, code: str, *, member: Member | None = None, limit_s: float = LIMIT_S) -> str:
    """Run code in the session's kernel; what it printed, or its error."""
    base = session.url(member).replace("http://", "ws://")
    socket = await websocket_connect(f"{base}/api/kernels/{session.kernel}/channels?token={session.token}")
    message = request(code)
    try:
        async with asyncio.timeout(limit_s):
            await socket.write_message(json.dumps(message))
            return await printed(socket, message["header"]["msg_id"])
    finally:
        socket.close()
        while await socket.read_message() is not None:  # until it is closed at both ends
            pass


async def printed(socket: WebSocketClientConnection, request_id: str) -> str:
    """All that comes for a request until its kernel is idle."""
    text = ""
    while message := await socket.read_message():
        answer = json.loads(message)
        if answer.get("parent_header", {}).get("msg_id") != request_id:
            continue
        content = answer["content"]
        text += content.get("text", "") if answer["msg_type"] == "stream" else ""
        text += f"{content['ename']}: {content['evalue']}" if answer["msg_type"] == "error" else ""
        if answer["msg_type"] == "status" and content["execution_state"] == "idle":
            return text
    raise ConnectionError(f"the kernel's connection was closed before its answer was whole: {text!r}")


def request(code: str) -> dict[str, Any]:
    """An execute request."""
    name = secrets.token_hex(8)
    header = {
        "msg_id": name,
        "msg_type": "execute_request",
        "username": "",
        "session": name,
        "version": "5.3",
        "date": "",
    }
    content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
    return {
        "header": header,
        "parent_header": {},
        "metadata": {},
        "content": content,
        "channel": "shell",
        "buffers": [],
    }


async def controller(member: Member, path: str, *, method: str = "GET", body: Any = None) -> Any:
    """A call of the member's controller."""
    return await call(
        member.controller_url + path, method=method, body=body, token=member.federation.secret, scheme="Bearer"
    )


async def record(session: Launched, member: Member | None = None) -> dict[str, Any]:
    """The session's record."""
    return dict(await controller(member or session.member, f"/v1/sessions/{session.id}"))


async def status(session: Launched, member: Member | None = None) -> dict[str, Any]:
    """What the extension says of itself."""
    return dict(await call(f"{session.url(member)}/migrator/api/v1/status", token=session.token))


async def answers(session: Launched, member: Member) -> bool:
    """Whether the server answers."""
    await call(f"{session.url(member)}/api/status", token=session.token)
    return True


async def until(what: str, test: Any, limit_s: float = LIMIT_S) -> Any:
    """Wait until an async test is true; errors of the network count as not yet."""
    last: BaseException | None = None
    try:
        async with asyncio.timeout(limit_s):
            while True:
                try:
                    if found := await test():
                        return found
                except (HTTPClientError, OSError) as error:
                    last = error
                await asyncio.sleep(0.25)
    except TimeoutError as error:
        raise TimeoutError(f"{what}: not within {limit_s:.0f} s (last: {last})") from error


async def saved(session: Launched) -> dict[str, Any]:
    """Wait until everything up to now is in a durable snapshot."""
    await call(
        f"{session.url()}/migrator/api/v1/snapshot", method="POST", body={}, token=session.token, limit_s=LIMIT_S
    )
    return await record(session)
