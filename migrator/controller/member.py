"""This member's part in a session's life: start a standby, and bring hub and proxy in line with the record.

`tend` is the only thing that changes routes and stops servers here. It reads what should be from the record alone, so that it
can be called at any time, by anybody, any number of times.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from migrator.controller.index import Index
from migrator.controller.marks import doors_of, name_of, plan_of, server_of, without_door
from migrator.controller.needs import Needs
from migrator.controller.places import GONE, HERE, Places
from migrator.controller.pods import Pods
from migrator.controller.settings import Controller
from migrator.controller.standbys import Standbys
from migrator.launch.errors import LaunchError
from migrator.launch.hub import Hub
from migrator.routing.errors import RoutingError
from migrator.routing.proxy import Route
from migrator.routing.switch import Switch
from migrator.serving.client import ServiceError
from migrator.serving.errors import ApiError, Unavailable
from migrator.session import Record, SessionError, SessionRecords, phases
from migrator.storage.errors import StorageError

LIVE = ("starting", "active", "moving")
log = logging.getLogger(__name__)


@dataclass
class Member:
    """The member of this controller; `switch` is None where routes are left alone."""

    settings: Controller
    records: SessionRecords
    index: Index
    hub: Hub
    switch: Switch | None
    pods: Pods
    standbys: Standbys
    places: Places
    ended: Callable[[str, str], Awaitable[bool]] | None = None
    """Whether the processes of a session's server at an address have ended; None where the hub starts and ends them itself."""

    has_image_here: Callable[[str], Awaitable[bool]] | None = None
    """Whether one of the machines has an image; None where that is nobody's business but the hub's."""

    room_for: Callable[[Needs], int | None] | None = None
    """For how many sessions of a size the machines have room; None where that is nobody's business but the hub's."""

    _beside: set[asyncio.Task[None]] = field(default_factory=set)

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
        await self._keep_pages_away(record)
        return {"address": await self.standbys.start(record, target, epoch), "server": target.server}

    async def close(self) -> None:
        """End what goes on beside the calls; the next life finds it as it is."""
        tasks = {*self._beside, *self.standbys.launches.values()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def tend(self, record: Record) -> bool:
        """Routes and servers here as the record wants them; True if no server of this session runs here any more."""
        if self.places.is_about_to_die(record):
            if self.switch:
                await self.switch.shield(record.id, server_of(record), self.places.holding_url)
            return False
        place = self.places.place(record)
        if place is None:
            return await self._stop_stray(record)
        if place == HERE:
            if self.switch:
                await self._release(record)
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

    async def hold(self, record: Record) -> bool:
        """Whatever the hub does with its own route: pages go where the session is, or wait. False if it lives or ends here."""
        refuge = self.places.refuge(record)
        if self.switch is None or refuge is None:
            return False
        await self.switch.shield(record.id, server_of(record), refuge)
        return True

    async def hold_in_doubt(self, record: Record) -> bool:
        """The hub has found its server dead: pages wait until the watcher has had the time to see whether it is."""
        if self.switch is None:
            return False
        await self.switch.shield(record.id, server_of(record), self.places.holding_url)
        self._go_on_beside(self._tend_after_doubt(record.id))
        return True

    def is_in_line(self, record: Record, routes: dict[str, Route]) -> bool:
        """Whether by these routes pages of a session that is not here go where they should; nothing has to be asked for that."""
        place = self.places.place(record)
        if self.switch is None or place is None or place in {HERE, GONE}:
            return False
        return self.switch.leads(routes, record.id, server_of(record), place)

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

    async def _release(self, record: Record) -> None:
        """The hub's own route is the way; while the hub still waits for the server, pages go there past it."""
        if self.switch is None:
            return
        launch, server, at = await self.standbys.launching(record), server_of(record), time.time()
        if launch is not None and record.owner is not None and record.owner.address:
            await self.switch.shield(record.id, server, record.owner.address)
            if self.name in doors_of(record):
                await self._note_switch(record, at)
            self._go_on_beside(self._release_after(launch, record))
        elif await self.switch.release(record.id, server):
            await self._note_switch(record, at)

    def _go_on_beside(self, work: Coroutine[Any, Any, None]) -> None:
        self._beside.add(task := asyncio.create_task(work))
        task.add_done_callback(self._beside.discard)

    async def _tend_after_doubt(self, session: str) -> None:
        await asyncio.sleep(self.settings.probe_s * (self.settings.dead_after + 2))
        try:
            await self.tend(await self.records.get(session))
        except (StorageError, SessionError, RoutingError, LaunchError) as error:
            log.warning("pages wait for session %s, which may live: %s", session, error)

    async def _release_after(self, launch: asyncio.Task[None], record: Record) -> None:
        await asyncio.wait({launch})
        try:
            fresh = await self.records.get(record.id)
            if self.switch is not None and self.places.place(fresh) == HERE:
                await self.switch.release(record.id, server_of(record))
        except (StorageError, SessionError, RoutingError) as error:
            log.warning("pages go on past the hub's own route: %s", error)

    async def _note_switch(self, record: Record, at: float) -> None:
        """From this moment on pages that come in here reach the session; the note is worth no delay and no failure."""
        try:
            changed = await self.records.update(
                record.id, lambda fresh: phases.noted(fresh, "switched", {"member": self.name}, at=at)
            )
        except (StorageError, SessionError) as error:
            log.warning("the switch of the route is not noted: %s", error)
        else:
            self.index.put(changed)

    async def _lead_away(self, record: Record, place: str) -> None:
        async def stop_server() -> None:
            await self.hub.stop(record.user, self.settings.stop_timeout_s, name_of(record))
            if self.settings.delete_users and not name_of(record):
                await self.hub.delete_user(record.user)

        async def switched() -> None:
            await self._say_goodbye(record)
            if place != self.places.holding_url:
                await self._note_switch(record, at)

        at = time.time()
        if self.switch is None:
            await self._say_goodbye(record)
            await stop_server()
        elif place == GONE:
            await self._say_goodbye(record)
            await stop_server()
            await self.switch.release(record.id, server_of(record))
            await self._shut_door(record)
        else:
            await self.switch.take(record.id, server_of(record), place, switched=switched, stop_server=stop_server)

    async def _shut_door(self, record: Record) -> None:
        """Nothing is left here of a session that has ended: it need not be looked after any more."""
        if self.name in doors_of(record):
            self.index.put(await self.records.update(record.id, lambda fresh: without_door(fresh, self.name)))

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

    async def _keep_pages_away(self, record: Record) -> None:
        """A standby's route must not show it to pages that come in here before it is restored."""
        if self.switch is None or self.name not in doors_of(record):
            return
        owner = record.owner
        place = self.places.where(record, owner) if owner is not None else None
        await self.switch.shield(record.id, server_of(record), place or self.places.holding_url)

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
