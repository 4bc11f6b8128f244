"""A cluster's certificate authority, and a certificate with a kubeconfig for each of its components."""

from __future__ import annotations

import json
from pathlib import Path

from tests.rigs.kubernetes.namespaces.layout import API_PORTS
from tests.rigs.kubernetes.plan import HOST, ClusterPlan
from tests.rigs.kubernetes.process import run, write

COMPONENTS = ("kube-controller-manager", "kube-scheduler", "kube-proxy")


def certificates(cluster: ClusterPlan) -> None:
    """Make what is not there yet."""
    pki = cluster.pki
    if (pki / "done").exists():
        return
    pki.mkdir(parents=True, exist_ok=True)
    for name in ("ca", "sa"):
        _key(pki, name)
    subject = f"/CN=session-migrator-rig-{cluster.name}"
    run(
        "openssl",
        "req",
        "-x509",
        "-new",
        "-key",
        pki / "ca.key",
        "-subj",
        subject,
        "-days",
        "365",
        "-out",
        pki / "ca.crt",
    )
    for name, subject in _subjects(cluster).items():
        _certificate(cluster, name, subject)
        _kubeconfig(cluster, name)
    write(pki / "done", "")


def _subjects(cluster: ClusterPlan) -> dict[str, str]:
    return {
        "apiserver": "/CN=kube-apiserver",
        "admin": "/O=system:masters/CN=admin",
        "kubelet-client": "/O=system:masters/CN=kube-apiserver-kubelet-client",
        **{name: f"/CN=system:{name}" for name in COMPONENTS},
        **{node.name: f"/O=system:nodes/CN=system:node:{node.name}" for node in cluster.nodes},
    }


def _key(pki: Path, name: str) -> None:
    run("openssl", "ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", pki / f"{name}.key")


def _certificate(cluster: ClusterPlan, name: str, subject: str) -> None:
    pki = cluster.pki
    _key(pki, name)
    run("openssl", "req", "-new", "-key", pki / f"{name}.key", "-subj", subject, "-out", pki / "csr")
    names = (
        f"subjectAltName=IP:{HOST},IP:127.0.0.1,IP:{cluster.api_ip},DNS:localhost,DNS:kubernetes,"
        "DNS:kubernetes.default,DNS:kubernetes.default.svc"
    )
    extension = write(pki / "ext", f"extendedKeyUsage=clientAuth,serverAuth\n{names if name == 'apiserver' else ''}\n")
    authority = ("-CA", pki / "ca.crt", "-CAkey", pki / "ca.key", "-days", "365", "-extfile", extension)
    run("openssl", "x509", "-req", "-in", pki / "csr", *authority, "-out", pki / f"{name}.crt")


def _kubeconfig(cluster: ClusterPlan, name: str) -> None:
    pki = cluster.pki
    server = {"server": f"https://{HOST}:{API_PORTS[cluster.name]}", "certificate-authority": f"{pki}/ca.crt"}
    user = {"client-certificate": f"{pki}/{name}.crt", "client-key": f"{pki}/{name}.key"}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": cluster.name,
        "clusters": [{"name": cluster.name, "cluster": server}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": cluster.name, "context": {"cluster": cluster.name, "user": name}}],
    }
    write(pki / f"{name}.conf", json.dumps(config), 0o600)
