"""Where a session is, as its record and its clusters tell, and the wait until it has arrived there."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.kubernetes.launches import Launched, record, run_cell, status, until
from tests.rigs.kubernetes.member import Member


async def kubectl(member: Member, *words: object) -> str:
    """Run kubectl in the member's namespace, without keeping the loop."""
    return await asyncio.to_thread(member.kubectl, *words)


async def moved_to(session: Launched, member: Member) -> dict[str, Any]:
    """The session's record once it lives there and pages are led there."""

    async def there() -> dict[str, Any] | None:
        now = await record(session, member)
        owner = now["owner"] or {}
        last = [event["event"] for event in now["timeline"] if event["event"] in {"fenced", "routed"}][-1:]
        routed = last == ["routed"]
        return now if owner.get("member") == member.cluster.name and now["phase"] == "active" and routed else None

    return dict(await until(f"session {session.id} on {member.cluster.name}", there))


async def settled(session: Launched, member: Member) -> dict[str, Any]:
    """The session's record once it has moved, wherever to, and no move of it is under way; `member` is asked."""

    async def at_rest() -> dict[str, Any] | None:
        now = await record(session, member)
        plan = (now.get("controller") or {}).get("plan")
        return now if now["phase"] == "active" and now["epoch"] > 1 and plan is None else None

    return dict(await until(f"session {session.id} at rest", at_rest))


async def pods_of(session: Launched, member: Member) -> list[str]:
    """The session's pods at a member."""
    found = await kubectl(member, "get", "pods", "-l", f"session-migrator/session={session.id}", "-o", "name")
    return found.split()


async def node_of(session: Launched, members: dict[str, Member]) -> str:
    """The one node where a pod of the session runs."""
    words = ("get", "pods", "-l", f"session-migrator/session={session.id}", "-o", "jsonpath={.items[*].spec.nodeName}")
    found = " ".join([await kubectl(member, *words) for member in members.values()]).split()
    assert len(found) == 1, f"the session runs on {found}"
    return found[0]


async def assert_lives_only_at(session: Launched, member: Member, others: list[Member]) -> None:
    """It has its state, counts on, is reached at its old URL too, and no other hub runs it."""
    assert await run_cell(session, "numbers.append('more'); print(len(numbers))", member=member) == "1001\n"
    for other in others:
        assert await run_cell(session, "print(numbers[-1])", member=other) == "more\n"
        assert await pods_of(session, other) == [], "a second copy of the session runs"
    now = await status(session, member)
    assert now["state"] == "running"
    assert [row["lost"] for row in now["report"]["kernels"]] == [[]], (
        "its report names what it lost, and that is nothing"
    )
