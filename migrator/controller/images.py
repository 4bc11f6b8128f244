"""The same image at the target: by its digest, since a name may mean another build there, or tomorrow.

What the session runs is read from its pod. A standby is started with that digest (the hub's part of the chart puts it into the pod, last
of all). Where it is not to be had, the standby gets the build that the launch's name stands for there, and the
timeline and the pod's events say so; or, with `same_image_only`, it is refused.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from urllib.parse import quote

from migrator.controller.marks import image_of, with_image, with_needs
from migrator.controller.needs import needs_of
from migrator.controller.tools import Tools
from migrator.launch.errors import NoImage
from migrator.notice.kubernetes_api import KubernetesApi, KubernetesError
from migrator.notice.kubernetes_pods import KubernetesObject, session_of
from migrator.session import Record, phases

LOOK_S = 0.5
LOOK_AT_NODES_S = 10.0
CHANGE_S = 15.0  # so long a pod may still tell of the image that it had before
STRATEGIC = "application/strategic-merge-patch+json"
MISSING = {"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError"}
log = logging.getLogger(__name__)


class Images:
    """`pods` gives the pods of a session that are here now."""

    def __init__(self, api: KubernetesApi, tools: Tools, pods: Callable[[str], list[KubernetesObject]]) -> None:
        self._api = api
        self._tools = tools
        self._pods = pods
        self._noted: set[str] = set()
        self._here: set[str] = set()
        self._looked = float("-inf")

    async def seen(self, pod: KubernetesObject) -> None:
        """Note in its record what a session runs, and what that asks for, once it is known."""
        session, image, uid = session_of(pod), running_image(pod), pod["metadata"]["uid"]
        if session is None or not image or uid in self._noted:
            return
        record = await self._tools.records.get(session)
        if record.owner is None or record.owner.member != self._tools.settings.member:
            return  # a standby, that may yet become its place
        known = _noted(record, pod, image)
        if known != record:
            await self._tools.update(session, lambda fresh: _noted(fresh, pod, image))
        self._noted.add(uid)

    async def is_here(self, image: str) -> bool:
        """Whether a node has the image. A node names its largest images only: a no may be wrong, and only makes a worse choice."""
        if time.monotonic() - self._looked > LOOK_AT_NODES_S:
            try:
                nodes = (await self._api.call("GET", "/api/v1/nodes"))["items"]
            except KubernetesError as error:
                log.warning("nobody knows which images are here: %s", error)
                return True
            self._here, self._looked = {name for node in nodes for name in _images_on(node)}, time.monotonic()
        return image in self._here

    async def provide(self, record: Record, launch: Awaitable[None]) -> None:
        """Wait for a standby's launch, and give it the nearest image if its own is not to be had.

        Raises:
            NoImage: neither is, or the nearest is not wanted. And whatever the launch raises.
        """
        launching = asyncio.ensure_future(launch)
        watching = asyncio.create_task(self._watch(record))
        try:
            done, _ = await asyncio.wait({launching, watching}, return_when=asyncio.FIRST_COMPLETED)
            await (launching if launching in done else watching)
        finally:
            launching.cancel()
            watching.cancel()
            await asyncio.gather(launching, watching, return_exceptions=True)

    async def _watch(self, record: Record) -> None:
        """Never ends well: only the launch does."""
        known, replaced = image_of(record), float("-inf")
        while True:
            for pod in self._pods(record.id):
                wanted = str(pod["spec"]["containers"][0]["image"])
                if not is_missing(pod) or time.monotonic() - replaced < CHANGE_S:
                    continue
                if known is None or wanted != known["digest"] or self._tools.settings.same_image_only:
                    raise NoImage(f"the image {wanted} is not to be had on {self._tools.settings.member}")
                await self._replace(pod, known["name"])
                await self._note(record.id, wanted, known["name"])
                replaced = time.monotonic()
            await asyncio.sleep(LOOK_S)

    async def _replace(self, pod: KubernetesObject, image: str) -> None:
        """The kubelet tries the new one at once; a pod's image is one of the few things that may be changed."""
        metadata = pod["metadata"]
        log.warning("%s gets the image %s in place of its digest", metadata["name"], image)
        path = f"/api/v1/namespaces/{quote(metadata['namespace'])}/pods/{quote(metadata['name'])}"
        containers = [{"name": pod["spec"]["containers"][0]["name"], "image": image}]
        changed = {"metadata": {"uid": metadata["uid"]}, "spec": {"containers": containers}}
        pod.update(await self._api.call("PATCH", path, changed, kind=STRATEGIC))

    async def _note(self, session: str, wanted: str, used: str) -> None:
        detail: dict[str, Any] = {"member": self._tools.settings.member, "wanted": wanted, "used": used}
        await self._tools.update(session, lambda fresh: phases.noted(fresh, "image", detail))


def _noted(record: Record, pod: KubernetesObject, image: str) -> Record:
    """The image is the one that the session began with; what it asks for may change, with the kind of machine."""
    if image_of(record) is None:
        record = with_image(record, str(pod["spec"]["containers"][0]["image"]), image)
    return with_needs(record, needs_of(pod))


def _images_on(node: KubernetesObject) -> Iterator[str]:
    """Names and digests of the images of a node that takes pods."""
    if not (node.get("spec") or {}).get("unschedulable"):
        for image in (node.get("status") or {}).get("images") or []:
            yield from image.get("names") or []


def running_image(pod: KubernetesObject) -> str:
    """The image of the session's container as `repository@sha256:...`; empty while it is not known, or has no digest."""
    name = pod["spec"]["containers"][0]["name"]
    for container in (pod.get("status") or {}).get("containerStatuses") or []:
        image = str(container.get("imageID") or "").removeprefix("docker-pullable://")
        if container["name"] == name and "@sha256:" in image and "running" in (container.get("state") or {}):
            return image
    return ""


def is_missing(pod: KubernetesObject) -> bool:
    """Whether the session's container waits for an image that is not to be had."""
    name, image = (pod["spec"]["containers"][0][key] for key in ("name", "image"))
    for container in (pod.get("status") or {}).get("containerStatuses") or []:
        if container["name"] == name and container.get("image", image) == image:
            return ((container.get("state") or {}).get("waiting") or {}).get("reason") in MISSING
    return False
