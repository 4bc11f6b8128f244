"""A member of the federation as in production: JupyterHub and proxy in pods, and the project's chart installed beside them."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.rigs.kubernetes import chart
from tests.rigs.kubernetes.choice import on_kind
from tests.rigs.kubernetes.images import image_name
from tests.rigs.kubernetes.kubectl import kubectl
from tests.rigs.kubernetes.plan import CLUSTERS, HERE, MACHINES, ClusterPlan
from tests.rigs.kubernetes.process import write

NAMESPACE = "jupyter"
SLOW_S = 300.0  # ten Jupyter servers that start at once take their time where the whole federation has two cores
PUBLIC_PORT, CONTROLLER_PORT, REDIRECTOR_PORT = 30080, 30081, 30082
PROFILES = {
    "small": {"title": "2 GB of memory"},
    "large": {"title": "3 GB of memory", "user_options": {"profile": "large"}},
}
FRONT_DOOR = f"http://{CLUSTERS['b'].nodes[0].ip}:{REDIRECTOR_PORT}"  # of the member that tests leave alone


@dataclass(frozen=True)
class Federation:
    """What the members share."""

    store_url: str
    store_key: str
    store_secret: str
    secret: str = field(default_factory=lambda: secrets.token_hex(32))


@dataclass(frozen=True)
class Member:
    """One cluster as a member."""

    cluster: ClusterPlan
    federation: Federation
    binder_token: str = field(default_factory=lambda: secrets.token_hex(16))
    proxy_token: str = field(default_factory=lambda: secrets.token_hex(16))
    migrator_token: str = field(default_factory=lambda: secrets.token_hex(16))

    @property
    def system_node(self) -> str:
        """Where hub and proxy run, so that tests may take the other nodes away."""
        return self.cluster.nodes[0].name

    @property
    def users_node(self) -> str:
        """Where sessions run as long as it takes them: the node that tests hurt."""
        return self.cluster.nodes[-1].name

    @property
    def url(self) -> str:
        """Where browsers find it."""
        return f"http://{self.cluster.nodes[0].ip}:{PUBLIC_PORT}"

    @property
    def controller_url(self) -> str:
        """Where other members' controllers find this one's."""
        return f"http://{self.cluster.nodes[0].ip}:{CONTROLLER_PORT}"

    def install(self, **values: Any) -> None:
        """Install hub, proxy and chart, and wait until they are ready."""
        for name in ("hub.yaml", "policies.yaml"):
            manifest = Template((HERE / "member" / name).read_text()).substitute(self._names())
            kubectl(self.cluster, "apply", "-f", write(self.cluster.folder / name, manifest))
        self._hub_config()
        chart.install(self.cluster, NAMESPACE, self.values() | values)
        for name in ("hub", "proxy"):
            self.kubectl("rollout", "status", f"deployment/{name}", "--timeout=300s")

    def remove(self) -> None:
        """Forget all of it; what is to be kept (the chart's federation secret) goes with the namespace."""
        chart.uninstall(self.cluster, NAMESPACE)
        kubectl(self.cluster, "delete", "namespace", NAMESPACE, "--wait=false")
        self.kubectl("delete", "pods", "--all", "--force", "--grace-period=0")
        kubectl(self.cluster, "wait", "--for=delete", f"namespace/{NAMESPACE}", "--timeout=120s")

    def kubectl(self, *words: object) -> str:
        """Run kubectl in the member's namespace."""
        return kubectl(self.cluster, "--namespace", NAMESPACE, *words)

    def values(self) -> dict[str, Any]:
        """The chart's values."""
        address = self.cluster.service_ip
        at = {name: f"http://{plan.nodes[0].ip}" for name, plan in CLUSTERS.items()}
        members = {name: {"controller": f"{url}:{CONTROLLER_PORT}"} for name, url in at.items()}
        hosts = {
            name: {"url": hub, "hub": hub, "controller": members[name]["controller"]}
            for name, hub in ((name, f"{url}:{PUBLIC_PORT}") for name, url in at.items())
        }
        node_port = {"type": "NodePort", "port": 80}
        return chart.rig_values() | {
            "member": self.cluster.name,
            "store": {
                "url": self.federation.store_url,
                "accessKey": self.federation.store_key,
                "secretKey": self.federation.store_secret,
                "ports": [urlsplit(parse_qs(urlsplit(self.federation.store_url).query)["endpoint"][0]).port],
            },
            "federation": {"secret": self.federation.secret, "members": members},
            "hub": {"url": f"http://{address(10)}:8081/hub/api", "deleteUsers": True},
            "proxy": {"url": f"http://{address(11)}:8001"},
            "gateway": {"service": {"clusterIP": address(20)}},
            "users": {"holdS": SLOW_S, "nodes": {"shared": on_kind()}},  # kubeadm's own pods are on kind's nodes too
            "controller": {
                "service": node_port | {"clusterIP": address(21), "nodePort": CONTROLLER_PORT},
                "allowedCIDRs": [MACHINES, *self._others()],
                "config": {
                    "host_timeout_s": SLOW_S,
                    "public_url": self.url,
                    "redirector_url": FRONT_DOOR,
                    "profiles": PROFILES,
                },
            },
            "redirector": {
                "enabled": True,
                "hosts": hosts,
                "service": node_port | {"nodePort": REDIRECTOR_PORT},
                "config": {"secure_cookies": False},
            },
        }

    def _others(self) -> list[str]:
        """Where the pods of the other clusters are."""
        return [plan.pods for plan in CLUSTERS.values() if plan is not self.cluster]

    def _names(self) -> dict[str, object]:
        return {
            "NAMESPACE": NAMESPACE,
            "SYSTEM_NODE": self.system_node,
            "USERS_NODE": self.users_node,
            "HUB_IMAGE": image_name("hub"),
            "USER_IMAGE": image_name("user"),
            "HUB_ADDRESS": self.cluster.service_ip(10),
            "PROXY_API_ADDRESS": self.cluster.service_ip(11),
            "PUBLIC_PORT": PUBLIC_PORT,
            "MIGRATOR_TOKEN": self.migrator_token,
            "BINDER_TOKEN": self.binder_token,
            "PROXY_TOKEN": self.proxy_token,
            "OTHERS": json.dumps([{"ipBlock": {"cidr": pods}} for pods in self._others()])[1:-1],
        }

    def _hub_config(self) -> None:
        self._config_map("hub", HERE / "member" / "jupyterhub_config.py")
        self._config_map("tiny", HERE.parent / "tiny_pod.py")

    def _config_map(self, name: str, file: Path) -> None:
        manifest = self.kubectl("create", "configmap", name, f"--from-file={file}", "--dry-run=client", "-o", "json")
        self.kubectl("apply", "-f", write(self.cluster.folder / f"{name}-files.json", manifest))
