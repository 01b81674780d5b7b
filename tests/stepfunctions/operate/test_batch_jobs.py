"""Why a job failed, waits or has no log, as AWS Batch tells it: the answers are stubs, after AWS's documentation (see `stubs`)."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from compiler.backends.operating import EngineTask, NotThereError
from tests.stepfunctions.operate.stubs import Told, answering, described, job

ESSENTIAL = "Essential container in task exited"


def one_task(status: str, execution: str = "FAILED", **more: Any) -> EngineTask:
    """The only task of a run whose job is so; `queue` and `environment` are what Batch tells of these."""
    queue, environment = more.pop("queue", None), more.pop("environment", None)
    told = Told()
    told.add("ExecutionStarted", executionStartedEventDetails={"input": "{}"})
    told.task("a", "2.0", "j1")
    if execution != "RUNNING":
        told.failed("TaskFailed", "States.TaskFailed", "{")
    batch = [job(status, **more)]
    if queue is not None:
        batch.append(("describe_job_queues", {"jobQueues": [{**QUEUE, **queue}]}))
    if environment is not None:
        found = [{"computeEnvironmentName": "c", "computeEnvironmentArn": "c", "ecsClusterArn": "e", **environment}]
        batch.append(("describe_compute_environments", {"computeEnvironments": found}))
    answers = {"stepfunctions": [described(execution), told.answer], "batch": batch}
    with answering(answers) as engine:
        (task,) = engine.run("sfn-Flow-run1").tasks
    assert (task.step, task.index, task.node) == ("a", "2.0", "j1")
    return task


QUEUE = {
    "jobQueueName": "q",
    "jobQueueArn": "q",
    "state": "ENABLED",
    "status": "VALID",
    "priority": 1,
    "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": "c"}],
}
VALID = {"state": "ENABLED", "status": "VALID"}


@pytest.mark.parametrize(
    ("status", "container", "reason", "cure"),
    [
        (ESSENTIAL, {"exitCode": 1}, "exit code 1", "`flowc logs` has its traceback"),
        (ESSENTIAL, {"exitCode": 75}, "exit code 75", "the job role's rights"),
        (ESSENTIAL, {"exitCode": 137}, "exit code 137", "want of memory"),
        (ESSENTIAL, {"exitCode": 9}, "exit code 9", "see its log"),
        (
            ESSENTIAL,
            {"exitCode": 137, "reason": "OutOfMemoryError: Container killed due to memory usage"},
            "OutOfMemoryError",
            "@resources(memory=…)",
        ),
        (
            "Task failed to start",
            {"reason": "CannotPullContainerError: pull image manifest has been retried 1 time(s): f:0: not found"},
            "CannotPullContainerError",
            "flowc image",
        ),
        ("Host EC2 (instance i-0a1b2c3d4e5f) terminated.", {}, "HostTerminated", "spot_attempts"),
        ("Job attempt duration exceeded timeout", {}, "JobTimeout", "@timeout"),
        ("ResourceInitializationError: unable to pull secrets", {}, "ResourceInitializationError", "execution role"),
        ("CannotStartContainerError: Error response from daemon", {}, "CannotStartContainerError", "entry point"),
        ("Canceled by JobStateTimeLimit action due to reason: X", {}, "JobStateTimeLimit", "the queue ends jobs"),
        ("ECS was unable to assume the role 'arn:r'", {}, "AccessDenied", "--policy"),
        ("A word that nobody knows", {}, "A word that nobody knows", "see the job in AWS Batch"),
        ("", {}, "FAILED", "see the job in AWS Batch"),
    ],
)
def test_a_failure_has_batch_s_word_and_a_cure(status: str, container: dict[str, Any], reason: str, cure: str) -> None:
    """The container's own reason goes before the status's."""
    task = one_task("FAILED", statusReason=status, container=container)
    assert (task.phase, task.reason) == ("failed", reason)
    assert cure in task.cure
    assert task.message == (container.get("reason") or status)


def test_a_spot_retry_tells_of_its_last_attempt() -> None:
    """Batch keeps each attempt's container."""
    attempts = [{"container": {"exitCode": 3}}, {"container": {"exitCode": 1}, "statusReason": ESSENTIAL}]
    assert one_task("FAILED", attempts=attempts).reason == "exit code 1"


def test_a_job_that_somebody_has_ended_is_terminated() -> None:
    """In AWS's console, say: the run has failed by it."""
    task = one_task("FAILED", statusReason="by hand", isTerminated=True, container={"exitCode": 137})
    assert (task.phase, task.reason, task.message) == ("terminated", "Terminated", "by hand")


@pytest.mark.parametrize(
    ("more", "reason", "message", "cure"),
    [
        ({"queue": {}, "environment": VALID}, "RUNNABLE", "it waits for room", ""),
        ({"queue": {"state": "DISABLED"}}, "RUNNABLE", "the job queue q is DISABLED", "enable or repair it"),
        (
            {
                "queue": {},
                "environment": {"state": "ENABLED", "status": "INVALID", "statusReason": "CLIENT_ERROR - role"},
            },
            "RUNNABLE",
            "the compute environment c is ENABLED and INVALID: CLIENT_ERROR - role",
            "enable or repair it",
        ),
        (
            {"statusReason": "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - vCPU and memory requirement is too high"},
            "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
            "MISCONFIGURATION",
            "ask for less",
        ),
        (
            {"statusReason": "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill"},
            "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
            "CAPACITY",
            "more kinds of instances",
        ),
        ({"queue": {}, "environment": VALID, "createdAt": 1}, "RUNNABLE", "it has waited for", "maxvCpus"),
    ],
)
def test_a_job_that_never_begins_says_what_it_waits_for(
    more: dict[str, Any], reason: str, message: str, cure: str
) -> None:
    """Its turn, a queue or an environment that is off, or what Batch itself has found."""
    task = one_task("RUNNABLE", "RUNNING", **{"createdAt": int(time.time() * 1000), **more})
    assert (task.phase, task.reason) == ("queued", reason)
    assert message in task.message
    assert cure in task.cure


def test_a_job_that_batch_has_forgotten_is_told_from_the_history() -> None:
    """Step Functions keeps the job as it was described then, with its parts' names in capitals."""
    cause = {
        "JobId": "j1",
        "Status": "FAILED",
        "StatusReason": ESSENTIAL,
        "Container": {"ExitCode": 1, "Reason": "OutOfMemoryError: x"},
    }
    told = Told()
    told.add("ExecutionStarted", executionStartedEventDetails={"input": "{}"})
    told.task("a", "-", "j1")
    told.failed("TaskFailed", "States.TaskFailed", json.dumps(cause))
    answers = {"stepfunctions": [described("FAILED", error="States.TaskFailed", cause=json.dumps(cause)), told.answer]}
    with answering({**answers, "batch": [("describe_jobs", {"jobs": []})]}) as engine:
        run = engine.run("sfn-Flow-run1")
    assert run.tasks[0].reason == "OutOfMemoryError"
    assert (run.reason, run.message, run.cure) == ("States.TaskFailed", "a/-: OutOfMemoryError", run.tasks[0].cure)


TASK = EngineTask("a", "-", "running", "j1")


def log(position: str, batch: tuple[str, dict[str, Any]], *logs: tuple[str, dict[str, Any]], **options: Any) -> Any:
    """What is read behind a position, of a job that is so."""
    with answering({"batch": [batch], "logs": list(logs), "sts": []}, **options) as engine:
        return engine.log("sfn-Flow-run1", TASK, position)


def test_a_log_is_read_on_from_a_position() -> None:
    """CloudWatch tells the same token again where there is no more; of a job that is over, that is the end."""
    container = {"logStreamName": "d/default/1"}
    events = [{"timestamp": 1500, "message": "  one\ntwo\t", "ingestionTime": 1}, {"timestamp": 2000, "message": " "}]
    first = log(
        "", job("RUNNING", container=container), ("get_log_events", {"events": events, "nextForwardToken": "f/1"})
    )
    assert [(line.text, line.at) for line in first.lines] == [("  one", 1.5), ("two\t", 1.5), (" ", 2.0)]
    assert (first.position, first.is_whole) == ("d/default/1 f/1", False)
    further = ("get_log_events", {"events": [], "nextForwardToken": "f/1"})
    assert not log(first.position, job("RUNNING", container=container), further).is_whole
    assert log(first.position, job("SUCCEEDED", container=container, stoppedAt=1), further).is_whole
    just_now = int(time.time() * 1000)
    assert not log(first.position, job("FAILED", container=container, stoppedAt=just_now), further).is_whole


def test_another_attempt_s_log_is_read_from_its_head() -> None:
    """It is another stream."""
    answer = ("get_log_events", {"events": [{"timestamp": 1, "message": "new"}], "nextForwardToken": "f/9"})
    part = log("d/default/1 f/1", job("RUNNING", container={"logStreamName": "d/default/2"}), answer)
    assert ([line.text for line in part.lines], part.position) == (["new"], "d/default/2 f/9")


def test_a_log_that_is_not_there_is_told() -> None:
    """Not begun yet is no mistake; another driver, a forgotten job and a group that is gone are."""
    assert log("", job("RUNNABLE")).lines == ()
    gone = ("get_log_events", {"Error": {"Code": "ResourceNotFoundException", "Message": "no stream"}})
    assert log("", job("RUNNING", container={"logStreamName": "s"}), gone).lines == ()
    for batch, logs, said in (
        (job("FAILED"), (), "its container never started"),
        (job("FAILED", container={"logConfiguration": {"logDriver": "splunk"}}), (), "by the driver splunk"),
        (("describe_jobs", {"jobs": []}), (), "does not know the job j1 any more"),
        (job("FAILED", container={"logStreamName": "s"}), (gone,), "no stream s in /of/mine: write `log_group`"),
    ):
        with pytest.raises(NotThereError, match=said):
            log("", batch, *logs, log_group="/of/mine")
