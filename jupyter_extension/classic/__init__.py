"""For images whose server is notebook 6: files only.

Its kernels' websockets give no place to record from, so what kernels hold stays behind, and the log, the status and the report say so. The
user's files are saved and come back on another machine, under the same address.
"""

from __future__ import annotations

import os
from typing import Any

from tornado.ioloop import IOLoop
from traitlets.config import Configurable

from jupyter_extension.environment import take_environment
from jupyter_extension.errors import BadSetup
from jupyter_extension.settings import Settings

WORD = "files only: notebook 6 lets nobody record what kernels do. Files move with the session, variables do not."


class SessionMigrator(Settings, Configurable):
    """The same section of the configuration as newer servers read."""


def load_jupyter_server_extension(app: Any) -> None:
    """Notebook 6's way to load an extension; whatever goes wrong in it, the server works as without us."""
    from jupyter_extension.classic.files_session import FilesSession  # noqa: PLC0415 - a server without a session needs none of it
    from jupyter_extension.classic.handlers import add_handlers  # noqa: PLC0415
    from jupyter_extension.link import GatewayLink  # noqa: PLC0415

    try:
        environment = take_environment(os.environ)
    except BadSetup as e:
        app.log.error("the session migrator stays off: %s", e)  # noqa: TRY400 - a wrong setting needs no traceback
        return
    if environment is None:
        return
    app.log.warning("session migrator: %s", WORD)
    session = FilesSession(GatewayLink(environment), environment.gateway_url, app, SessionMigrator(config=app.config))
    add_handlers(app.web_app, session, environment.control_token)
    IOLoop.current().add_callback(session.start)
