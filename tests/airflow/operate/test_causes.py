"""Why a task went wrong, as the ends of Airflow's logs tell it: the word, the sentence, and what to do."""

from __future__ import annotations

import pytest

from compiler.backends.airflow.operate.causes import SHOWN, cause

LOGS = [
    (
        "Container 'base': state='TERMINATED', reason='OOMKilled', exit_code=137, message='None'",
        "OOMKilled",
        "raise `memory`",
    ),
    (
        "PodLaunchFailedException: Image cannot be pulled, unable to start: ErrImagePull",
        "ErrImagePull",
        "flowc image",
    ),
    (
        "Container 'base': state='WAITING', reason='ImagePullBackOff', message='Back-off'",
        "ImagePullBackOff",
        "image_pull_secrets",
    ),
    ("Image cannot be pulled, unable to start: InvalidImageName", "InvalidImageName", "flowc image"),
    ('CreateContainerConfigError: secret "db" not found', "CreateContainerConfigError", "a Secret, ConfigMap or key"),
    ("Pod took too long to be scheduled on the cluster, giving up. More than 120s.", "Unschedulable", "ask for less"),
    ("Pod Event: FailedScheduling - 0/3 nodes are available: 3 Insufficient cpu.", "Unschedulable", "ask for less"),
    ("Pod took too long to start. More than 120s. Check the pod events", "PodLaunchTimeout", "startup_timeout_seconds"),
    ("Pod phase: Failed, reason: Evicted", "Evicted", "flowc retry"),
    ("Pod phase: Failed, reason: DeadlineExceeded", "DeadlineExceeded", "@timeout"),
    ("AirflowTaskTimeout: Timeout, PID: 7", "AirflowTaskTimeout", "execution_timeout"),
    ("Pod phase: Failed, reason: NodeLost", "NodeLost", "flowc retry"),
    ("Dag not found during start up", "DagNotFound", "flowc airflow deploy"),
    ("pods is forbidden: User system:serviceaccount:a:b cannot create", "Forbidden", "service account"),
    ("The conn_id `kubernetes_other` isn't defined", "NoConnection", "make the connection"),
    ("Detected zombie job", "HeartbeatTimeout", "flowc retry"),
    ("State of this instance has been externally set to failed. Terminating instance.", "EndedFromOutside", "by hand"),
    ("AirflowException: Pod fit-x returned a failure: exit 1", "failed", "flowc logs"),
]


@pytest.mark.parametrize(("line", "reason", "cure"), LOGS)
def test_the_cause_is_the_engines_own_word_with_a_cure(line: str, reason: str, cure: str) -> None:
    found = cause(["[base] training", "", line, "Post task execution"])
    assert found.reason == reason
    assert found.message == line
    assert cure in found.cure


def test_what_is_worse_is_told_before_what_follows_from_it() -> None:
    found = cause(["Pod phase: Failed, reason: DeadlineExceeded", "state='TERMINATED', reason='OOMKilled'"])
    assert found.reason == "OOMKilled"


def test_a_sentence_is_one_bounded_line() -> None:
    found = cause(["x" * 5000 + " reason='OOMKilled' " + "y" * 5000])
    assert len(found.message) <= SHOWN + 1
    assert "OOMKilled" in found.message


def test_a_log_that_says_nothing_has_no_cause() -> None:
    assert cause(["hello"]).message == ""
