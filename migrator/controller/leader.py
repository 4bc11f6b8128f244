"""One controller of a member works, the others wait: leader election by a Kubernetes Lease.

As client-go does it (https://pkg.go.dev/k8s.io/client-go/tools/leaderelection): the holder renews; a rival takes over only when
it has seen no renewal for the lease's whole duration by its own clock, so clocks need not agree. The session records would
survive two leaders (each change is a compare-and-swap), so the lease saves work rather than guarding the truth.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from migrator.notice.kubernetes_api import KubernetesApi, KubernetesError

log = logging.getLogger(__name__)

Work = Callable[[], Awaitable[None]]
CONFLICT, NOT_FOUND = 409, 404


class Leader:
    """A candidate for a Lease; `run` works only while it holds it."""

    def __init__(
        self,
        api: KubernetesApi,
        namespace: str,
        name: str,
        identity: str,
        *,
        duration_s: float = 15.0,
        renew_s: float = 3.0,
    ) -> None:
        self._api = api
        self._folder = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
        self._name = name
        self._identity = identity
        self._duration = duration_s
        self._renew = renew_s
        self._seen: tuple[str, float] = ("", 0.0)  # the lease's version, and when it was first seen

    async def run(self, work: Work) -> None:
        """Wait for the lease, work while it is ours, and begin again when it is lost; until cancelled."""
        while True:
            if await self._try(self._acquire):
                log.info("leading: %s holds the lease %s", self._identity, self._name)
                await self._lead(work)
            await asyncio.sleep(self._renew)

    async def release(self) -> None:
        """Give the lease up, so that another need not wait for its end."""
        lease = await self._read()
        if lease is not None and lease["spec"].get("holderIdentity") == self._identity:
            await self._write(lease, holder="")

    async def _lead(self, work: Work) -> None:
        task = asyncio.ensure_future(work())
        try:
            await self._hold(task)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        log.warning("no longer leading: %s lost the lease %s", self._identity, self._name)

    async def _hold(self, task: asyncio.Future[None]) -> None:
        """Renew until that has failed for two thirds of the duration: before a rival may begin, this one has stopped."""
        renewed = time.monotonic()
        while time.monotonic() - renewed < self._duration * 2 / 3:
            await asyncio.wait({task}, timeout=self._renew)
            if task.done():
                task.result()
                return
            started = time.monotonic()
            if await self._try(self._acquire):
                renewed = started

    async def _acquire(self) -> bool:
        """Take or renew the lease; False while another holds it."""
        lease = await self._read()
        if lease is None:
            await self._create()
            return True
        holder = lease["spec"].get("holderIdentity") or ""
        if holder not in {"", self._identity} and not self._expired(lease):
            return False
        await self._write(lease, holder=self._identity)
        return True

    async def _try(self, step: Callable[[], Awaitable[bool]]) -> bool:
        try:
            async with asyncio.timeout(self._duration / 3):
                return await step()
        except KubernetesError as error:
            if error.status != CONFLICT:  # a rival was quicker: nothing is wrong
                log.warning("the lease %s: %s", self._name, error)
        except TimeoutError:
            log.warning("the lease %s: the Kubernetes API does not answer in time", self._name)
        return False

    def _expired(self, lease: dict[str, Any]) -> bool:
        version, now = lease["metadata"]["resourceVersion"], time.monotonic()
        if version != self._seen[0]:
            self._seen = (version, now)
        return now - self._seen[1] > float(lease["spec"].get("leaseDurationSeconds") or self._duration)

    async def _read(self) -> dict[str, Any] | None:
        try:
            lease: dict[str, Any] = await self._api.call("GET", f"{self._folder}/{self._name}")
        except KubernetesError as error:
            if error.status == NOT_FOUND:
                return None
            raise
        return lease

    async def _create(self) -> None:
        spec = self._spec({}, self._identity)
        body = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": self._name}, "spec": spec}
        await self._api.call("POST", self._folder, body)

    async def _write(self, lease: dict[str, Any], holder: str) -> None:
        """Put the lease back as it was read: the API refuses (409) if somebody changed it since."""
        await self._api.call("PUT", f"{self._folder}/{self._name}", lease | {"spec": self._spec(lease["spec"], holder)})

    def _spec(self, former: dict[str, Any], holder: str) -> dict[str, Any]:
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        changed = former.get("holderIdentity") != holder
        return {
            "holderIdentity": holder,
            "leaseDurationSeconds": int(self._duration),
            "renewTime": now,
            "acquireTime": now if changed else former.get("acquireTime", now),
            "leaseTransitions": int(former.get("leaseTransitions") or 0) + changed,
        }
