"""Which browser has which session under which link.

A browser is known by a random secret in a cookie; the store only ever sees its hash. An object
`bindings/<hash of the secret>-<hash of the link>` names the session, for as long as sessions are kept.
"""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import asdict, dataclass
from hashlib import sha256

from migrator.session import BadId, check_session_id
from migrator.storage.errors import NotFound
from migrator.storage.protocol import ObjectStore

COOKIE = "migrator-browser"
LEAST_SECRET = 32


@dataclass(frozen=True)
class Binding:
    """`url` is where the server was when it started, `at` when that was (Unix seconds)."""

    session: str
    url: str
    at: float


class Bindings:
    """All bindings; `age_s` seconds is how long one counts."""

    def __init__(self, store: ObjectStore, age_s: float) -> None:
        self._store = store
        self._age_s = age_s

    async def get(self, browser: str, link: str) -> Binding | None:
        """The session that this browser has under this link."""
        try:
            data = json.loads(await self._store.get(_key(browser, link)))
            binding = Binding(check_session_id(data["session"]), str(data["url"]), float(data["at"]))
        except (NotFound, BadId, KeyError, TypeError, ValueError):
            return None
        return binding if time.time() - binding.at < self._age_s else None

    async def put(self, browser: str, link: str, session: str, url: str) -> None:
        """Bind; a former binding of the same link is forgotten."""
        data = json.dumps(asdict(Binding(session, url, time.time())))
        await self._store.put(_key(browser, link), data.encode())

    async def forget(self, browser: str, link: str) -> None:
        """This browser starts afresh under this link."""
        await self._store.delete(_key(browser, link))


def new_browser() -> str:
    """A secret for a browser that has none: 256 bits."""
    return secrets.token_urlsafe(LEAST_SECRET)


def is_browser(value: str | None) -> bool:
    """Whether a cookie's value can be one of our secrets."""
    return value is not None and LEAST_SECRET <= len(value) <= 100 and value.isascii()


def link_of(path: str) -> str:
    """The link that a `/v2/...` or `/build/...` path belongs to: `gh/org/repo/ref`."""
    return path.strip("/").partition("/")[2].strip("/")


def _key(browser: str, link: str) -> str:
    return f"bindings/{sha256(browser.encode()).hexdigest()}-{sha256(link.encode()).hexdigest()}"
