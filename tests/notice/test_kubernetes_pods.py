"""Every way in which Kubernetes says that a pod will go, as one notice."""

from __future__ import annotations

import pytest

from migrator.notice.event import Cause
from migrator.notice.kubernetes_pods import has_ended, pod_notice, vanished_notice
from tests.notice.kubernetes_objects import LATER, NOW, disrupted, pod


def test_nothing_threatens_a_running_pod():
    assert pod_notice(pod(), NOW) is None


def test_a_deletion_has_its_end_as_the_deadline():
    doomed = pod()
    doomed["metadata"]["deletionTimestamp"] = LATER
    notice = pod_notice(doomed, NOW)
    assert (notice.cause, notice.deadline) == (Cause.STOPPED, NOW + 60)
    assert (notice.session, notice.machine, notice.address) == ("session-one", "a2", "10.0.0.9")


@pytest.mark.parametrize(("state", "cause"), [("running", Cause.FORCED), ("terminated", Cause.STOPPED)])
def test_a_deletion_without_grace_is_forced_unless_the_pod_has_ended(state, cause):
    doomed = pod(containerStatuses=[{"state": {state: {}}}])
    doomed["metadata"].update(deletionTimestamp=LATER, deletionGracePeriodSeconds=0)
    assert pod_notice(doomed, NOW).cause is cause


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("EvictionByEvictionAPI", Cause.EVICTED),
        ("DeletionByTaintManager", Cause.TAINTED),
        ("PreemptionByScheduler", Cause.PREEMPTED),
        ("TerminationByKubelet", Cause.SHUTDOWN),
        ("DeletionByPodGC", Cause.LOST),
        ("AReasonOfTomorrow", Cause.EVICTED),
    ],
)
def test_the_disruption_condition_names_the_cause(reason, cause):
    notice = pod_notice(pod(conditions=disrupted(reason)), NOW)
    assert (notice.cause, notice.deadline) == (cause, NOW + 30)
    assert reason in notice.detail


def test_a_condition_that_is_false_says_nothing():
    conditions = [{"type": "DisruptionTarget", "status": "False"}]
    assert pod_notice(pod(conditions=conditions), NOW) is None


def test_a_kill_for_memory_is_told_as_one():
    terminated = {"state": {"terminated": {"reason": "OOMKilled", "exitCode": 137}}}
    notice = pod_notice(pod(phase="Failed", containerStatuses=[terminated]), NOW)
    assert (notice.cause, notice.deadline) == (Cause.OUT_OF_MEMORY, NOW)


def test_a_pod_that_ended_by_itself_is_stopped():
    assert pod_notice(pod(phase="Succeeded"), NOW).cause is Cause.STOPPED


def test_a_pod_whose_object_vanishes_after_its_end_is_lost():
    ended = pod(containerStatuses=[{"state": {"terminated": {"exitCode": 0}}}])
    notice = vanished_notice(ended, NOW)
    assert (notice.cause, notice.deadline) == (Cause.LOST, NOW)


@pytest.mark.parametrize("statuses", [[], [{"state": {"running": {}}}]])
def test_a_pod_whose_object_vanishes_before_its_end_has_a_moment_left(statuses):
    notice = vanished_notice(pod(containerStatuses=statuses), NOW)
    assert (notice.cause, notice.deadline) == (Cause.FORCED, NOW + 2)


def test_a_failed_phase_alone_is_no_end():
    """The garbage collector sets it for pods of nodes that nobody has heard of."""
    assert not has_ended(pod(phase="Failed", containerStatuses=[{"state": {"running": {}}}]))
