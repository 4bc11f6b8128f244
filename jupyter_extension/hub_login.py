"""The way in of open pages at a hub with users: it moves with the session, for a time, on the word of the server that let them in.

A page of such a hub carries a token that its hub gave it for one server. The target's hub has never heard of it, and the source's hub forgets
it as soon as it stops the source. So the source notes whom it let in, and the target lets them in again: what travels is the
SHA-256 of each token, the name and the right to this very server, and the time at which that ends. Nobody else gets in by that.
A logout on the page ends it at once, one on a hub's own page as soon as the gateway tells of it (`migrator/session/logouts.py`).
"""

from __future__ import annotations

import hashlib
import time
from typing import Any, Dict, Iterable

JsonDict = Dict[str, Any]


class HubLogin:
    """What JupyterHub's own authentication is asked before, and what it answers after; nothing where it is not used."""

    def __init__(self, settings: JsonDict, life_s: float, member: str = "") -> None:
        self._auth: Any = getattr(settings.get("identity_provider"), "hub_auth", None)
        self._life_s, self._member = life_s, member
        self._logouts: list[JsonDict] = []
        self._known: dict[str, JsonDict] = {}
        self._taken_over: dict[str, JsonDict] = {}
        if self._auth is not None:
            self._ask, self._forget_page = self._auth.user_for_token, getattr(self._auth, "clear_cookie", None)
            self._auth.user_for_token = self._user_for_token
            self._auth.clear_cookie = self._clear_cookie

    @property
    def used(self) -> bool:
        """Whether pages log in at a hub."""
        return self._auth is not None

    def to_json(self) -> JsonDict:
        """`{SHA-256 of a token: {"user", "session", "member", "since", "until"}}` for those that count."""
        now = time.time()
        return {key: entry for key, entry in {**self._known, **self._taken_over}.items() if entry["until"] > now}

    def adopt(self, entries: JsonDict) -> None:
        """Let in whom the former server let in."""
        if self.used:
            self._taken_over.update(entries)
            self.end(self._logouts)

    def end(self, logouts: Iterable[JsonDict]) -> bool:
        """Let in no more who has logged out since a hub let them in; whether there was anybody."""
        self._logouts = list(logouts)
        gone = {
            digest
            for digest, entry in [*self._known.items(), *self._taken_over.items()]
            if any(_ends(logout, entry) for logout in self._logouts)
        }
        for entries in (self._known, self._taken_over):
            for digest in gone:
                entries.pop(digest, None)
        if gone and getattr(self._auth, "cache", None) is not None:
            self._auth.cache = type(self._auth.cache)(self._auth.cache_max_age)  # what the hub said may hold no more
        return bool(gone)

    def _user_for_token(self, token: str, *args: Any, **kwargs: Any) -> Any:
        """In place of the hub's client's: a model, or something to await, as it was asked for."""
        entry = self._taken_over.get(_digest(token))
        waits = not kwargs.get("sync", True)
        if entry is not None and entry["until"] > time.time():
            return _later(entry["user"]) if waits else entry["user"]
        answer = self._ask(token, *args, **kwargs)
        return self._note_later(token, answer) if waits else self._note(token, answer)

    async def _note_later(self, token: str, answer: Any) -> Any:
        return self._note(token, await answer)

    def _note(self, token: str, user: Any) -> Any:
        """Remember whom the hub let in to this server, and forget whom it does not any more."""
        rights = self._auth.check_scopes(self._auth.access_scopes, user) if user else None
        before = self._known.pop(_digest(token), None)
        if rights:
            now, session = time.time(), str(user.get("session_id") or "")
            entry = {"name": user["name"], "kind": user.get("kind", "user"), "scopes": sorted(rights)}
            self._known[_digest(token)] = {
                "user": {**entry, "admin": False, "groups": []},
                "session": _digest(session) if session else "",
                "member": self._member,
                "since": before["since"] if before else now,
                "until": now + self._life_s,
            }
        return user

    def _clear_cookie(self, handler: Any, *args: Any, **kwargs: Any) -> Any:
        """The page logs out."""
        token = self._auth.get_token(handler)
        for entries in (self._known, self._taken_over):
            entries.pop(_digest(token or ""), None)
        return self._forget_page(handler, *args, **kwargs) if self._forget_page else None


async def _later(user: JsonDict) -> JsonDict:
    return user


def _ends(logout: JsonDict, entry: JsonDict) -> bool:
    """Whether this logout ends that login. At another hub than the one that let it in, browsers cannot be told apart: it ends all.

    A login without a session is by a token of the user's own making: that outlives logouts at its own hub, too.
    """
    if logout["user"] != entry["user"]["name"] or logout["at"] < entry.get("since", 0.0):
        return False
    elsewhere = logout["member"] != entry.get("member", "")
    return not logout["session"] or elsewhere or logout["session"] == entry.get("session", "")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
