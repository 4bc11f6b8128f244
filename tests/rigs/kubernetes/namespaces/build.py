"""What this rig needs on the machine: Debian's packages, Kubernetes compiled from the Go module proxy, Helm, the images."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

from tests.rigs.kubernetes.go import environment, go
from tests.rigs.kubernetes.images import built_images
from tests.rigs.kubernetes.namespaces.golden import unpack
from tests.rigs.kubernetes.namespaces.layout import HERE
from tests.rigs.kubernetes.plan import BIN, CACHE, KUBERNETES, POLICIES, POLICY_ENGINE
from tests.rigs.kubernetes.process import run, write
from tests.rigs.kubernetes.tools import NICE, alone, build_helm, install_packages

PACKAGES = [
    "containerd",
    "dbus-daemon",
    "runc",
    "containernetworking-plugins",
    "iptables",
    "nftables",
    "conntrack",
    "mmdebstrap",
    "openssl",
    "iproute2",
    "ethtool",
]
COMPONENTS = [
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
    "kubelet",
    "kubectl",
    "logind",
]


def build() -> None:
    """Build everything that is not built yet: 10 to 30 minutes the first time on two cores, a minute after a change."""
    with alone():
        install_packages(PACKAGES)
        build_kubernetes()
        build_helm()
        build_policies()
        build_pause()
        unpack(built_images())


def kube_all() -> Path:
    """The program of all components, named after what it is made of."""
    sources = b"".join(path.read_bytes() for path in sorted((HERE / "kube-all").glob("*.go")))
    return BIN / f"kube-all-{KUBERNETES}-{hashlib.sha256(sources).hexdigest()[:8]}"


def build_kubernetes() -> None:
    """One program of all components, told apart by the name that it is called by."""
    out = kube_all()
    if not out.exists():
        source = CACHE / "src"
        _module(source)
        package = "k8s.io/component-base/version.git"
        major, minor, _ = KUBERNETES[1:].split(".", 2)
        version = f"-X {package}Version={KUBERNETES} -X {package}Major={major} -X {package}Minor={minor}"
        flags = ("-ldflags", f"-s -w {version} -X {package}TreeState=clean")
        run(*NICE, go(), "build", "-p", "2", "-trimpath", *flags, "-o", out, ".", cwd=source, env=environment())
    for name in COMPONENTS:
        (BIN / name).unlink(missing_ok=True)
        (BIN / name).symlink_to(out.name)


def build_policies() -> None:
    """What enforces NetworkPolicies, with Kubernetes' own libraries as they were compiled above."""
    main = HERE / "policies" / "main.go"
    out = BIN / f"policies-{POLICIES}-{hashlib.sha256(main.read_bytes()).hexdigest()[:8]}"
    if not out.exists():
        source = CACHE / "src-policies"
        source.mkdir(parents=True, exist_ok=True)
        shutil.copy(main, source)
        known = [f"k8s.io/{name} {_published()}" for name in ("api", "apimachinery", "client-go")]
        needed = "\n".join(f"require {each}" for each in (f"{POLICY_ENGINE} {POLICIES}", *known))
        write(source / "go.mod", f"module policies\n\ngo 1.24.0\n\n{needed}\n")
        flags = ("-ldflags", "-s -w", "-o", out)
        run(*NICE, go(), "build", "-p", "2", "-trimpath", *flags, ".", cwd=source, env=environment())
    (BIN / "policies").unlink(missing_ok=True)
    (BIN / "policies").symlink_to(out.name)


def build_pause() -> None:
    """The first process of each pod."""
    out = BIN / "pause-root" / "pause"
    if not out.exists():
        run(go(), "build", "-trimpath", "-ldflags", "-s -w", "-o", out, HERE / "pause" / "main.go", env=environment())


def _module(source: Path) -> None:
    """Write the module: Kubernetes' own go.mod, its staging folders replaced by the modules published from them."""
    source.mkdir(parents=True, exist_ok=True)
    for path in (HERE / "kube-all").glob("*.go"):
        shutil.copy(path, source)
    info = json.loads(run(go(), "mod", "download", "-json", f"k8s.io/kubernetes@{KUBERNETES}", env=environment()))
    published = _published()
    text = Path(info["GoMod"]).read_text()
    text = text.replace("module k8s.io/kubernetes", f"module rig\n\nrequire k8s.io/kubernetes {KUBERNETES}")
    text = re.sub(r"(k8s\.io/[\w-]+) v0\.0\.0(?=\s)", rf"\1 {published}", text)
    text = re.sub(r"(k8s\.io/[\w-]+) => \./staging/\S+", rf"\1 => \1 {published}", text)
    write(source / "go.mod", text)


def _published() -> str:
    """The version of Kubernetes' parts: v1.34.4's are published as v0.34.4."""
    return "v0" + KUBERNETES[2:]
