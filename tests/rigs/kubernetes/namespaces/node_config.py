"""The configuration files of a node's containerd, network plugin, kubelet and kube-proxy."""

from __future__ import annotations

import json

from tests.rigs.kubernetes.namespaces.layout import CGROUP, pods_of
from tests.rigs.kubernetes.plan import CLUSTERS, LOST_S, SHUTDOWN_S, NodePlan
from tests.rigs.kubernetes.process import write

PAUSE = "localhost/session-migrator/pause:rig"
BUS = """<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
  </policy>
</busconfig>
"""


def write_configs(node: NodePlan) -> None:
    """Write all of them into the node's folder."""
    folder = node.folder
    write(folder / "containerd.toml", _containerd(node))
    write(folder / "dbus.conf", BUS)
    write(folder / "cni" / "10-rig.conflist", json.dumps(_network(node)))
    write(folder / "kubelet.yaml", json.dumps(_kubelet(node)))
    write(folder / "proxy.yaml", json.dumps(_proxy(node)))


def _containerd(node: NodePlan) -> str:
    return f"""version = 2
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true   # a sandbox without CAP_SYS_RESOURCE may not lower it
  sandbox_image = "{PAUSE}"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{node.folder}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
"""


def _network(node: NodePlan) -> dict[str, object]:
    addresses = {
        "type": "host-local",
        "dataDir": "/run/cni",
        "ranges": [[{"subnet": pods_of(node)}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    bridge = {"type": "bridge", "bridge": "cni0", "isGateway": True, "hairpinMode": True, "ipam": addresses}
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "1.0.0", "name": "rig", "plugins": [bridge, ports]}


def _kubelet(node: NodePlan) -> dict[str, object]:
    pki = CLUSTERS[node.cluster].pki
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "x509": {"clientCAFile": f"{pki}/ca.crt"},
            "webhook": {"enabled": True},
            "anonymous": {"enabled": False},
        },
        "authorization": {"mode": "Webhook"},
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{CGROUP}/{node.name}",
        "failCgroupV1": False,
        "failSwapOn": False,
        "nodeLeaseDurationSeconds": max(4, LOST_S * 4 // 5),
        "shutdownGracePeriod": f"{SHUTDOWN_S}s",
        "shutdownGracePeriodCriticalPods": "2s",
        "oomScoreAdj": 0,
        "imageGCHighThresholdPercent": 100,  # the images cannot be pulled again
        "resolvConf": "",
        "evictionHard": {"memory.available": "50Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
    }


def _proxy(node: NodePlan) -> dict[str, object]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "clientConnection": {"kubeconfig": f"{CLUSTERS[node.cluster].pki}/kube-proxy.conf"},
        "oomScoreAdj": 0,
        "conntrack": {"maxPerCore": 0, "min": 0},  # these would be set for the whole machine
    }
