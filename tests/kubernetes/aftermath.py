"""What was left when a test failed: the sessions' timelines for its report, and all logs of the members in a folder."""

from __future__ import annotations

import contextlib
import json
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.kubernetes.launches import Launched
from tests.rigs.kubernetes.member import Member
from tests.rigs.kubernetes.process import RigError, write

COMPONENTS = ("app.kubernetes.io/name=session-migrator", "component in (hub,proxy,singleuser-server)")


def told(
    members: Iterable[Member], sessions: Iterable[Launched], folder: Path, seconds: float
) -> Iterator[tuple[str, str]]:
    """Sections for a report; logs of the last `seconds` go into the folder."""
    members = list(members)
    for session in sessions:
        yield f"session {session.id} of {session.user}", timeline(session, members)
    for member in members:
        yield f"pods of {member.cluster.name}", asked(member, "get", "pods", "-o", "wide")
        events = asked(member, "get", "events", "--sort-by=.lastTimestamp")
        write(folder / f"{member.cluster.name}-events.txt", events)
        for selector in COMPONENTS:
            _logs(member, selector, folder, seconds)


def timeline(session: Launched, members: Iterable[Member]) -> str:
    """Its record, an event a line; as the first member that answers knows it."""
    for member in members:
        with contextlib.suppress(urllib.error.URLError, TimeoutError):
            return "\n".join(_lines(_record(session, member)))
    return "no controller answers"


def asked(member: Member, *words: object) -> str:
    """What kubectl says, be it an error."""
    try:
        return member.kubectl("--request-timeout=20s", *words)
    except RigError as error:
        return str(error)


def _record(session: Launched, member: Member) -> dict[str, Any]:
    request = urllib.request.Request(f"{member.controller_url}/v1/sessions/{session.id}")
    request.add_header("Authorization", f"Bearer {member.federation.secret}")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return dict(json.load(answer))


def _lines(record: dict[str, Any]) -> Iterator[str]:
    yield f"{record['phase']}, epoch {record['epoch']}, owner {record['owner']}, target {record.get('target')}"
    yield f"plan {(record.get('controller') or {}).get('plan')}"
    begin = record["timeline"][0]["at"] if record["timeline"] else 0.0
    for event in record["timeline"]:
        yield f"{event['at'] - begin:8.1f} {event['event']} {event['detail'] or ''}"


def _logs(member: Member, selector: str, folder: Path, seconds: float) -> None:
    for pod in asked(member, "get", "pods", "-l", selector, "-o", "name").split():
        if pod.startswith("pod/"):
            name = pod.removeprefix("pod/")
            log = asked(member, "logs", pod, "--all-containers", f"--since={seconds:.0f}s", "--timestamps")
            write(folder / f"{member.cluster.name}-{name}.log", log)
