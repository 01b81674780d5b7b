"""What moto's Step Functions lacks of AWS's API, after AWS's documentation: the children of a distributed Map, versions, redrive, pages.

A stand-in of a stand-in. Requests and answers go through moto, which holds them to botocore's model of the service.
- Each child of a Map Run is an execution with a history of its own; the parent's tells of the Map Run alone.
- A redrive goes through the machine once more under the same identity and start time; a job whose step and index have succeeded is not
  submitted again, and not told again. That is what a redrive is for machines whose states hand on nothing but ids.
- Histories and lists have pages.
- Batch tells a job's exit code with its container, and whether somebody has terminated it.
"""

from __future__ import annotations

import datetime
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import moto.batch.models as batch_models
from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import iso_8601_datetime_with_milliseconds
from moto.stepfunctions import responses
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventHistoryContext, EventManager
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication

Response = responses.StepFunctionResponse
_TOKEN = "flowc-test-page-"


class Child:
    """An execution that a Map Run has started."""

    def __init__(self, arn: str, map_run: str, given: Any) -> None:
        self.arn, self.map_run, self.given = arn, map_run, given
        self.events = EventManager()
        self.status = "RUNNING"
        self.error: Mapping[str, str] = {}
        self.began, self.ended = _now(), ""
        self.told_last: list[Any] | None = None

    def end(self, status: str, error: Mapping[str, str] | None = None) -> None:
        """Say how it has ended."""
        if self.status == "RUNNING":
            self.status, self.error, self.ended = status, error or {}, _now()
            self.told_last = list(self.events.get_event_history())

    def told(self) -> dict[str, Any]:
        """As lists tell it."""
        machine, name = self.arn.split(":")[-2:]
        head = self.arn.partition(":execution:")[0]
        found = {
            "executionArn": self.arn,
            "stateMachineArn": f"{head}:stateMachine:{machine}",
            "name": name,
            "status": self.status,
            "startDate": self.began,
            "mapRunArn": self.map_run,
        }
        return {**found, "stopDate": self.ended} if self.ended else found


_LOCK = threading.Lock()
_CHILDREN: dict[str, Child] = {}
_REDRIVEN: dict[str, dict[tuple[str, str], tuple[str, str, str]]] = {}
"""By run, the jobs that need not be done again: a step and an index, and the job's name, id and ARN."""
_EARLIER: dict[str, list[dict[str, Any]]] = {}
_REDRIVES: dict[str, int] = {}
_STOPPED: dict[str, list[Any]] = {}
"""What the histories of stopped executions held then: moto goes on with them."""


def _now() -> str:
    return iso_8601_datetime_with_milliseconds(datetime.datetime.now(datetime.UTC))


def begin_child(env: Any, map_run: str, given: Any) -> Child:
    """Let what follows in this frame be the history of a child."""
    child = Child(env.states.context_object.context_object_data["Execution"]["Id"], map_run, given)
    env.event_manager = child.events
    env.event_history_context = EventHistoryContext.of_program_start()
    with _LOCK:
        _CHILDREN[child.arn] = child
    return child


def _page(items: Sequence[Any], response: Response, key: str) -> ActionResult:
    """A page of items: as many as are asked for, else a hundred."""
    size = int(response._get_param("maxResults") or 0) or 100
    token = response._get_param("nextToken") or f"{_TOKEN}0"
    if not token.startswith(_TOKEN):
        raise JsonRESTError("InvalidToken", "Invalid Token: 'Invalid token'")
    at = int(token.removeprefix(_TOKEN))
    further = {"nextToken": f"{_TOKEN}{at + size}"} if at + size < len(items) else {}
    return ActionResult({key: items[at : at + size], **further})


def _children(self: Response) -> ActionResult | None:
    map_run, status = self._get_param("mapRunArn"), self._get_param("statusFilter")
    if not map_run:
        return None
    if self._get_param("stateMachineArn"):
        raise JsonRESTError("ValidationException", "Only one of stateMachineArn and mapRunArn may be given")
    with _LOCK:
        found = [each.told() for each in _CHILDREN.values() if each.map_run == map_run]
    return _page([each for each in found if status in (None, each["status"])], self, "executions")


def _history(self: Response) -> ActionResult:
    arn = self._get_param("executionArn")
    child = _CHILDREN.get(arn)
    if child is not None:
        events = list(child.events.get_event_history() if child.told_last is None else child.told_last)
    else:
        events = _STOPPED.get(arn) or list(self.stepfunction_backend.get_execution_history(arn)["events"])
        events = _joined(_EARLIER.get(arn, []), events, arn)
    if self._get_param("reverseOrder"):
        events.reverse()
    return _page(events, self, "events")


def _joined(earlier: list[dict[str, Any]], later: list[dict[str, Any]], arn: str) -> list[dict[str, Any]]:
    """A redriven history: what was told before, then what is done anew."""
    if not earlier:
        return later
    run = _run_of(arn)
    kept = {job for _, job, _ in _REDRIVEN.get(run, {}).values()}
    skipped: set[int] = set()
    for event in later:
        output = (event.get("taskSubmittedEventDetails") or {}).get("output") or "{}"
        if json.loads(output).get("JobId") in kept:
            skipped |= {event["id"], event["previousEventId"], event["previousEventId"] - 1}
    last = earlier[-1]["id"]
    redriven = {
        "id": last + 1,
        "previousEventId": 0,
        "type": "ExecutionRedriven",
        "timestamp": earlier[-1]["timestamp"],
    }
    added = []
    for event in later:
        is_told = event["id"] in skipped or (event["previousEventId"] in skipped and event["type"] == "TaskSucceeded")
        if not is_told and event["type"] != "ExecutionStarted":
            before = event["previousEventId"]
            added.append({**event, "id": event["id"] + last + 1, "previousEventId": before + last + 1 if before else 0})
    return [*earlier, redriven, *added]


def _run_of(arn: str) -> str:
    machine, name = arn.split(":")[-2:]
    return f"sfn-{machine}-{name}"


def _redrive(self: Response) -> ActionResult:
    arn = self._get_param("executionArn")
    execution = self.stepfunction_backend.describe_execution(arn)
    if execution.status not in ("FAILED", "TIMED_OUT", "ABORTED"):
        raise JsonRESTError("ExecutionNotRedrivable", f"Execution '{arn}' is {execution.status} and cannot be redriven")
    jobs = batch_models.batch_backends[self.current_account][self.region]._jobs
    run = _run_of(arn)
    done: dict[tuple[str, str], tuple[str, str, str]] = {}
    for job in list(jobs.values()):
        words = job.describe().get("container", {}).get("command") or []
        if job.status == "SUCCEEDED" and "--run" in words and words[words.index("--run") + 1] == run:
            done[_task(words)] = (job.job_name, job.job_id, job.arn)
    _EARLIER[arn] = _joined(
        _EARLIER.get(arn, []), _STOPPED.pop(arn, None) or list(execution.to_history_output()["events"]), arn
    )
    _REDRIVEN[run] = done
    _REDRIVES[arn] = _REDRIVES.get(arn, 0) + 1
    execution.exec_worker = execution.stop_date = execution.output = execution.error = execution.cause = None
    execution.start()
    return ActionResult({"redriveDate": _now()})


def _task(words: Sequence[str]) -> tuple[str, str]:
    return words[4], words[words.index("--index") + 1] if "--index" in words else ""


def earlier_job(overrides: Mapping[str, Any] | None) -> tuple[str, str, str] | None:
    """The name, id and ARN of the job that a redriven execution need not submit again."""
    words = [str(word) for word in (overrides or {}).get("command") or ()]
    if "--run" not in words:
        return None
    return _REDRIVEN.get(words[words.index("--run") + 1], {}).get(_task(words))


def _described(first: Callable[[Response], ActionResult]) -> Callable[[Response], ActionResult]:
    def describe(self: Response) -> ActionResult:
        arn = self._get_param("executionArn")
        child = _CHILDREN.get(arn)
        if child is not None:
            return ActionResult({**child.told(), **child.error, "input": json.dumps(child.given)})
        answer: Any = first(self)._result
        is_over = answer["status"] in ("FAILED", "TIMED_OUT", "ABORTED")
        status = "REDRIVABLE" if is_over else "NOT_REDRIVABLE"
        reason = {} if is_over else {"redriveStatusReason": f"Execution is {answer['status']} and cannot be redriven"}
        return ActionResult({**answer, "redriveCount": _REDRIVES.get(arn, 0), "redriveStatus": status, **reason})

    return describe


def _machine_of_execution(self: Response) -> ActionResult:
    machine = self.stepfunction_backend.describe_state_machine_for_execution(self._get_param("executionArn"))
    told: Any = self._describe_state_machine(machine.arn)._result
    wanted = ("stateMachineArn", "name", "definition", "roleArn")
    return ActionResult({**{key: told[key] for key in wanted}, "updateDate": machine.creation_date})


def _stop(self: Response) -> ActionResult:
    """AWS has stopped it, and its children, when it answers; moto takes notice later, and calls what ends then a failure."""
    execution: Any = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    if execution.status == "RUNNING":
        execution.exec_status, execution.stop_date = ExecutionStatus.ABORTED, datetime.datetime.now(datetime.UTC)
        execution.error, execution.cause = self._get_param("error"), self._get_param("cause")
        _STOPPED[execution.execution_arn] = list(execution.to_history_output()["events"])
        self.stepfunction_backend.stop_execution(self._get_param("executionArn"))
        own = execution.execution_arn.replace(":execution:", ":mapRun:").rpartition(":")[0]
        for child in list(_CHILDREN.values()):
            if child.status == "RUNNING" and child.map_run.startswith(f"{own}/"):
                child.end("ABORTED")
    return ActionResult({"stopDate": execution.stop_date})


def _keep_stopped() -> None:
    reflect: Any = BaseExecutionWorkerCommunication._reflect_execution_status

    def reflected(self: Any) -> None:
        if self.execution.exec_status != ExecutionStatus.ABORTED:
            reflect(self)

    BaseExecutionWorkerCommunication._reflect_execution_status = reflected  # type: ignore[method-assign]


def _versions(self: Response) -> ActionResult:
    machine = self.stepfunction_backend.describe_state_machine(self._get_param("stateMachineArn"))
    found = [
        {"stateMachineVersionArn": each.arn, "creationDate": each.creation_date}
        for _, each in sorted(machine.versions.items(), reverse=True)
    ]
    return _page(found, self, "stateMachineVersions")


def _delete_version(self: Response) -> EmptyResult:
    arn, _, number = self._get_param("stateMachineVersionArn").rpartition(":")
    machine = self.stepfunction_backend.describe_state_machine(arn)
    machine.versions.pop(int(number), None)
    return EmptyResult()


def _job_described(first: Callable[[batch_models.Job], dict[str, Any]]) -> Callable[[batch_models.Job], dict[str, Any]]:
    def describe(self: batch_models.Job) -> dict[str, Any]:
        told = first(self)
        if self.exit_code is not None:
            told["container"]["exitCode"] = self.exit_code
            told.setdefault("statusReason", "Essential container in task exited")
        return {**told, "isTerminated": bool(self.stop), "isCancelled": False}

    return describe


def add() -> None:
    """Let moto's server know all of this."""
    batch_models.Job.describe = _job_described(batch_models.Job.describe)  # type: ignore[method-assign]
    _keep_stopped()
    listed: Any = Response.list_executions
    described: Any = Response.describe_execution

    def list_executions(self: Response) -> ActionResult:
        return _children(self) or listed(self)

    for name, method in {
        "list_executions": list_executions,
        "describe_execution": _described(described),
        "get_execution_history": _history,
        "redrive_execution": _redrive,
        "stop_execution": _stop,
        "describe_state_machine_for_execution": _machine_of_execution,
        "list_state_machine_versions": _versions,
        "delete_state_machine_version": _delete_version,
    }.items():
        setattr(Response, name, method)
