"""A cluster's control plane: etcd, API server, controller manager and scheduler as processes of this machine."""

from __future__ import annotations

import shutil
import signal

from tests.rigs.kubernetes.kubectl import api_answers
from tests.rigs.kubernetes.namespaces.layout import API_PORTS, ETCD_PORTS
from tests.rigs.kubernetes.namespaces.pki import certificates
from tests.rigs.kubernetes.plan import BIN, HOST, LOST_S, ClusterPlan
from tests.rigs.kubernetes.process import spawn, stop, wait_for

PROCESSES = ("kube-scheduler", "kube-controller-manager", "kube-apiserver", "etcd")


def start_api(cluster: ClusterPlan) -> None:
    """Start etcd and the API server."""
    certificates(cluster)
    _etcd(cluster)
    start_api_server(cluster)


def start_controllers(cluster: ClusterPlan) -> None:
    """Start what makes the API's wishes come true, as soon as the API answers."""
    wait_for(f"API server {cluster.name}", lambda: api_answers(cluster))
    folder, pki = cluster.folder, cluster.pki
    spawn(
        folder,
        "kube-controller-manager",
        BIN / "kube-controller-manager",
        f"--kubeconfig={pki}/kube-controller-manager.conf",
        f"--service-account-private-key-file={pki}/sa.key",
        f"--root-ca-file={pki}/ca.crt",
        "--leader-elect=false",
        "--use-service-account-credentials",
        "--secure-port=0",
        "--allocate-node-cidrs=false",
        f"--node-monitor-grace-period={LOST_S}s",
        "--node-monitor-period=2s",
    )
    scheduler = f"--kubeconfig={pki}/kube-scheduler.conf"
    spawn(folder, "kube-scheduler", BIN / "kube-scheduler", scheduler, "--leader-elect=false", "--secure-port=0")


def stop_cluster(cluster: ClusterPlan) -> None:
    """End the control plane and forget it: nothing of it is kept, so SIGKILL (an orderly end takes 10 s)."""
    for name in PROCESSES:
        stop(cluster.folder, name, signal.SIGKILL)
    shutil.rmtree(cluster.folder, ignore_errors=True)


def stop_api_server(cluster: ClusterPlan) -> None:
    """Take the API server away; start_api_server brings it back with all its objects."""
    stop(cluster.folder, "kube-apiserver", signal.SIGKILL)


def start_api_server(cluster: ClusterPlan) -> None:
    """Start the API server on the cluster's etcd."""
    pki = cluster.pki
    spawn(
        cluster.folder,
        "kube-apiserver",
        BIN / "kube-apiserver",
        f"--etcd-servers=http://127.0.0.1:{ETCD_PORTS[cluster.name]}",
        f"--secure-port={API_PORTS[cluster.name]}",
        f"--bind-address={HOST}",
        f"--advertise-address={HOST}",
        f"--service-cluster-ip-range={cluster.services}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged",
        f"--client-ca-file={pki}/ca.crt",
        f"--tls-cert-file={pki}/apiserver.crt",
        f"--tls-private-key-file={pki}/apiserver.key",
        f"--kubelet-client-certificate={pki}/kubelet-client.crt",
        f"--kubelet-client-key={pki}/kubelet-client.key",
        "--kubelet-preferred-address-types=InternalIP",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={pki}/sa.key",
        f"--service-account-signing-key-file={pki}/sa.key",
    )


def _etcd(cluster: ClusterPlan) -> None:
    port = ETCD_PORTS[cluster.name]
    url, peer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}"
    spawn(
        cluster.folder,
        "etcd",
        BIN / "etcd",
        f"--data-dir={cluster.folder}/etcd-data",
        f"--listen-client-urls={url}",
        f"--advertise-client-urls={url}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    )
