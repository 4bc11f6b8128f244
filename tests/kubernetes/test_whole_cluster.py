"""A whole cluster dies. Its own file, and the last one: the cluster has to be put together again afterwards."""

from __future__ import annotations

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse

from tests.kubernetes.arrivals import moved_to
from tests.kubernetes.launches import run_cell, status
from tests.kubernetes.outages import no_cluster

pytestmark = pytest.mark.kubernetes


async def at_front_door(link: str, method: str = "GET") -> HTTPResponse:
    """What the redirector answers to a browser that has the session's link."""
    body = "" if method == "POST" else None
    request = HTTPRequest(link, method=method, body=body, follow_redirects=False, request_timeout=60)
    return await AsyncHTTPClient().fetch(request, raise_error=False)


async def test_a_whole_cluster_dies(members, session):
    """Its sessions resume elsewhere from their last durable snapshot, when their user asks for them at the redirector."""
    link = (await status(session))["resume"]
    async with no_cluster(members["a"]):
        assert b"does not answer" in (await at_front_door(link)).body
        assert (await at_front_door(link, "POST")).code == 303
        await moved_to(session, members["b"])
        entered = await at_front_door(link)
        assert entered.code == 302
        assert entered.headers["Location"].startswith(session.url(members["b"]))
        assert await run_cell(session, "print(len(numbers))", member=members["b"]) == "1000\n"
