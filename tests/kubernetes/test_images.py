"""The target runs the very image that the session runs; where that is not to be had, the nearest, and says so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from tests.kubernetes.arrivals import assert_lives_only_at, kubectl, moved_to
from tests.kubernetes.launches import Launched, controller, record, until
from tests.rigs.kubernetes.images import image_name
from tests.rigs.kubernetes.member import Member
from tests.rigs.kubernetes.plan import NODES
from tests.rigs.kubernetes.rig import RIG

pytestmark = pytest.mark.kubernetes


@pytest.fixture
async def digest(session) -> str:
    """Of the session's image, as its record knows it."""

    async def known() -> dict[str, str] | None:
        return dict((await record(session))["controller"].get("image") or {})

    image = await until("the record knows the image", known)
    assert image["name"] == image_name("user")
    return str(image["digest"])


@pytest.fixture
def another_build(members, digest) -> Iterator[str]:
    """Cluster `b` has the image under its name, but not this build of it."""
    RIG.ctr(NODES["b1"], "images", "rm", digest)
    yield digest
    RIG.ctr(NODES["b1"], "images", "tag", "--force", image_name("user"), digest)


async def move(session: Launched, members: dict[str, Member]) -> dict:
    await kubectl(members["a"], "delete", "pod", f"jupyter-{session.user}", "--grace-period=30", "--wait=false")
    return await moved_to(session, members["b"])


async def pod_of(session: Launched, member: Member) -> dict:
    return dict(json.loads(await kubectl(member, "get", "pod", f"jupyter-{session.user}", "-o", "json")))


async def test_the_target_is_asked_for_the_digest(members, session, digest):
    await move(session, members)
    pod = await pod_of(session, members["b"])
    assert pod["spec"]["containers"][0]["image"] == digest
    assert pod["status"]["containerStatuses"][0]["imageID"] == digest
    await assert_lives_only_at(session, members["b"], [members["a"]])


async def test_a_member_says_whether_it_has_the_image(members, digest):
    asked = [
        await controller(members["b"], f"/v1/room?{urlencode({'image': image})}")
        for image in (digest, digest[:-9] + "0" * 9)
    ]
    assert [answer["image"] for answer in asked] == [True, False]


async def test_the_nearest_is_taken_and_told(members, session, another_build):
    now = await move(session, members)
    told = [event["detail"] for event in now["timeline"] if event["event"] == "image"]
    assert told == [{"member": "b", "wanted": another_build, "used": image_name("user")}]
    pod = await pod_of(session, members["b"])
    assert pod["spec"]["containers"][0]["image"] == image_name("user")
    await assert_lives_only_at(session, members["b"], [members["a"]])

    async def event() -> bool:
        chosen = f"--field-selector=involvedObject.name=jupyter-{session.user},reason=SessionImage"
        return bool(await kubectl(members["b"], "get", "events", chosen, "-o", "name"))

    await until("kubectl describe pod tells it too", event)
