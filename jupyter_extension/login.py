"""The way in of the pages that are open: it moves with the session, or the target would refuse them until they log in anew.

A page's websockets carry a cookie and nothing else, signed under a key that each server makes for itself; its other requests
carry the token. Both lie in the manifest, encrypted like everything in it. Whom a hub let in (JupyterHub's OAuth) is `hub_login`'s.
"""

from __future__ import annotations

import base64
from typing import Any, Dict, Iterable

from jupyter_extension.hub_login import HubLogin

JsonDict = Dict[str, Any]


class Login:
    """The keys of one server's pages."""

    def __init__(self, web_app: Any, hub_life_s: float = 0.0, member: str = "") -> None:
        self._settings = web_app.settings
        self._hub = HubLogin(self._settings, hub_life_s, member)

    def to_json(self) -> JsonDict:
        """`{"cookie_keys": {version: base64}, "cookie_version", "token", "hub"}`; a server without versions has version 0."""
        secret = self._settings.get("cookie_secret") or {}
        keys = secret if isinstance(secret, dict) else {0: secret}
        return {
            "cookie_keys": {str(version): base64.b64encode(_raw(key)).decode() for version, key in keys.items()},
            "cookie_version": self._settings.get("key_version"),
            "token": self._token(),
            "hub": self._hub.to_json(),
        }

    def adopt(self, login: JsonDict) -> None:
        """Let in whom the former server let in. The own keys are given up: no page has had a cookie of them."""
        keys = {int(version): base64.b64decode(key) for version, key in (login.get("cookie_keys") or {}).items()}
        version = login.get("cookie_version")
        if keys:
            self._settings["cookie_secret"] = keys if version is not None else keys[0]
            self._settings["key_version"] = version
        if login.get("token") and self._token():
            self._settings["identity_provider"].token = login["token"]
        self._hub.adopt(login.get("hub") or {})

    def end(self, logouts: Iterable[JsonDict]) -> bool:
        """See `HubLogin.end`."""
        return self._hub.end(logouts)

    def _token(self) -> str | None:
        """The token that opens this server; None where pages log in otherwise (a hub's server holds its own token there)."""
        provider = self._settings.get("identity_provider")
        return None if self._hub.used else getattr(provider, "token", None) or None


def _raw(key: Any) -> bytes:
    return key.encode() if isinstance(key, str) else bytes(key)
