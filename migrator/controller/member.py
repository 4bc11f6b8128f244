"""This member's part in a session's life: start a standby, and bring hub and proxy in line with the record.

`tend` alone stops servers here, and leads pages to where a session is. It reads what should be from the record alone, so that it
can be called at any time, by anybody, any number of times.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from migrator.controller.doors import Doors
from migrator.controller.index import Index
from migrator.controller.marks import name_of, plan_of
from migrator.controller.needs import Needs
from migrator.controller.places import GONE, HERE, Places
from migrator.controller.pods import Pods
from migrator.controller.settings import Controller
from migrator.controller.standbys import Standbys
from migrator.launch.hub import Hub
from migrator.serving.client import ServiceError
from migrator.serving.errors import ApiError, Unavailable
from migrator.session import Record, SessionRecords

LIVE = ("starting", "active", "moving")
log = logging.getLogger(__name__)


@dataclass
class Member:
    """The member of this controller: its hub, and its doors."""

    settings: Controller
    records: SessionRecords
    index: Index
    hub: Hub
    pods: Pods
    standbys: Standbys
    places: Places
    doors: Doors
    ended: Callable[[str, str], Awaitable[bool]] | None = None
    """Whether the processes of a session's server at an address have ended; None where the hub starts and ends them itself."""

    has_image_here: Callable[[str], Awaitable[bool]] | None = None
    """Whether one of the machines has an image; None where that is nobody's business but the hub's."""

    room_for: Callable[[Needs], int | None] | None = None
    """For how many sessions of a size the machines have room; None where that is nobody's business but the hub's."""

    def free(self) -> int | None:
        """Places for sessions; None if only the hub sets limits."""
        if not self.settings.max_sessions:
            return None
        here = [r for r in self.index.all() if r.phase in LIVE and r.owner is not None and r.owner.member == self.name]
        return max(0, self.settings.max_sessions - len(here))

    def fits(self, needs: Needs) -> int | None:
        """For so many sessions of this size there is room now; None if that is not known."""
        return self.room_for(needs) if self.room_for else None

    @property
    def name(self) -> str:
        """Its name in the federation."""
        return self.settings.member

    async def host(self, session: str, epoch: int) -> dict[str, str]:
        """A standby for the move under way: started, answering, and not yet restored. Idempotent."""
        record = await self.records.get(session)
        target = record.target
        if record.phase != "moving" or target is None or target.member != self.name or epoch != record.epoch + 1:
            raise ApiError(409, "phase", f"session {session} is not moving here under epoch {epoch}")
        if self.free() == 0:
            raise Unavailable("no_room", f"member {self.name} takes no more sessions")
        await self._require_free_name(record)
        await self.doors.keep_away(record)
        return {"address": await self.standbys.start(record, target, epoch), "server": target.server}

    async def close(self) -> None:
        """End what goes on beside the calls; the next life finds it as it is."""
        await self.doors.close()
        tasks = list(self.standbys.launches.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def tend(self, record: Record) -> bool:
        """Routes and servers here as the record wants them; True if no server of this session runs here any more."""
        if self.places.is_about_to_die(record):
            await self.doors.hold_the_dying(record)
            return False
        place = self.places.place(record)
        if place is None:
            return await self._stop_stray(record)
        if place == HERE:
            await self.doors.let_in(record)
            return False
        await self._lead_away(record, place)
        return await self.hub.server(record.user, name_of(record)) is None

    async def has_image(self, image: str) -> bool:
        """Whether a session of this image starts here without pulling it."""
        return not image or self.has_image_here is None or await self.has_image_here(image)

    async def is_dead(self, record: Record) -> bool:
        """Whether the processes of a server that the hub calls stopped have certainly ended."""
        owner = record.owner
        if self.ended is None or owner is None or owner.member != self.name:
            return True
        return owner.address is not None and await self.ended(record.id, owner.address)

    async def _stop_stray(self, record: Record) -> bool:
        """A standby that was given up must not go on running."""
        involved = record.owner is not None and record.owner.member == self.name
        if involved or self.places.is_target(record) or (self.places.was_source(record) and record.phase == "moving"):
            return False
        running = await self.hub.server(record.user, name_of(record))
        stray = running is not None and (running.user_options.get("migrator") or {}).get("session") == record.id
        if stray:
            await self.hub.stop(record.user, self.settings.stop_timeout_s, name_of(record))
        return True

    async def _lead_away(self, record: Record, place: str) -> None:
        async def stop_server() -> None:
            await self.hub.stop(record.user, self.settings.stop_timeout_s, name_of(record))
            if self.settings.delete_users and not name_of(record):
                await self.hub.delete_user(record.user)

        if self.doors.switch is None or place == GONE:
            await self._say_goodbye(record)
            await stop_server()
        if place == GONE:
            await self.doors.shut(record)
        else:
            await self.doors.lead_away(record, place, say_goodbye=self._say_goodbye, stop_server=stop_server)

    async def _say_goodbye(self, record: Record) -> None:
        """Have the source tell its page: that is faster than waiting until its connections break."""
        plan = plan_of(record)
        source = plan.source_owner if plan else None
        if plan is None or source is None or source.member != self.name or not source.address or plan.way == "lost":
            return
        try:
            await self.pods.pod(record.id, plan.source_epoch, source.address, source.server).stop()
        except ServiceError as error:
            log.info("the source could not say goodbye: %s", error)

    async def _require_free_name(self, record: Record) -> None:
        """One hub cannot run two servers of one name: the source must have ended before its standby starts here."""
        owned = record.owner is not None and record.owner.member == self.name
        if not (owned or self._others_of_this_name(record)):
            return
        if await self.hub.server(record.user, name_of(record)) is None:
            return
        whose = "the session's server still runs" if owned else "another session of this user runs"
        raise Unavailable("no_room", f"{whose} on this hub; choose another member")

    def _others_of_this_name(self, record: Record) -> bool:
        """Whether a server of the same name may be another session's, which nobody asked to end."""
        return any(
            each.id != record.id
            and (each.user, name_of(each)) == (record.user, name_of(record))
            and each.phase in LIVE
            and each.owner is not None
            and each.owner.member == self.name
            for each in self.index.all()
        )
