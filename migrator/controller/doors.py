"""Where this member's proxy leads the pages that come in here: to the session, past its own hub if need be, or where they wait.

All of it follows from a session's record, and each step can be repeated.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from migrator.controller.index import Index
from migrator.controller.marks import doors_of, server_of, without_door
from migrator.controller.places import GONE, HERE, Places
from migrator.controller.settings import Controller
from migrator.controller.standbys import Standbys
from migrator.routing.errors import RoutingError
from migrator.routing.proxy import Route
from migrator.routing.switch import Switch
from migrator.session import Record, SessionError, SessionRecords, phases
from migrator.storage.errors import StorageError

log = logging.getLogger(__name__)


@dataclass
class Doors:
    """`switch` is None where routes are left alone: then nothing here does anything. All that asks the proxy raises RoutingError."""

    settings: Controller
    records: SessionRecords
    index: Index
    places: Places
    standbys: Standbys
    switch: Switch | None
    disowned: Callable[[Record], Awaitable[bool]] | None = None
    """Whether the hub has given up a server that lives, so that its own route leads nowhere."""

    _later: set[asyncio.Task[None]] = field(default_factory=set)

    async def hold(self, record: Record) -> bool:
        """Whatever the hub does with its own route: pages go where the session is, or wait. False if it lives or ends here."""
        return await self._shield(record, self.places.refuge(record))

    async def hold_the_dying(self, record: Record) -> bool:
        """Its machine goes: pages wait, and none sees how the hub finds the server dead."""
        return await self._shield(record, self.places.holding_url)

    async def hold_in_doubt(self, record: Record) -> bool:
        """The hub has found its server dead: pages wait until the watcher has had the time to see whether it is."""
        if not await self._shield(record, self.places.holding_url):
            return False
        looks = self.settings.dead_after + 2
        self._release_after(partial(asyncio.sleep, self.settings.probe_s * looks), record)
        return True

    async def keep_away(self, record: Record) -> None:
        """A standby's route must not show it to pages that come in here before it is restored."""
        if self.settings.member in doors_of(record):
            place = self.places.where(record, record.owner) if record.owner is not None else None
            await self._shield(record, place or self.places.holding_url)

    async def let_in(self, record: Record) -> None:
        """The hub's own route is the way; while the hub still waits for the server, pages go there past it."""
        if self.switch is None:
            return
        launch, at = await self.standbys.launching(record), time.time()
        if launch is not None and record.owner is not None and record.owner.address:
            await self._shield(record, record.owner.address)
            if self.settings.member in doors_of(record):
                await self._note_switch(record, at)
            self._release_after(partial(asyncio.wait, {launch}), record)
        elif not await self._lead_past_hub(record) and await self.switch.release(record.id, server_of(record)):
            await self._note_switch(record, at)

    async def lead_away(
        self,
        record: Record,
        place: str,
        *,
        say_goodbye: Callable[[Record], Awaitable[None]],
        stop_server: Callable[[], Awaitable[None]],
    ) -> None:
        """The way leads to `place`; pages that are here hear of it, and then the hub's server of this name ends."""
        at = time.time()

        async def switched() -> None:
            await say_goodbye(record)
            if place != self.places.holding_url:
                await self._note_switch(record, at)

        if self.switch is not None:
            await self.switch.take(record.id, server_of(record), place, switched=switched, stop_server=stop_server)

    async def shut(self, record: Record) -> None:
        """Nothing is left here of a session that has ended: it need not be looked after any more."""
        if self.switch is None:
            return
        await self.switch.release(record.id, server_of(record))
        if self.settings.member in doors_of(record):
            self.index.put(
                await self.records.update(record.id, lambda fresh: without_door(fresh, self.settings.member))
            )

    async def routes(self) -> dict[str, Route]:
        """All of the proxy's, for `is_in_line`."""
        return await self.switch.routes() if self.switch else {}

    def is_in_line(self, record: Record, routes: dict[str, Route]) -> bool:
        """Whether by these routes pages of a session that is not here go where they should; nothing has to be asked for that."""
        place = self.places.place(record)
        if self.switch is None or place is None or place in {HERE, GONE}:
            return False
        return self.switch.leads(routes, record.id, server_of(record), place)

    async def close(self) -> None:
        """End what goes on beside the calls; the next life finds it as it is."""
        for task in self._later:
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)

    async def _shield(self, record: Record, place: str | None) -> bool:
        if self.switch is None or place is None:
            return False
        await self.switch.shield(record.id, server_of(record), place)
        return True

    def _release_after(self, wait: Callable[[], Awaitable[object]], record: Record) -> None:
        self._later.add(task := asyncio.create_task(self._release(wait, record)))
        task.add_done_callback(self._later.discard)

    async def _release(self, wait: Callable[[], Awaitable[object]], record: Record) -> None:
        await wait()
        try:
            fresh = await self.records.get(record.id)
            if self.switch is None or self.places.place(fresh) != HERE:
                return
            if not await self._lead_past_hub(fresh):
                await self.switch.release(record.id, server_of(record))
        except (StorageError, SessionError, RoutingError) as error:
            log.warning("pages do not go by the hub's own route yet: %s", error)

    async def _lead_past_hub(self, record: Record) -> bool:
        """Straight to a server that lives and that its hub has given up; False where the hub's own route leads to it."""
        if self.disowned is None or record.owner is None or not await self.disowned(record):
            return False
        return await self._shield(record, record.owner.address)

    async def _note_switch(self, record: Record, at: float) -> None:
        """From this moment on pages that come in here reach the session; the note is worth no delay and no failure."""
        noted = {"member": self.settings.member}
        try:
            changed = await self.records.update(record.id, lambda fresh: phases.noted(fresh, "switched", noted, at=at))
        except (StorageError, SessionError) as error:
            log.warning("the switch of the route is not noted: %s", error)
        else:
            self.index.put(changed)
