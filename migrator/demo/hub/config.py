"""JupyterHub's own configuration file for a member of the demo, close to mybinder.org's.

Users are random names made through the API, nobody logs in, and the proxy is a process of its own that outlives the
hub.
"""

from __future__ import annotations

from typing import Any

from migrator.demo.hub.settings import load
from migrator.demo.hub.spawner import MachineSpawner
from migrator.launch.hub_hook import session_hook
from migrator.launch.hub_proxy import patient_proxy

c: Any = get_config()  # type: ignore[name-defined]  # noqa: F821 - given by traitlets
demo = load()

c.JupyterHub.bind_url = f"http://127.0.0.1:{demo.public_port}/"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{demo.hub_port}"
c.JupyterHub.db_url = f"sqlite:///{demo.folder}/hub.sqlite"
c.JupyterHub.cookie_secret_file = f"{demo.folder}/cookie_secret"
c.JupyterHub.authenticator_class = "null"
c.JupyterHub.cleanup_servers = False  # the demo ends all that runs on its machines
c.JupyterHub.cleanup_proxy = False
c.JupyterHub.log_level = "INFO"

c.JupyterHub.proxy_class = patient_proxy(demo.controller_url, demo.federation_secret_file)
c.ConfigurableHTTPProxy.should_start = False
c.ConfigurableHTTPProxy.api_url = demo.proxy_api_url
c.ConfigurableHTTPProxy.auth_token = demo.proxy_token

c.JupyterHub.spawner_class = MachineSpawner
c.Spawner.pre_spawn_hook = session_hook(demo.controller_url, demo.federation_secret_file)
c.Spawner.start_timeout = 180
c.Spawner.http_timeout = 180

c.JupyterHub.services = [{"name": name, "api_token": token} for name, token in demo.tokens.items()]
c.JupyterHub.load_roles = [
    {"name": name, "scopes": ["admin:users", "admin:servers", "proxy"], "services": [name]} for name in demo.tokens
]
