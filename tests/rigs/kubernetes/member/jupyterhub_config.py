"""The hub of a member: as BinderHub drives it, with users of one launch each, who come with their server's token.

All that it has to do with the migrator is its last line.
"""

import os

from kubespawner import KubeSpawner

c = get_config()  # noqa: F821 - given by traitlets
TINY = ["sh", "-c", 'TINY_ADDRESS=$(hostname -i) TINY_ALIVE_S=5 exec python3 /srv/tiny/tiny_pod.py "$@"', "tiny"]


class BinderSpawner(KubeSpawner):
    """The server asks for the token that came with the launch, not for a login at the hub (binderhub's spawner does so)."""

    def get_args(self):
        """What the server needs to live at its place behind the proxy."""
        options = self.user_options
        if options.get("tiny"):
            return [str(self.port), self.server.base_url]
        return [
            "--ServerApp.ip=0.0.0.0",
            f"--ServerApp.port={self.port}",
            f"--ServerApp.base_url={self.server.base_url}",
            f"--IdentityProvider.token={options.get('token', '')}",
            "--ServerApp.allow_origin=*",
            "--ServerApp.trust_xheaders=True",
            "--LabApp.expose_app_in_browser=True",  # for tests that look into the page
        ]

    async def start(self):
        """The image is the launch's choice, and here whether its pod starts again, and whether a tiny server will do."""
        self.image = self.user_options.get("image", self.image)
        policy = self.user_options.get("restart_policy", "Never")
        self.extra_pod_config = {**self.extra_pod_config, "restartPolicy": policy}
        if self.user_options.get("tiny"):
            self.cmd = TINY
            self.mem_guarantee = "64M"  # a node is to carry fifty of them
            self.volumes = [{"name": "tiny", "configMap": {"name": "tiny"}}]
            self.volume_mounts = [{"name": "tiny", "mountPath": "/srv/tiny"}]
        return await super().start()


hub, proxy = os.environ["HUB_ADDRESS"], os.environ["PROXY_API"]
c.JupyterHub.hub_bind_url = "http://0.0.0.0:8081"
c.JupyterHub.hub_connect_url = f"http://{hub}:8081"
c.JupyterHub.cleanup_servers = False
c.JupyterHub.authenticator_class = "null"
c.ConfigurableHTTPProxy.should_start = False
c.ConfigurableHTTPProxy.api_url = proxy
c.JupyterHub.services = [
    {"name": "session-migrator", "api_token": os.environ["MIGRATOR_TOKEN"]},
    {"name": "binder", "api_token": os.environ["BINDER_TOKEN"]},
]
scopes = ["admin:users", "admin:servers"]
c.JupyterHub.load_roles = [
    {"name": name, "scopes": scopes, "services": [name]} for name in ("session-migrator", "binder")
]

c.JupyterHub.spawner_class = BinderSpawner
c.KubeSpawner.namespace = os.environ["NAMESPACE"]
c.KubeSpawner.image = os.environ["USER_IMAGE"]
c.KubeSpawner.image_pull_policy = "Never"
c.KubeSpawner.cmd = ["jupyter-lab"]
c.KubeSpawner.uid, c.KubeSpawner.gid, c.KubeSpawner.fs_gid = 1000, 100, 100
c.KubeSpawner.allow_privilege_escalation = False
c.KubeSpawner.automount_service_account_token = False
c.KubeSpawner.extra_labels = {"hub.jupyter.org/network-access-hub": "true"}
c.KubeSpawner.extra_pod_config = {"enableServiceLinks": False}
c.KubeSpawner.container_security_context = {
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [os.environ["USERS_NODE"]]}
c.KubeSpawner.node_affinity_preferred = [{"weight": 100, "preference": {"matchExpressions": [here]}}]
c.KubeSpawner.cpu_guarantee, c.KubeSpawner.cpu_limit = 0.01, 1
c.KubeSpawner.mem_guarantee, c.KubeSpawner.mem_limit = "450M", "2G"  # as on mybinder.org
c.KubeSpawner.profile_list = [
    {"display_name": "2 GB", "slug": "small", "default": True},
    {"display_name": "3 GB", "slug": "large", "kubespawner_override": {"mem_limit": "3G"}},
    {"display_name": "700 MB", "slug": "narrow", "kubespawner_override": {"mem_limit": "700M"}},
]
c.KubeSpawner.start_timeout = c.KubeSpawner.http_timeout = 300

load_subconfig("/etc/session-migrator/hub_config.py")  # noqa: F821 - given by traitlets
