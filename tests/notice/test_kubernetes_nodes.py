"""What a node's taints, cordon and conditions mean for a pod on it."""

from __future__ import annotations

import pytest

from migrator.notice.event import Cause
from migrator.notice.kubernetes_nodes import node_notice
from tests.notice.kubernetes_objects import NOW, node, pod, taint


def test_a_node_without_taints_says_nothing():
    assert node_notice(node(), pod(), NOW) is None


@pytest.mark.parametrize(
    ("key", "cause", "left"),
    [
        ("aws-node-termination-handler/spot-itn", Cause.RECLAIMED, 110),
        ("cloud.google.com/impending-node-termination", Cause.RECLAIMED, 12),
        ("aws-node-termination-handler/rebalance-recommendation", Cause.AT_RISK, None),
        ("karpenter.sh/disrupted", Cause.SCALED_DOWN, None),
        ("ToBeDeletedByClusterAutoscaler", Cause.SCALED_DOWN, None),
    ],
)
def test_known_terminators(key, cause, left):
    notice = node_notice(node(taint(key)), pod(), NOW)
    assert notice.cause is cause
    assert notice.deadline == (None if left is None else NOW + left)


def test_a_cordon_is_a_warning_without_a_time():
    notice = node_notice(node(taint("node.kubernetes.io/unschedulable"), unschedulable=True), pod(), NOW)
    assert (notice.cause, notice.deadline) == (Cause.DRAINED, None)


def test_the_most_pressing_warning_counts():
    both = node(taint("aws-node-termination-handler/spot-itn"), unschedulable=True)
    assert node_notice(both, pod(), NOW).cause is Cause.RECLAIMED


def test_no_execute_counts_down_from_the_toleration_and_the_grace():
    doomed = pod()
    assert node_notice(node(taint("x", "NoExecute")), doomed, NOW).deadline == NOW + 30
    doomed["spec"]["tolerations"] = [{"key": "x", "operator": "Exists", "tolerationSeconds": 100}]
    notice = node_notice(node(taint("x", "NoExecute")), doomed, NOW)
    assert (notice.cause, notice.deadline) == (Cause.TAINTED, NOW + 130)


@pytest.mark.parametrize(
    "toleration",
    [
        {"operator": "Exists"},
        {"key": "x", "operator": "Equal", "value": "y", "effect": "NoExecute"},
        {"key": "x", "value": "y"},
    ],
)
def test_a_taint_tolerated_for_ever_is_no_threat(toleration):
    calm = pod()
    calm["spec"]["tolerations"] = [toleration]
    assert node_notice(node(taint("x", "NoExecute", "y")), calm, NOW) is None


@pytest.mark.parametrize(
    "toleration", [{"key": "x", "value": "other"}, {"key": "x", "operator": "Exists", "effect": "NoSchedule"}]
)
def test_a_toleration_of_something_else_does_not_help(toleration):
    doomed = pod()
    doomed["spec"]["tolerations"] = [toleration]
    assert node_notice(node(taint("x", "NoExecute", "y")), doomed, NOW).cause is Cause.TAINTED


@pytest.mark.parametrize("effect", ["NoSchedule", "PreferNoSchedule"])
def test_taints_for_new_pods_only_are_no_threat(effect):
    assert node_notice(node(taint("dedicated", effect)), pod(), NOW) is None


@pytest.mark.parametrize(
    ("status", "message", "cause", "deadline"),
    [
        ("Unknown", "Kubelet stopped posting node status.", Cause.LOST, NOW),
        ("False", "node is shutting down", Cause.SHUTDOWN, NOW + 5),
    ],
)
def test_a_node_that_is_not_ready(status, message, cause, deadline):
    sick = node()
    sick["status"]["conditions"] = [{"type": "Ready", "status": status, "message": message}]
    notice = node_notice(sick, pod(), NOW)
    assert (notice.cause, notice.deadline) == (cause, deadline)


def test_a_node_with_a_broken_network_plugin_keeps_its_pods():
    sick = node()
    sick["status"]["conditions"] = [{"type": "Ready", "status": "False", "message": "cni plugin not initialized"}]
    assert node_notice(sick, pod(), NOW) is None


def test_azure_announces_an_event():
    warned = node()
    warned["status"]["conditions"] = [{"type": "VMEventScheduled", "status": "True", "message": "Preempt Scheduled"}]
    assert node_notice(warned, pod(), NOW).cause is Cause.MAINTENANCE
