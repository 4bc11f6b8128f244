"""The clusters for the tests: built and started once, ended with the run unless somebody had them up before."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from kubernetes.aio.client import Configuration
from kubernetes.aio.config import load_kube_config

from migrator.notice.kubernetes_api import KubernetesApi
from tests.kubernetes.aftermath import told
from tests.kubernetes.launches import Launched, end, launch, launched, run_cell, saved, start_kernel
from tests.rigs.kubernetes import store
from tests.rigs.kubernetes.kubectl import kubectl
from tests.rigs.kubernetes.member import Federation, Member
from tests.rigs.kubernetes.plan import CHECKOUT, CLUSTERS, NODES, ClusterPlan, NodePlan
from tests.rigs.kubernetes.process import RigError
from tests.rigs.kubernetes.rig import RIG, recover_node, which
from tests.rigs.kubernetes.store import remove_store, start_store

TOKENS = ("binder-token-of-the-rig", "proxy-token-of-the-rig", "migrator-token-of-the-rig")


@pytest.fixture(scope="session")
def kept() -> bool:
    """Whether somebody had the clusters up before, and goes on using them."""
    if reason := RIG.obstacle():
        pytest.skip(f"no Kubernetes clusters here: {reason}")
    RIG.build()
    return RIG.running()


@pytest.fixture(scope="session")
def clusters(kept) -> Iterator[dict[str, ClusterPlan]]:
    """Two running clusters: `a` with two nodes, `b` with one."""
    if not kept:
        RIG.down()  # what an earlier run may have left, or old images
        RIG.up()
    yield CLUSTERS
    if not kept:
        RIG.down()


@pytest.fixture(scope="session")
def members(clusters, kept) -> Iterator[dict[str, Member]]:
    """Both clusters as members of one federation: hub, proxy, the chart; S3 beside them."""
    start_store()
    federation = Federation(store.URL, store.KEY, store.SECRET, "the rig's federation secret, kept over runs")
    members = {name: Member(plan, federation, *TOKENS) for name, plan in clusters.items()}
    with ThreadPoolExecutor() as both:
        list(both.map(Member.install, members.values()))
        yield members
        if kept:  # else they go with their clusters
            list(both.map(Member.remove, members.values()))
    remove_store()


@pytest.fixture(autouse=True)
async def ended(request) -> AsyncIterator[None]:
    """A test's sessions end with it: this machine has two cores."""
    members = request.getfixturevalue("members").values() if "members" in request.fixturenames else ()
    known = len(launched)
    yield
    await asyncio.gather(*(end(session, members) for session in launched[known:]))
    del launched[known:]


@pytest.fixture
async def session(members) -> Launched:
    """A session in `a` with a kernel (another Python than the server's), and something to lose that is saved."""
    return await working(await launch(members["a"]))


@pytest.fixture
async def restarting(members) -> Launched:
    """As `session`, in a pod that its kubelet starts again (restartPolicy OnFailure, KubeSpawner's default)."""
    return await working(await launch(members["a"], restart_policy="OnFailure"))


async def working(session: Launched) -> Launched:
    """The session with its work begun."""
    await start_kernel(session)
    assert await run_cell(session, "numbers = list(range(1000)); print(len(numbers))") == "1000\n"
    await saved(session)
    return session


@pytest.fixture
def a2(clusters) -> Iterator[NodePlan]:
    """The node that sessions of `a` run on and that may be hurt; well again afterwards."""
    node = NODES["a2"]
    yield node
    recover_node(node)
    kubectl(clusters["a"], "uncordon", node)
    with contextlib.suppress(RigError):
        kubectl(clusters["a"], "taint", "node", node, "test/gone-")


@pytest.fixture
def switched_off(a2) -> NodePlan:
    """The same, where its kubelet hears of it when the machine is shut down in order."""
    if reason := RIG.no_shutdown(a2):
        pytest.skip(reason)
    return a2


@pytest.fixture
def namespace(clusters, request) -> Iterator[str]:
    """A namespace of its own in cluster `a`, gone after the test."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[:50].strip("-")
    kubectl(clusters["a"], "create", "namespace", name)
    yield name
    kubectl(clusters["a"], "delete", "namespace", name, "--wait=false")
    kubectl(clusters["a"], "delete", "pods", "--all", "-n", name, "--force", "--grace-period=0")


@pytest.fixture
async def api(clusters) -> AsyncIterator[KubernetesApi]:
    """The API of cluster `a`, as its administrator."""
    configuration = Configuration()
    await load_kube_config(str(clusters["a"].kubeconfig), client_configuration=configuration)
    api = KubernetesApi(configuration)
    yield api
    await api.close()


def pytest_report_collectionfinish(items: list[pytest.Item]) -> str:
    """Which clusters the tests run on."""
    return which() if any(item.get_closest_marker("kubernetes") for item in items) else ""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A failed test's report tells its sessions' stories; all logs are kept under test-results/."""
    report = yield
    members = getattr(item, "funcargs", {}).get("members")
    if report.failed and report.when != "teardown" and members:
        folder = CHECKOUT / "test-results" / "kubernetes" / re.sub(r"\W+", "-", item.name).strip("-")
        report.sections += told(members.values(), launched, folder, report.duration + 60)
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test of a cold machine waits for Kubernetes to be compiled."""
    for item in items:
        if item.get_closest_marker("kubernetes"):
            item.add_marker(pytest.mark.timeout(3600 if item is items[0] else 900))
