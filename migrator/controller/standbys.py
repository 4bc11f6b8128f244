"""Starts standbys on this member: a server for a session that is about to move in, answering, and not yet restored.

A hub looks at a new server less and less often until it calls it ready, which can take seconds after the server answers. Nothing
of a move waits for that: the standby itself says when it is ready, and the hub's own launch goes on beside the rest of the move.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from migrator.controller.marks import name_of
from migrator.controller.pods import Pods
from migrator.controller.profiles import profile_wanted, with_profile_options
from migrator.controller.settings import Controller
from migrator.launch.errors import LaunchError
from migrator.launch.hub import Hub
from migrator.serving.client import ServiceError
from migrator.serving.errors import ApiError
from migrator.serving.pace import Pace
from migrator.session import Record, SessionRecords, Target
from migrator.session.sealing import unseal

POLL_S = 0.15
log = logging.getLogger(__name__)


@dataclass
class Standbys:
    """`launches`: what the hub is still busy with, by session."""

    settings: Controller
    secret: bytes
    records: SessionRecords
    hub: Hub
    pods: Pods
    provide: Callable[[Record, Awaitable[None]], Awaitable[None]] | None = None
    """Waits for a standby's launch and sees to its image; None where the hub does all of that."""

    launches: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _turns: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        """The hub's queue, which is not the hub's own: that refuses what is too much for it."""
        self._turns = asyncio.Semaphore(self.settings.launches_at_once)

    async def start(self, record: Record, target: Target, epoch: int) -> str:
        """The address of a standby for this epoch, as soon as it answers. Idempotent.

        Raises:
            LaunchError, TimeoutError: the hub could not start it, or it does not answer.
            ApiError: the move was called off meanwhile.
        """
        launch = self._launching(record, epoch)
        answering = asyncio.create_task(self._answering(record.id, target.server, epoch))
        try:
            await asyncio.wait({launch, answering}, return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                await launch
            return await answering
        finally:
            answering.cancel()

    async def launching(self, record: Record) -> asyncio.Task[None] | None:
        """What ends when the hub has done with the session's server here; None if it has. Another replica may have begun that."""
        launch = self.launches.get(record.id)
        if launch is None and await self._is_pending(record):
            launch = self.launches[record.id] = asyncio.create_task(self._followed(record))
            launch.add_done_callback(lambda done: self._launched(record.id, done))
        return launch

    async def _is_pending(self, record: Record) -> bool:
        try:
            server = await self.hub.server(record.user, name_of(record))
        except LaunchError as error:
            log.warning("the hub does not say whether it still starts the server: %s", error)
            return False
        return server is not None and server.pending == "spawn"

    async def _followed(self, record: Record) -> None:
        async with asyncio.timeout(self.settings.host_timeout_s):
            pace = Pace(POLL_S)
            while await self._is_pending(record):
                await pace.pause()

    def _launching(self, record: Record, epoch: int) -> asyncio.Task[None]:
        task = asyncio.create_task(self._launch_or_stop(record, epoch))
        self.launches[record.id] = task
        task.add_done_callback(lambda done: self._launched(record.id, done))
        return task

    def _launched(self, session: str, launch: asyncio.Task[None]) -> None:
        if self.launches.get(session) is launch:
            del self.launches[session]
        if not launch.cancelled() and launch.exception() is not None:
            log.warning("the hub's launch of session %s failed: %s", session, launch.exception())

    async def _launch_or_stop(self, record: Record, epoch: int) -> None:
        """A move that went elsewhere meanwhile could not stop what the hub was still starting."""
        launch = self._launch(record, epoch)
        await (self.provide(record, launch) if self.provide else launch)
        fresh = await self.records.get(record.id)
        if self.settings.member not in {place.member for place in (fresh.owner, fresh.target) if place is not None}:
            log.warning("the standby of session %s came up when nobody waited for it any more", record.id)
            await self.hub.stop(record.user, self.settings.stop_timeout_s, name_of(record))

    async def _launch(self, record: Record, epoch: int) -> None:
        profile = profile_wanted(record)
        wanted = {"session": record.id, "epoch": epoch, **({"profile": profile} if profile else {})}
        name = name_of(record)
        async with self._turns:
            await self._require_target(record.id, epoch)
            running = await self.hub.server(record.user, name)
            ours = running is not None and running.user_options.get("migrator") == wanted
            if running is not None and ours and running.ready:
                return
            if running is not None and not (ours and running.pending == "spawn"):
                await self.hub.stop(record.user, self.settings.stop_timeout_s, name)
            launch = unseal(self.secret, record.id, record.sealed).user_options
            options = with_profile_options(self.settings.profiles, record, launch)
            await self.hub.start(record.user, {**options, "migrator": wanted}, self.settings.host_timeout_s, name)

    async def _require_target(self, session: str, epoch: int) -> Target:
        """Where the session moves to under this epoch. ApiError if it does not any more, or not to this member."""
        record = await self.records.get(session)
        target = record.target
        if target is None or target.member != self.settings.member or record.epoch + 1 != epoch:
            raise ApiError(409, "phase", f"the move of session {session} was called off")
        return target

    async def _answering(self, session: str, server: str, epoch: int) -> str:
        async with asyncio.timeout(self.settings.host_timeout_s):
            address, pace = await self._reported_address(session, epoch), Pace(POLL_S)
            while not await self._stands(session, epoch, address, server):
                await pace.pause()
            return address

    async def _reported_address(self, session: str, epoch: int) -> str:
        pace = Pace(POLL_S)
        while True:
            if address := (await self._require_target(session, epoch)).address:
                return address
            await pace.pause()

    async def _stands(self, session: str, epoch: int, address: str, server: str) -> bool:
        try:
            status = await self.pods.pod(session, epoch, address, server).status()
        except ServiceError as error:
            log.debug("the standby does not answer yet: %s", error)
            return False
        return bool(status.get("state") == "standby")
