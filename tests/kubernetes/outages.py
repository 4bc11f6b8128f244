"""What the members lean on goes away, and is back afterwards whatever became of the test."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from tests.rigs.kubernetes.kubectl import api_answers
from tests.rigs.kubernetes.member import Member
from tests.rigs.kubernetes.plan import ClusterPlan
from tests.rigs.kubernetes.process import wait_for
from tests.rigs.kubernetes.rig import RIG, recover_node
from tests.rigs.kubernetes.store import start_store, stop_store

OUTAGE_S = 30.0


@contextlib.asynccontextmanager
async def no_bucket() -> AsyncIterator[None]:
    """S3 is away."""
    await asyncio.to_thread(stop_store)
    try:
        yield
    finally:
        await asyncio.to_thread(start_store)


@contextlib.asynccontextmanager
async def no_api_server(cluster: ClusterPlan) -> AsyncIterator[None]:
    """The cluster's API server is away; its nodes run on."""
    await asyncio.to_thread(RIG.stop_api_server, cluster)
    try:
        yield
    finally:
        await asyncio.to_thread(RIG.start_api_server, cluster)
        await asyncio.to_thread(wait_for, "API server", lambda: api_answers(cluster))


@contextlib.asynccontextmanager
async def no_cluster(member: Member) -> AsyncIterator[None]:
    """All of a member's machines are gone at once."""
    nodes = member.cluster.nodes
    await asyncio.gather(*(asyncio.to_thread(RIG.kill_node, node) for node in nodes))
    try:
        async with no_api_server(member.cluster):
            yield
    finally:
        await asyncio.gather(*(asyncio.to_thread(recover_node, node) for node in nodes))
        await asyncio.to_thread(member.install)
