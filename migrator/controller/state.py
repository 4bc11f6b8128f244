"""All parts of one controller, put together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter

from migrator.controller.copies import Copies
from migrator.controller.disowned import Disowned
from migrator.controller.doors import Doors
from migrator.controller.holding import Holding
from migrator.controller.index import Index
from migrator.controller.launches import Launches
from migrator.controller.logouts import Logouts
from migrator.controller.member import Member
from migrator.controller.move import Mover
from migrator.controller.notices import NoticeDesk
from migrator.controller.peers import Peers
from migrator.controller.places import Places
from migrator.controller.pods import Pods
from migrator.controller.reconcile import Reconciler
from migrator.controller.resting import Resting
from migrator.controller.retention import Retention
from migrator.controller.settings import Controller
from migrator.controller.standbys import Standbys
from migrator.controller.stops import Stops
from migrator.controller.tools import Tools
from migrator.controller.watcher import Watcher
from migrator.launch.hub import Hub
from migrator.routing.proxy import Proxy
from migrator.routing.switch import Switch
from migrator.serving.settings import SettingsError
from migrator.session import PhaseError, Record, SessionRecords, check_member
from migrator.storage.protocol import ObjectStore


@dataclass
class State:
    """What the handlers and the loops share."""

    secret: bytes
    records: SessionRecords
    index: Index
    tools: Tools
    member: Member
    mover: Mover
    desk: NoticeDesk
    launches: Launches
    stops: Stops
    logouts: Logouts
    copies: Copies
    watcher: Watcher
    reconciler: Reconciler
    retention: Retention
    notice_secret: bytes | None = None

    @classmethod
    def make(cls, settings: Controller, store: ObjectStore, holding: Holding, registry: CollectorRegistry) -> State:
        """Everything, wired up; nothing runs yet. `SettingsError` if something needed is missing."""
        secret, records = settings.secret(), SessionRecords(store)
        check_member(settings.member)
        index, peers, pods = Index(records), Peers(settings.members, secret), Pods(secret)
        hub = Hub(settings.hub_url, _token(settings.hub_token_file, "hub_token_file"))
        tools = Tools(settings, records, index, peers, pods, Tools.outcome_counter(registry))
        standbys = Standbys(settings, secret, records, hub, pods)
        places = Places(settings.member, peers, holding.url)
        doors = Doors(settings, records, index, places, standbys, _switch(settings))
        member = Member(settings, records, index, hub, pods, standbys, places, doors)
        holding.know(Resting(index, settings.redirector_url).at)
        mover = Mover(tools)
        notices = Counter("migrator_notices", "Warnings taken, by cause", ("cause",), registry=registry)
        desk = NoticeDesk(settings.member, index, mover, hub, notices)
        disowned = Disowned(tools, hub, desk)
        doors.disowned = disowned.has
        return cls(
            secret, records, index, tools, member, mover, desk, Launches(settings, secret, records, index),
            Stops(member, mover, records, index), Logouts(settings.member, records, index),
            Copies(settings, secret, records, index, mover, peers),
            Watcher(tools, mover, desk), Reconciler(tools, member, mover, disowned),
            Retention(tools, secret), _notice_secret(settings),
        )  # fmt: skip

    async def begin(
        self, session: str, verb: str, *, cause: str, deadline: float | None, only: str | None, profile: str = ""
    ) -> Record:
        """Move, suspend or resume; a session whose whole member is gone is resumed as a lost one."""
        way = {"move": self.mover.way(deadline), "suspend": "suspend", "resume": "resume"}[verb]
        if verb == "resume":
            record = await self.records.get(session)
            if record.phase == "active" and record.owner is not None:
                if await self.tools.peers.is_there(record.owner.member):
                    raise PhaseError(f"session {session} is active on member {record.owner.member}: just go there")
                way, cause = "lost", "member-lost"
        return await self.mover.begin(session, way=way, cause=cause, deadline=deadline, only=only, profile=profile)

    async def close(self) -> None:
        """Stop driving; others, or this one's next life, go on."""
        await self.copies.close()
        await self.mover.stop()
        await self.member.close()
        self.tools.pods.close()
        self.tools.peers.close()


def _switch(settings: Controller) -> Switch | None:
    if not settings.proxy_url:
        return None
    return Switch(Proxy(settings.proxy_url, _token(settings.proxy_token_file, "proxy_token_file")), settings.shields)


def _notice_secret(settings: Controller) -> bytes | None:
    if not settings.notice_secret_file:
        return None
    return _token(settings.notice_secret_file, "notice_secret_file").encode()


def _token(file: str, name: str) -> str:
    try:
        return Path(file).read_text().strip()
    except OSError as error:
        raise SettingsError(f"Controller.{name}: {error}") from error
