"""What controllers note in a session's record beside its phases, so that any of them can carry on what another began.

It lies under `controller` in the record::

    {"doors": [member],        members whose proxies lead pages to this session
     "restored": epoch,        the latest epoch whose owner was restored; an owner of a later one still has to be
     "quiet_at": seconds,       suspended without its server's word: when that is certainly silent
     "server": path,           the session's URL path, the same on every member
     "name": text,             of its server at the hub, where it is not the user's only one
     "profile": name,          of the kind of machine that was chosen for it
     "origin": session,        the session of which this one is a copy
     "image": {"name", "digest"}, what its pod was started with, and `repository@sha256:...` of it
     "needs": {"cpu", "memory"}, processors and bytes that its pod requests
     "machine": name,          what a notice about a machine calls the place where the server runs
     "plan": {...} or null}    the move under way: see `Plan`
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from migrator.controller.needs import Needs
from migrator.session import Owner, Record

FIELD = "controller"


@dataclass(frozen=True)
class Plan:
    """One move, suspension or resumption. `deadline` and `run_after` in Unix seconds.

    `machine` is the one whose notice began it, if any; `saved` says that the source froze and its snapshot is durable.
    `profile`: the kind of machine that it goes to, if that is to be another one.
    `then`: the resumption (`cause`, `only`) that was asked for while the session was still being suspended.
    """

    way: str  # live, emergency, lost, suspend, resume
    cause: str
    driver: str
    deadline: float | None = None
    only: str | None = None
    source: dict[str, Any] | None = None
    source_epoch: int = 0
    tried: list[str] = field(default_factory=list)
    saved: bool = False
    run_after: float = 0.0
    machine: str = ""
    then: dict[str, Any] | None = None
    profile: str = ""

    @property
    def source_owner(self) -> Owner | None:
        """Where the session was when this began."""
        return Owner(**self.source) if self.source else None


def plan_of(record: Record) -> Plan | None:
    """The move under way."""
    plan = _marks(record).get("plan")
    return Plan(**plan) if plan else None


def with_plan(record: Record, plan: Plan | None) -> Record:
    """The record with another plan, or none."""
    return _with(record, plan=asdict(plan) if plan else None)


def changed_plan(record: Record, **changes: Any) -> Record:
    """The record with its plan changed in some fields; the same if it has none."""
    plan = plan_of(record)
    return with_plan(record, replace(plan, **changes)) if plan else record


def queued(record: Record, cause: str, only: str | None) -> Record:
    """The record of a session that is resumed as soon as it is suspended."""
    return changed_plan(record, then={"cause": cause, "only": only})


def doors_of(record: Record) -> frozenset[str]:
    """Members whose proxies lead pages to this session."""
    return frozenset(_marks(record).get("doors") or ())


def with_door(record: Record, member: str) -> Record:
    """The record with one more door."""
    return _with(record, doors=sorted(doors_of(record) | {member}))


def without_door(record: Record, member: str) -> Record:
    """The record with one door less: its URL there belongs to somebody else now."""
    return _with(record, doors=sorted(doors_of(record) - {member}))


def is_restored(record: Record) -> bool:
    """Whether the owner of the standing epoch is the live session, and not just chosen to become it."""
    return record.epoch == 1 or _marks(record).get("restored") == record.epoch


def has_lived(record: Record) -> bool:
    """Whether a session that began as a copy was ever up, so that there is something of its own to lose."""
    return _marks(record).get("restored") is not None


def with_restored(record: Record) -> Record:
    """The record whose owner is the live session."""
    return _with(record, restored=record.epoch)


def image_of(record: Record) -> dict[str, str] | None:
    """`name` and `digest` of the image that the session was started with; None where nobody knows a digest."""
    image = _marks(record).get("image")
    return image if isinstance(image, dict) else None


def with_image(record: Record, name: str, digest: str) -> Record:
    """The record of a session that runs this image."""
    return _with(record, image={"name": name, "digest": digest})


def needs_of(record: Record) -> Needs | None:
    """What the session's pod requests of its cluster; None where nobody knows."""
    needs = _marks(record).get("needs")
    return Needs(**needs) if needs else None


def with_needs(record: Record, needs: Needs) -> Record:
    """The record of a session whose pod requests so much."""
    return _with(record, needs=asdict(needs))


def quiet_at(record: Record) -> float:
    """When the former owner of a suspended session is certainly silent, in Unix seconds; 0 if it is."""
    return float(_marks(record).get("quiet_at") or 0.0)


def with_quiet_at(record: Record, at: float) -> Record:
    """The record of a suspended session whose former owner may run until then."""
    return _with(record, quiet_at=at)


def machine_of(record: Record) -> str:
    """The machine's name; empty if none was given."""
    return str(_marks(record).get("machine") or "")


def with_machine(record: Record, machine: str) -> Record:
    """The record of a session that runs on this machine."""
    return _with(record, machine=machine)


def server_of(record: Record) -> str:
    """The session's URL path, such as `/user/x/`."""
    return str(_marks(record).get("server") or f"/user/{record.user}/")


def with_server(record: Record, server: str) -> Record:
    """The record of a session with this URL path."""
    return _with(record, server=server)


def name_of(record: Record) -> str:
    """The name of its server at the hub; empty for the user's default server."""
    return str(_marks(record).get("name") or "")


def with_name(record: Record, name: str) -> Record:
    """The record of a session that is a named server of its user."""
    return _with(record, name=name)


def profile_of(record: Record) -> str:
    """The kind of machine that was chosen for it; empty: that of its launch."""
    return str(_marks(record).get("profile") or "")


def with_profile(record: Record, profile: str) -> Record:
    """The record of a session for which another kind of machine was chosen; the same for none."""
    return _with(record, profile=profile) if profile else record


def origin_of(record: Record) -> str:
    """The session that this one, or what it is a copy of, was copied from at first; empty for an original."""
    return str(_marks(record).get("origin") or "")


def with_origin(record: Record, session: str) -> Record:
    """The record of a copy."""
    return _with(record, origin=session)


def _marks(record: Record) -> dict[str, Any]:
    marks = record.more.get(FIELD)
    return marks if isinstance(marks, dict) else {}


def _with(record: Record, **changes: Any) -> Record:
    return replace(record, more={**record.more, FIELD: {**_marks(record), **changes}})
