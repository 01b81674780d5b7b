"""Answers of AWS that no stand-in gives, after AWS's API documentation; botocore's Stubber holds each to its model of the service.

These are stubs: they show what we make of an answer, not that AWS gives it.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from botocore.stub import Stubber  # type: ignore[import-untyped]

from compiler.backends.operating import Connection
from compiler.backends.stepfunctions.operate.engine import StepFunctionsEngine

ACCOUNT = "arn:aws:states:eu-west-1:123456789012"
EXECUTION = f"{ACCOUNT}:execution:Flow:run1"
WHEN = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
IDENTITY = {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/me", "UserId": "u"}

Answers = Mapping[str, list[tuple[str, dict[str, Any]]]]


@contextmanager
def answering(answers: Answers, **options: Any) -> Iterator[StepFunctionsEngine]:
    """An engine whose services answer so, in this order; all must have been asked."""
    variables = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"}
    engine = StepFunctionsEngine(Connection({"region": "eu-west-1", **options}, variables))
    aws, stubs = engine._aws, []
    with ExitStack() as stack:
        for service, listed in {"sts": [("get_caller_identity", IDENTITY)], **answers}.items():
            client = aws.client(service)  # type: ignore[arg-type]
            client.meta.events.unregister("after-call", aws._is_of_aws)  # a stub has no body
            stub = stack.enter_context(Stubber(client))
            for operation, answer in listed:
                if "Error" in answer:
                    error = answer["Error"]
                    stub.add_client_error(operation, error["Code"], error["Message"], error.get("status", 400))
                else:
                    stub.add_response(operation, answer)
            stubs.append(stub)
        yield engine
        for stub in stubs:
            stub.assert_no_pending_responses()


def described(status: str, **more: Any) -> tuple[str, dict[str, Any]]:
    """DescribeExecution."""
    over = {} if status == "RUNNING" else {"stopDate": WHEN}
    arn = EXECUTION.replace(":execution:", ":stateMachine:").rpartition(":")[0]
    told = {"executionArn": EXECUTION, "stateMachineArn": arn, "name": "run1", "status": status, "startDate": WHEN}
    return "describe_execution", {**told, **over, **more}


class Told:
    """A history that is being written."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def add(self, kind: str, before: int | None = None, **details: Any) -> int:
        """An event behind the last one, or behind another."""
        number = len(self.events) + 1
        previous = number - 1 if before is None else before
        self.events.append({"id": number, "previousEventId": previous, "type": kind, "timestamp": WHEN, **details})
        return number

    def task(self, step: str, index: str, job: str, before: int | None = None) -> int:
        """A step's job that was submitted."""
        command = ["python", "-m", "flowc", "step", step, "--run", "sfn-Flow-run1", "--index", index, "--retry", "0"]
        self.add("TaskStateEntered", before, stateEnteredEventDetails={"name": step})
        parameters = json.dumps({"JobName": f"Flow-{step}", "ContainerOverrides": {"Command": command}})
        common = {"resourceType": "batch", "resource": "submitJob.sync"}
        self.add("TaskScheduled", taskScheduledEventDetails={**common, "region": "eu-west-1", "parameters": parameters})
        self.add("TaskStarted", taskStartedEventDetails=common)
        return self.add("TaskSubmitted", taskSubmittedEventDetails={**common, "output": json.dumps({"JobId": job})})

    def failed(self, kind: str, error: str, cause: str) -> int:
        """How the last state has failed."""
        details = {"resourceType": "batch", "resource": "submitJob.sync", "error": error, "cause": cause}
        return self.add(kind, **{f"{kind[:1].lower()}{kind[1:]}EventDetails": details})

    @property
    def answer(self) -> tuple[str, dict[str, Any]]:
        """GetExecutionHistory."""
        return "get_execution_history", {"events": self.events}


def job(status: str, **more: Any) -> tuple[str, dict[str, Any]]:
    """DescribeJobs of the job `j1`."""
    needed = {"jobName": "Flow-a", "jobId": "j1", "jobQueue": "q", "startedAt": 0, "jobDefinition": "d"}
    return "describe_jobs", {"jobs": [{**needed, "status": status, **more}]}
