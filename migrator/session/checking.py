"""Checks a whole store: every session's record, and everything that the session has stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import AsyncIterator

from migrator.session.errors import BadRecord, NotSealed
from migrator.session.ids import check_session_id, is_session_id
from migrator.session.record import Record
from migrator.session.records import FOLDER, RECORDS, SessionRecords
from migrator.session.sealing import unseal
from migrator.snapshot.check import Fault, Progress, SessionCheck
from migrator.snapshot.keys import SessionKeys
from migrator.storage.errors import NotFound
from migrator.storage.protocol import ObjectStore


@dataclass
class Summary:
    """What a check has seen."""

    sessions: int = 0
    snapshots: int = 0
    garbage: int = 0
    faults: int = 0


class StoreCheck:
    """Checks the sessions of a store: `secret` opens the records that are sealed, `key` (32 bytes) serves for the rest."""

    def __init__(
        self,
        store: ObjectStore,
        *,
        secret: bytes | None = None,
        key: bytes | None = None,
        progress: Progress = lambda name: None,
    ) -> None:
        self.summary = Summary()
        self._store = store
        self._records = SessionRecords(store)
        self._secret = secret
        self._key = key
        self._progress = progress

    async def faults(self, only: str | None = None) -> AsyncIterator[Fault]:
        """Check all sessions, or one, and give the faults as they are found."""
        for session in [check_session_id(only)] if only else await self._sessions():
            self.summary.sessions += 1
            if not is_session_id(session):
                yield self._counted(Fault(session, "", "is no session id; who put it there?"))
                continue
            async for fault in self._session_faults(session):
                yield self._counted(fault)

    def _counted(self, fault: Fault) -> Fault:
        self.summary.faults += 1
        return fault

    async def _sessions(self) -> list[str]:
        """List all that have any object, so that one whose record is lost is found as well."""
        found = {info.key[len(RECORDS) :] async for info in self._store.list(RECORDS)}
        async for info in self._store.list(FOLDER):
            found.add(info.key[len(FOLDER) :].partition("/")[0])
        return sorted(found)

    async def _session_faults(self, session: str) -> AsyncIterator[Fault]:
        self._progress(f"{RECORDS}{session}")
        try:
            record: Record | None = await self._records.get(session)
        except NotFound:
            record = None  # a store that `migrator snapshot` writes has no records
        except BadRecord as error:
            record = None
            yield Fault(session, "record", str(error))
        try:
            keys = self._keys(session, record)
        except NotSealed as error:
            yield Fault(session, "record", str(error))
            return
        check = SessionCheck(self._records.objects(session), keys, session, self._progress)
        async for fault in check.faults():
            yield fault
        self.summary.snapshots += len(check.snapshots)
        self.summary.garbage += check.garbage
        if record is not None and record.snapshot and record.snapshot not in check.snapshots:
            yield Fault(session, "record", f"it names snapshot {record.snapshot}, which is missing or damaged")

    def _keys(self, session: str, record: Record | None) -> SessionKeys:
        """Open the record's secrets; where that is not possible, the given key must be the session's own."""
        if record is not None and record.sealed and self._secret is not None:
            try:
                return SessionKeys(unseal(self._secret, session, record.sealed).key)
            except NotSealed:
                if self._key is None:
                    raise
        if self._key is None:
            raise NotSealed(f"session {session} has no record with secrets; give its own key")
        return SessionKeys(self._key)
