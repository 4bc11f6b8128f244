"""The hub's side of a logout: the controller hears of it, and the sessions of that user end it wherever they live by then.

A hub forgets whom it let in to a server as soon as it stops that server, so that nobody could ask it later whether somebody has
logged out. It tells, therefore. In the configuration of a hub whose users log in::

    from migrator.launch.hub_logout import telling_authenticator
    c.JupyterHub.authenticator_class = telling_authenticator(
        "http://controller:8080", "/etc/migrator/secret", c.JupyterHub.authenticator_class
    )

Nothing but the standard library, tornado and JupyterHub itself is needed, so that a chart can mount this file alone.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from jupyterhub.handlers.login import LogoutHandler
from tornado.httpclient import AsyncHTTPClient
from traitlets.utils.importstring import import_item

PATH = r"/logout"
PAUSES_S = (1, 2, 5, 10, 20, 40, 80, 160, 320)
"""Between attempts at a controller that does not answer: it may be away for as long as an upgrade takes."""
log = logging.getLogger("jupyterhub.migrator")


def telling_authenticator(controller_url: str, secret_file: str, base: type | str) -> type:
    """A subclass of the hub's authenticator `base`, a class or its name as `JupyterHub.authenticator_class` takes it.

    `controller_url` and `secret_file` are of this member's controller, as for `session_hook`. A controller that does not answer
    keeps nobody from logging out.
    """
    telling: set[asyncio.Task[None]] = set()

    def tell(user: str, session: str) -> None:
        task = asyncio.ensure_future(_tell(controller_url, secret_file, user, session))
        telling.add(task)
        task.add_done_callback(telling.discard)

    class TellingAuthenticator(_loaded(base)):  # type: ignore[misc]  # only known at run time
        def get_handlers(self, app: Any) -> list[Any]:
            """The handlers of `base`, with a logout that tells before all others: the first that fits is taken."""
            handlers = list(super().get_handlers(app))
            theirs = next((each for each in handlers if each[0] == PATH), (PATH, LogoutHandler))
            return [(PATH, _telling_handler(theirs[1], tell), *theirs[2:]), *handlers]

        def delete_user(self, user: Any) -> Any:
            """An administrator removes a user, who must not stay in a session that lives elsewhere."""
            tell(user.name, "")
            return super().delete_user(user)

    return TellingAuthenticator


def _telling_handler(base: type, tell: Any) -> type:
    class TellingLogoutHandler(base):  # type: ignore[misc]
        async def get(self) -> None:
            """Read first who it is: afterwards the hub does not know any more."""
            user, session = self.current_user, self.get_session_cookie()
            if user is not None and session:
                tell(user.name, hashlib.sha256(session.encode()).hexdigest())
            await super().get()

    return TellingLogoutHandler


async def _tell(controller_url: str, secret_file: str, user: str, session: str) -> None:
    for pause in (*PAUSES_S, None):
        try:
            await AsyncHTTPClient().fetch(
                f"{controller_url.rstrip('/')}/v1/logouts",
                method="POST",
                headers={
                    "Authorization": f"Bearer {_read(secret_file)}",
                    "Content-Type": "application/json",
                },
                body=json.dumps({"user": user, "session": session}),
                request_timeout=20.0,
            )
        except Exception as error:  # noqa: BLE001 - whatever is wrong with us, users must be able to log out
            log.warning("the logout of %s is not known to the controller: %s", user, error)
        else:
            return
        if pause is not None:
            await asyncio.sleep(pause)


def _read(secret_file: str) -> str:
    return Path(secret_file).read_text().strip()


def _loaded(base: type | str) -> type:
    """The class; by its entry point or its dotted name if need be."""
    if not isinstance(base, str):
        return base
    found = entry_points(group="jupyterhub.authenticators", name=base.lower())
    loaded: type = next(iter(found)).load() if found else import_item(base)
    return loaded
