"""What `migrator demo VERB` does: it finds the running demo and asks it."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from typing import Any
from urllib.parse import quote

from migrator.demo.errors import DemoError, NoDemo
from migrator.demo.http import fetch
from migrator.demo.state import DemoState, find


def act(verb: str, args: argparse.Namespace) -> int:
    """Do one thing to the demo of `--dir`, or to the newest; raises `DemoError`."""
    return asyncio.run(_VERBS[verb](Demo(find(args.dir)), args))


class Demo:
    """A running demo, seen from another process."""

    def __init__(self, state: DemoState) -> None:
        self._state = state

    async def call(self, path: str, body: Any = None) -> Any:
        """GET, or POST if there is a body; the answer's JSON. Raises `DemoError` with the demo's own words."""
        url, token = f"{self._state.status_url}{path}", self._state.status_token
        try:
            response = await fetch(url, method="GET" if body is None else "POST", token=token, body=body)
        except OSError as error:
            raise NoDemo(f"the demo in {self._state.folder} does not answer: {error}") from error
        answer = json.loads(response.body)
        if response.code >= 400:
            raise DemoError(answer.get("message", f"the demo answered {response.code}"))
        return answer

    async def sessions(self) -> list[dict[str, Any]]:
        """The records of the sessions that have not ended."""
        return [each for each in (await self.call("/api/state"))["sessions"] if each["phase"] != "ended"]

    async def only_session(self) -> dict[str, Any]:
        """The session if there is just one; else `DemoError` names them."""
        sessions = await self.sessions()
        if not sessions:
            raise DemoError("there is no session yet: open the link that `migrator demo` has printed")
        if len(sessions) > 1:
            names = ", ".join(each["id"] for each in sessions)
            raise DemoError(f"say which session: there are {len(sessions)} ({names})")
        return sessions[0]


async def _preempt(demo: Demo, args: argparse.Namespace) -> int:
    member = args.member or ((await demo.only_session()).get("owner") or {}).get("member")
    if not member:
        raise DemoError("the session is nowhere at the moment: say --member a or --member b")
    await demo.call(f"/api/members/{quote(member, safe='')}/preempt", {"notice": args.notice})
    end = time.strftime("%H:%M:%S", time.localtime(time.time() + args.notice))
    _say(
        f"the machine of member {member} ends at {end}" if args.notice else f"the machine of member {member} is killed"
    )
    return 0


async def _status(demo: Demo, _args: argparse.Namespace) -> int:
    state = await demo.call("/api/state")
    for name, member in state["members"].items():
        _say(f"member {name}: machine {member['machine']}, sessions under {member['url']}")
    for record in state["sessions"]:
        place = record["owner"]["member"] if record.get("owner") else "nowhere"
        _say(f"session {record['id']}: {record['phase']}, on {place}, epoch {record['epoch']}, user {record['user']}")
        for event in record["timeline"]:
            _say(f"    {time.strftime('%H:%M:%S', time.localtime(event['at']))}  {event['event']}")
    return 0


async def _session(demo: Demo, args: argparse.Namespace) -> int:
    session = args.session or (await demo.only_session())["id"]
    body = {"cause": "asked for"} if args.verb == "move" else {}
    await demo.call(f"/api/sessions/{quote(session, safe='')}/{args.verb}", body)
    _say(f"{args.verb} of session {session} has begun; `migrator demo status` shows how it goes")
    return 0


_VERBS = {"preempt": _preempt, "status": _status, "move": _session, "suspend": _session, "resume": _session}


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
