"""The chart: faultless, refused where values are wrong, accepted by a real API server, and not a permission too many."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from tests.rigs.kubernetes import chart
from tests.rigs.kubernetes.kubectl import kubectl
from tests.rigs.kubernetes.process import RigError, write

pytestmark = pytest.mark.kubernetes

EVERYTHING = {
    "member": "a",
    "store": {"url": "s3://bucket/prefix", "accessKey": "key", "secretKey": "secret"},
    "federation": {
        "members": {"a": {"controller": "http://a", "weight": 2}, "b": {"controller": "http://b", "relay": "http://b"}}
    },
    "redirector": {
        "enabled": True,
        "hosts": {"a": {"url": "https://a", "prime": True}},
        "ingress": {"enabled": True, "host": "binder.example.org", "tlsSecret": "tls"},
    },
    "metadata": {"provider": "aws"},
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "dashboard": {"enabled": True},
    "gateway": {"config": {"lease_s": 30.0}},
}
NEEDS_OPERATOR = {"ServiceMonitor"}


@pytest.fixture
def rendered(clusters, tmp_path):
    """Every object that the chart can make."""
    return [item for item in yaml.safe_load_all(chart.render(tmp_path, EVERYTHING)) if item]


def pod_specs(objects):
    """The pods that the objects make."""
    for item in objects:
        if item["kind"] in {"Deployment", "DaemonSet"}:
            yield item["metadata"]["name"], item["spec"]["template"]["spec"]
        elif item["kind"] == "Pod":
            yield item["metadata"]["name"], item["spec"]


@pytest.mark.parametrize("values", [{"store": {"url": "s3://bucket"}}, EVERYTHING], ids=["least", "everything"])
def test_lint(clusters, tmp_path, values):
    assert "0 chart(s) failed" in chart.lint(tmp_path, values)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"store": {"url": ""}}, "url"),
        ({"store": {"url": "ftp://x"}}, "url"),
        ({"store": {"url": "s3://x"}, "member": "Not A Name"}, "member"),
        ({"store": {"url": "s3://x"}, "federation": {"secret": "short"}}, "secret"),
        ({"store": {"url": "s3://x"}, "gatway": {}}, "gatway"),
        ({"store": {"url": "s3://x", "accessKey": "k"}}, "store.secretKey is needed"),
    ],
)
def test_wrong_values_are_refused_by_name(clusters, tmp_path, values, named):
    with pytest.raises(RigError, match=re.escape(named)):
        chart.render(tmp_path, values)


def test_an_api_server_takes_every_object(clusters, rendered, namespace, tmp_path):
    objects = [item for item in rendered if item["kind"] not in NEEDS_OPERATOR]
    accounts = [item for item in objects if item["kind"] == "ServiceAccount"]  # a pod is refused without its account
    kubectl(clusters["a"], "apply", "-n", namespace, "-f", as_list(tmp_path / "accounts.json", accounts))
    everything = as_list(tmp_path / "all.json", objects)
    applied = kubectl(
        clusters["a"], "apply", "-n", namespace, "--dry-run=server", "--validate=strict", "-f", everything
    )
    assert len(applied.splitlines()) == len(objects)


def as_list(path, objects):
    """A file with all of them."""
    return write(path, json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))


def test_all_pods_fit_the_restricted_standard(clusters, rendered, namespace, tmp_path):
    kubectl(clusters["a"], "label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")
    for name, spec in pod_specs(rendered):
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name},
            "spec": {**spec, "serviceAccountName": "default"},
        }
        file = write(tmp_path / f"{name}.json", json.dumps(pod))
        kubectl(clusters["a"], "apply", "-n", namespace, "--dry-run=server", "-f", file)
    assert len(list(pod_specs(rendered))) == 5


def test_every_container_has_bounds(rendered):
    for name, spec in pod_specs(rendered):
        for container in spec["containers"]:
            assert container["resources"]["limits"]["memory"], name
            assert container["resources"]["requests"]["cpu"], name


def test_only_the_controller_has_a_token(rendered):
    with_token = [name for name, spec in pod_specs(rendered) if spec.get("automountServiceAccountToken")]
    assert with_token == ["session-migrator-controller"]


def test_the_controllers_rights_are_these_and_no_more(rendered):
    rules = {
        (item["kind"], resource): sorted(rule["verbs"])
        for item in rendered
        if item["kind"] in {"Role", "ClusterRole"}
        for rule in item["rules"]
        if "resourceNames" not in rule
        for resource in rule["resources"]
    }
    assert rules == {
        ("Role", "pods"): ["get", "list", "patch", "watch"],
        ("Role", "events"): ["create", "patch"],
        ("Role", "leases"): ["create"],
        ("ClusterRole", "nodes"): ["get", "list", "watch"],
    }


def test_pods_of_other_namespaces_are_seen_only_where_nodes_are_shared(clusters, tmp_path):
    values = EVERYTHING | {"users": {"nodes": {"shared": True}}}
    objects = [item for item in yaml.safe_load_all(chart.render(tmp_path, values)) if item]
    rules = [rule for item in objects if item["kind"] == "ClusterRole" for rule in item["rules"]]
    assert [(rule["resources"], rule["verbs"]) for rule in rules] == [(["nodes", "pods"], ["get", "list", "watch"])]


def test_every_service_of_a_member_knows_which_one_it_is(rendered):
    """A gateway that does not would take the word of another member's standby."""
    files = next(item["data"] for item in rendered if "gateway.py" in (item.get("data") or {}))
    for service in ("Gateway", "Controller"):
        assert f'c.{service}.member = "a"' in files[f"{service.lower()}.py"].split("\n")


def test_the_dashboard_asks_for_metrics_that_exist(rendered):
    boards = [
        item for item in rendered if item["kind"] == "ConfigMap" and item["metadata"]["name"].endswith("-dashboard")
    ]
    board = json.loads(boards[0]["data"]["session-migrator.json"])
    asked = {
        name
        for panel in board["panels"]
        for target in panel["targets"]
        for name in re.findall(r"migrator_\w+", target["expr"])
    }
    source = "\n".join(path.read_text() for path in chart.CHECKOUT.glob("migrator/**/*.py"))
    unknown = {name for name in asked if f'"{name.removesuffix("_total")}"' not in source}
    assert asked
    assert not unknown


def test_the_secret_outlives_upgrades(members):
    member = members["a"]
    path = "jsonpath={.data.secret}"
    before = member.kubectl("get", "secret", "session-migrator-notices", "-o", path)
    member.install()
    assert member.kubectl("get", "secret", "session-migrator-notices", "-o", path) == before


def test_helm_test(members):
    assert "Succeeded" in chart.run_tests(members["a"].cluster, "jupyter")
