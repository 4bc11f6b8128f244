"""The hub's side of coming back: a user's home page lists the sessions that are kept for them, wherever those are now.

A hub knows its own servers only, and forgets one that it has stopped. In the configuration of a hub whose users log in::

    from migrator.launch.hub_home import listing_authenticator
    c.JupyterHub.authenticator_class = listing_authenticator(
        "http://controller:8080", "/etc/migrator/secret", c.JupyterHub.authenticator_class
    )

Nothing but the standard library, tornado and JupyterHub itself is needed, so that a chart can mount this file alone.
"""

from __future__ import annotations

import json
import logging
import time
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jupyterhub.handlers.pages import HomeHandler
from tornado.httpclient import AsyncHTTPClient
from traitlets.utils.importstring import import_item

PATH = r"/home"
PAGE = "home.html"
WAIT_S = 5.0
WORDS = {"suspended": "is resting", "moving": "is on its way"}
# Whatever the hub's own page is, or an operator has made of it, the list comes below it.
LIST = """
{% extends "home.html" %}
{% block main %}
{{ super() }}
{% if kept_sessions %}
<section class="container" id="session-migrator">
  <h2>Your sessions</h2>
  <ul>
    {% for each in kept_sessions %}
    <li><a href="{{ each.resume }}">Session of {{ each.at }}</a> {{ each.words }}</li>
    {% endfor %}
  </ul>
</section>
{% endif %}
{% endblock %}
"""
log = logging.getLogger("jupyterhub.migrator")


def listing_authenticator(controller_url: str, secret_file: str, base: type | str) -> type:
    """A subclass of the hub's authenticator `base`, a class or its name as `JupyterHub.authenticator_class` takes it.

    `controller_url` and `secret_file` are of this member's controller, as for `session_hook`. Without an answer of the
    controller's within 5 s the page is as it was.
    """

    class ListingAuthenticator(_loaded(base)):  # type: ignore[misc]  # only known at run time
        def get_handlers(self, app: Any) -> list[Any]:
            """The handlers of `base`, with a home page that has the list before all others: the first that fits is taken."""
            handlers = list(super().get_handlers(app))
            theirs = next((each for each in handlers if each[0] == PATH), (PATH, HomeHandler))
            return [(PATH, _listing_handler(theirs[1], controller_url, secret_file), *theirs[2:]), *handlers]

    return ListingAuthenticator


def _listing_handler(base: type, controller_url: str, secret_file: str) -> type:
    class ListingHomeHandler(base):  # type: ignore[misc]
        _kept: tuple[dict[str, str], ...] = ()

        async def get(self) -> None:
            """Ask first what is kept."""
            user = self.current_user
            if user is not None:
                self._kept = tuple(await _sessions_of(controller_url, secret_file, user.name))
            await super().get()

        def get_template(self, name: str, sync: bool = False) -> Any:
            """The home page with the list below it."""
            if name != PAGE:
                return super().get_template(name, sync)
            return self.settings["jinja2_env_sync" if sync else "jinja2_env"].from_string(LIST)

        @property
        def template_namespace(self) -> dict[str, Any]:
            """What templates may show."""
            return {**super().template_namespace, "kept_sessions": self._kept}

    return ListingHomeHandler


async def _sessions_of(controller_url: str, secret_file: str, user: str) -> list[dict[str, str]]:
    query = urlencode({"user": user})
    try:
        answer = await AsyncHTTPClient().fetch(
            f"{controller_url.rstrip('/')}/v1/sessions?{query}",
            headers={"Authorization": f"Bearer {_read(secret_file)}"},
            connect_timeout=WAIT_S,
            request_timeout=WAIT_S,
        )
        shown = [each for each in json.loads(answer.body)["sessions"] if each["resume"] and each["phase"] != "ended"]
        return [_row(each) for each in sorted(shown, key=lambda each: -each["updated"])]
    except Exception as error:  # noqa: BLE001 - whatever is wrong with us, users must see their home page
        log.warning("the sessions of %s are not listed: the controller said: %s", user, error)
        return []


def _row(session: dict[str, Any]) -> dict[str, str]:
    at = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(session["snapshot_at"] or session["created"]))
    count, size = session["notebooks"], session["state_bytes"]
    holds = f"{count} notebook{'' if count == 1 else 's'}, {size / 1e6:.1f} MB of variables"
    return {"resume": session["resume"], "at": at, "words": f"{WORDS.get(session['phase'], 'is running')}: {holds}"}


def _read(secret_file: str) -> str:
    return Path(secret_file).read_text().strip()


def _loaded(base: type | str) -> type:
    """The class; by its entry point or its dotted name if need be."""
    if not isinstance(base, str):
        return base
    found = entry_points(group="jupyterhub.authenticators", name=base.lower())
    loaded: type = next(iter(found)).load() if found else import_item(base)
    return loaded
