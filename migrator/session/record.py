"""The session record: the truth about a session, read by everybody and changed only by compare-and-swap.

Fields that this version does not know are kept in `more` and written back, so that members of different versions can
share a federation.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Mapping

from migrator.session.errors import BadId, BadRecord
from migrator.session.ids import check_member, check_session_id

VERSION = 1
PHASES = ("starting", "active", "moving", "suspended", "ended")
TIMELINE_LENGTH = 200
_NUMBER = (int, float)


@dataclass(frozen=True)
class Owner:
    """The server that may write. `address` is where its pod is reached, `since` Unix seconds."""

    member: str
    server: str
    address: str | None = None
    since: float = 0.0


@dataclass(frozen=True)
class Target:
    """The server that a move or a resumption goes to."""

    member: str
    server: str
    address: str | None = None


@dataclass(frozen=True)
class Event:
    """Something that happened to the session, for the user, the operator and the measurements."""

    at: float
    event: str
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """One session. Times in Unix seconds, sizes in bytes. See docs/interfaces.md, section 3."""

    id: str
    epoch: int
    phase: str
    version: int = VERSION
    owner: Owner | None = None
    target: Target | None = None
    snapshot: str | None = None
    snapshot_at: float | None = None
    state_bytes: int = 0
    notebooks: int = 0
    user: str = ""
    image: str = ""
    link: str = ""
    sealed: str = ""
    timeline: tuple[Event, ...] = ()
    retention_s: float = 86400
    created: float = 0.0
    updated: float = 0.0
    more: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Give the record as JSON values; unknown fields come back as they were read."""
        plain = asdict(self)
        more = plain.pop("more")
        plain["timeline"] = list(plain["timeline"])
        return {**more, **plain}

    def to_bytes(self) -> bytes:
        """Give the bytes to store."""
        return json.dumps(self.to_json(), indent=1).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Record:
        """Undo `to_bytes`; raises `BadRecord`."""
        try:
            value = json.loads(data)
        except ValueError as error:
            raise BadRecord(f"the session record is no JSON: {error}") from error
        return cls.from_json(value)

    @classmethod
    def from_json(cls, value: Any) -> Record:
        """Undo `to_json`; raises `BadRecord` for a value that is not a record in every field."""
        try:
            return _parse(value)
        except (KeyError, TypeError, ValueError, BadId) as error:
            raise BadRecord(f"the session record is malformed: {error}") from error


def _parse(value: Mapping[str, Any]) -> Record:
    if not isinstance(value, dict):
        raise TypeError("it is no object")
    if value.get("version") != VERSION:
        raise ValueError(f"version {value.get('version')!r}; this program knows {VERSION}")
    known = {name: value[name] for name in _KNOWN if name in value}
    for name, kinds in _KINDS.items():
        if name in known and (not isinstance(known[name], kinds) or isinstance(known[name], bool)):
            raise TypeError(f"{name} is {known[name]!r}")
    check_session_id(known["id"])
    if known["epoch"] < 1 or known["phase"] not in PHASES:
        raise ValueError(f"epoch {known['epoch']}, phase {known['phase']!r}")
    known["owner"] = _server(Owner, known.get("owner"))
    known["target"] = _server(Target, known.get("target"))
    known["timeline"] = tuple(_event(event) for event in known.get("timeline", ()))
    return Record(**known, more={name: item for name, item in value.items() if name not in _KNOWN})


def _server(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    names = [each.name for each in fields(kind)]
    server = kind(**{name: value[name] for name in names if name in value})
    check_member(server.member)
    if not isinstance(server.server, str) or not isinstance(server.address, (str, type(None))):
        raise TypeError(f"server {value!r}")
    return server


def _event(value: Any) -> Event:
    if not isinstance(value["at"], _NUMBER) or not isinstance(value["event"], str):
        raise TypeError(f"event {value!r}")
    detail = value.get("detail") or {}
    if not isinstance(detail, dict):
        raise TypeError(f"event {value!r}")
    return Event(value["at"], value["event"], detail)


_KNOWN = frozenset(each.name for each in fields(Record)) - {"more"}
_KINDS: dict[str, Any] = {
    "id": str,
    "epoch": int,
    "phase": str,
    "snapshot": (str, type(None)),
    "snapshot_at": (*_NUMBER, type(None)),
    "state_bytes": int,
    "notebooks": int,
    "user": str,
    "image": str,
    "link": str,
    "sealed": str,
    "timeline": list,
    "retention_s": _NUMBER,
    "created": _NUMBER,
    "updated": _NUMBER,
}
