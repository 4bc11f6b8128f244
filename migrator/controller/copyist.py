"""Writes the state of a copy: its objects under its own key, since no pod may read another session's.

That takes a while, and any controller of the member may be asked meanwhile how far it is. So it is told in the record: who
makes a copy signs it all the time, and one that was not signed for long has lost its maker.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

from migrator.controller.index import Index
from migrator.serving.errors import ApiError
from migrator.serving.logs import about
from migrator.session import PhaseError, Record, SessionError, SessionRecords, phases
from migrator.session.copying import copy_snapshot
from migrator.session.sealing import unseal
from migrator.snapshot import SessionKeys, SnapshotError, open_snapshot
from migrator.storage.errors import StorageError

SIGN_S = 10.0
SILENCE_S = 60.0  # several signs, and clocks that differ
log = logging.getLogger(__name__)


@dataclass
class Copyist:
    """Makes copies in the background. `begin` brings one up when its state is there."""

    secret: bytes
    records: SessionRecords
    index: Index
    begin: Callable[[Record, Record], Awaitable[Any]]
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def start(self, source: Record, copy: Record) -> None:
        """Make `copy`, whose record is there, of what `source` has saved."""
        task = asyncio.create_task(self._make(source, copy), name=f"copy {copy.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop copying: what is half written is deleted."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _make(self, source: Record, copy: Record) -> None:
        signing = asyncio.create_task(self._sign(copy))
        with about(copy.id):
            try:
                await self._copy_state(source, copy)
                await self.begin(source, copy)
            except (StorageError, SessionError, SnapshotError, ApiError) as error:
                log.warning("no copy: %s", error)
                await self._give_up(copy, str(error))
            finally:
                signing.cancel()

    async def _sign(self, copy: Record) -> None:
        while True:
            await asyncio.sleep(SIGN_S)
            try:
                await self.records.update(copy.id, lambda record: replace(record, updated=time.time()))
            except (StorageError, SessionError) as error:
                log.warning("the copy could not be signed: %s", error)

    async def _copy_state(self, source: Record, copy: Record) -> None:
        key = unseal(self.secret, source.id, source.sealed).key
        view = self.records.objects(source.id)
        reader = await open_snapshot(view, SessionKeys(key), source.id, str(source.snapshot))
        own = SessionKeys(unseal(self.secret, copy.id, copy.sealed).key)
        renamed = _new_ids(reader.manifest.body)
        body = json.loads(renamed(json.dumps(_body(reader.manifest.body, source, reader.manifest.created))))
        manifest = await copy_snapshot(reader, self.records.objects(copy.id), own, copy.id, body, renamed)

        def change(record: Record) -> Record:
            if record.phase != "suspended":
                raise PhaseError(f"the copy is {record.phase}")
            return replace(
                record,
                snapshot=manifest.snapshot,
                snapshot_at=time.time(),
                state_bytes=source.state_bytes,
                notebooks=source.notebooks,
            )

        self.index.put(await self.records.update(copy.id, change))

    async def _give_up(self, copy: Record, reason: str) -> None:
        def change(record: Record) -> Record:
            return phases.end(phases.noted(record, "failed", {"reason": reason[:300]}))

        try:
            self.index.put(await self.records.update(copy.id, change))
        except (StorageError, SessionError) as error:
            log.warning("the record of the copy stays until it is too old: %s", error)


def is_being_made(record: Record) -> bool:
    """Whether somebody works at this copy: it was never brought up, and was signed not long ago."""
    begun = any(event.event == "notice" for event in record.timeline)
    return record.phase == "suspended" and not begun and time.time() - record.updated < SILENCE_S


def _body(body: dict[str, Any], source: Record, at: float) -> dict[str, Any]:
    """Nobody is logged in to the copy, its journal begins anew, and it knows that it is one: what ran goes on in the first only."""
    server = {"at": body["server"].get("at"), "copied": {"session": source.id, "at": at}}
    return {**body, "journal": {"epoch": 0, "seq": 0}, "server": server}


def _new_ids(body: dict[str, Any]) -> Callable[[str], str]:
    """Gives kernels and notebooks' sessions other ids wherever they stand: servers that share a home share files named after them."""
    old = [*body["kernels"], *(row["id"] for row in body["sessions"])]
    new = {each: str(uuid.uuid4()) for each in old}

    def renamed(text: str) -> str:
        return reduce(lambda so_far, each: so_far.replace(each, new[each]), old, text)

    return renamed
