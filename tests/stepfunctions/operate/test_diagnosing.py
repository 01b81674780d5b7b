"""What `doctor` tells of AWS; what IAM simulates is answered by a stub (see `stubs`), since moto has no such operation."""

from __future__ import annotations

from typing import Any

from compiler.backends.operating import Connection, Diagnosis
from compiler.backends.stepfunctions import BACKEND
from compiler.backends.stepfunctions.operate import batch_jobs
from compiler.backends.stepfunctions.operate.diagnosing import RIGHTS
from tests.stepfunctions.operate.stubs import WHEN, answering

QUEUE = {
    "jobQueueName": "q",
    "jobQueueArn": "q",
    "state": "DISABLED",
    "status": "VALID",
    "priority": 1,
    "computeEnvironmentOrder": [],
}


def told(iam: tuple[str, dict[str, Any]], **options: Any) -> dict[str, Diagnosis]:
    """All that is told, by its subject."""
    queues = [("describe_job_queues", {"jobQueues": [QUEUE]})] if options.get("job_queue") else []
    answers: Any = {
        "stepfunctions": [("list_state_machines", {"stateMachines": []})],
        "batch": [("describe_job_definitions", {"jobDefinitions": []}), *queues],
        "scheduler": [("list_schedules", {"Schedules": []})],
        "events": [("list_rules", {"Rules": []})],
        "logs": [("describe_log_groups", {"Error": {"Code": "AccessDeniedException", "Message": "you may not"}})],
        "iam": [iam],
    }
    with answering(answers, **options) as engine:
        return {each.subject: each for each in engine.diagnose()}


def test_what_is_well_and_what_is_not() -> None:
    """A right that lacks is named under each verb that needs it."""
    actions = sorted({each for listed in RIGHTS.values() for each in listed})
    lacking = {"batch:TerminateJob", "iam:PassRole"}
    results = [
        {"EvalActionName": each, "EvalDecision": "implicitDeny" if each in lacking else "allowed"} for each in actions
    ]
    found = told(("simulate_principal_policy", {"EvaluationResults": results}), job_queue="q", role="arn:r")
    assert found["AWS"].is_well
    assert "user/me in eu-west-1" in found["AWS"].told
    assert found["batch describe_job_definitions"].is_well
    assert (found["logs describe_log_groups"].is_well, "does not permit" in found["logs describe_log_groups"].told) == (
        False,
        True,
    )
    assert (found["job queue"].is_well, found["job queue"].told) == (False, "the job queue q is DISABLED and VALID")
    assert found["role"].is_well
    rights = {verb: found[f"rights to {verb}"] for verb in RIGHTS}
    assert {verb for verb, each in rights.items() if not each.is_well} == {"deploy", "terminate"}
    assert rights["terminate"].cure == "allow batch:TerminateJob"


def test_what_cannot_be_told_is_told_as_that() -> None:
    """IAM does not let everybody ask; then one line says so, and where the rights are listed."""
    denied = {"Error": {"Code": "AccessDenied", "Message": f"no {WHEN}"}}
    found = told(("simulate_principal_policy", denied))
    assert [subject for subject in found if subject.startswith("rights")] == ["rights"]
    assert (found["rights"].is_well, "docs/operate-step-functions.md" in found["rights"].cure) == (None, True)
    assert (found["role"].is_well, "write `role`" in found["role"].cure) == (False, True)


def test_a_queue_of_another_region_takes_no_jobs() -> None:
    """Batch is asked for the queue in the machine's region alone."""
    queue = "arn:aws:batch:eu-west-2:123456789012:job-queue/q"
    assert batch_jobs.of_other_region(queue, "eu-west-2") == batch_jobs.of_other_region("q", "eu-west-1") == ""
    told = batch_jobs.of_other_region(queue, "eu-west-1")
    assert told == f"the job queue {queue} is in eu-west-2, and a machine in eu-west-1 cannot use it"


def test_a_server_that_is_down_is_one_line() -> None:
    """Nothing else is asked then."""
    connection = Connection(
        {"region": "r", "endpoint": "http://127.0.0.1:1"}, {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    )
    (only,) = BACKEND.connect(connection).diagnose()
    assert (only.subject, only.is_well) == ("AWS", False)
    assert "is the network there" in only.told
