"""A whole cluster dies. Its own file, and the last one: the cluster has to be put together again afterwards."""

from __future__ import annotations

import asyncio

import pytest

from tests.kubernetes.arrivals import moved_to
from tests.kubernetes.launches import controller, run_cell
from tests.rigs.kubernetes.cluster import start_api_server, stop_api_server
from tests.rigs.kubernetes.node import kill_node
from tests.rigs.kubernetes.process import wait_for
from tests.rigs.kubernetes.rig import api_answers, recover_node

pytestmark = pytest.mark.kubernetes


async def test_a_whole_cluster_dies(members, session):
    """Its sessions resume elsewhere from their last durable snapshot, when their user asks for them."""
    cluster = members["a"].cluster
    for node in cluster.nodes:
        await asyncio.to_thread(kill_node, node)
    await asyncio.to_thread(stop_api_server, cluster)
    try:
        await controller(members["b"], f"/v1/sessions/{session.id}/resume", method="POST", body={})
        await moved_to(session, members["b"])
        assert await run_cell(session, "print(len(numbers))", member=members["b"]) == "1000\n"
    finally:
        await asyncio.to_thread(start_api_server, cluster)
        await asyncio.to_thread(wait_for, "API server", lambda: api_answers(cluster))
        await asyncio.gather(*(asyncio.to_thread(recover_node, node) for node in cluster.nodes))
        await asyncio.to_thread(members["a"].install)
