"""Finds the snapshots of a session where no record names them: the command line works on stores without records."""

from __future__ import annotations

import asyncio
import contextlib

from migrator.session.ids import is_session_id
from migrator.session.records import FOLDER
from migrator.snapshot import Manifest, SessionKeys, SnapshotCorrupt, SnapshotReader, WrongKey, open_snapshot
from migrator.storage import NotFound, ObjectStore

_MANIFESTS = "manifests/"
_AT_ONCE = 8


async def session_of(store: ObjectStore, snapshot: str) -> str:
    """The session that has this snapshot. NotFound if no session has."""
    async for info in store.list(FOLDER):
        session, _, key = info.key[len(FOLDER) :].partition("/")
        if key == _MANIFESTS + snapshot and is_session_id(session):
            return session
    raise NotFound(f"there is no snapshot {snapshot} in the store; the snapshot command printed its id")


async def snapshots(
    objects: ObjectStore, keys: SessionKeys, session: str, *, without: str = ""
) -> tuple[list[Manifest], list[str]]:
    """All readable manifests of a session, newest first, and what is wrong with the others. WrongKey if all are."""
    names = [info.key[len(_MANIFESTS) :] async for info in objects.list(_MANIFESTS)]
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(name: str) -> SnapshotReader | SnapshotCorrupt | WrongKey:
        async with gate:
            try:
                return await open_snapshot(objects, keys, session, name)
            except (SnapshotCorrupt, WrongKey) as error:
                return error

    results = await asyncio.gather(*(one(name) for name in names if name != without))
    found = [result.manifest for result in results if isinstance(result, SnapshotReader)]
    wrong = [result for result in results if isinstance(result, WrongKey)]
    if wrong and not found:
        raise wrong[0]
    faults = [str(result) for result in results if isinstance(result, Exception)]
    return sorted(found, key=lambda manifest: manifest.created, reverse=True), faults


async def newest(
    objects: ObjectStore, keys: SessionKeys, session: str, remembered: str | None
) -> tuple[Manifest | None, list[str]]:
    """The newest snapshot that can be read; `remembered` is taken without a search if it can be."""
    if remembered is not None:
        with contextlib.suppress(NotFound, SnapshotCorrupt):
            return (await open_snapshot(objects, keys, session, remembered)).manifest, []
    found, faults = await snapshots(objects, keys, session)
    return (found[0] if found else None), faults


async def before(objects: ObjectStore, keys: SessionKeys, session: str, corrupt: str) -> list[Manifest]:
    """The snapshots that are older than one that cannot be read itself, newest first."""
    others, _ = await snapshots(objects, keys, session, without=corrupt)
    children = [manifest.created for manifest in others if manifest.parent == corrupt]
    return [one for one in others if not children or one.created < min(children)]
