"""Executions as runs: found by our id, listed, read with their tasks, ended, and gone on with."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from compiler.backends.operating import OVER, EngineError, EngineRun, EngineTask, NotThereError, Phase, RefusedError
from compiler.backends.stepfunctions.operate import batch_jobs, history, live, reasons
from compiler.backends.stepfunctions.operate.calls import AbsentError, Aws, DeniedError, WrongError, seconds
from compiler.backends.stepfunctions.operate.history import History, Submission
from compiler.backends.stepfunctions.operate.reasons import Reason
from compiler.slotted_class import replaced

PREFIX = "sfn-"
PHASES: Mapping[str, Phase] = {
    "RUNNING": "running",
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "TIMED_OUT": "failed",
    "ABORTED": "terminated",
    "PENDING_REDRIVE": "queued",
}

_HISTORY_PAGES = 25
"""Of a thousand events: no execution has more."""

_WORSE = ("FAILED", "TIMED_OUT", "ABORTED", "RUNNING", "PENDING_REDRIVE")
_MOST_OF_EACH, _MOST_SUCCEEDED, _MOST_MAP_RUNS = 200, 50, 100
"""Children of a Map Run that are read for each status, and Map Runs of a run: each child costs a request."""

_TERMINATION = 5
"""How often jobs are looked for that a stopped execution leaves."""


def found(aws: Aws, run: str) -> dict[str, Any]:
    """The execution of our id. Raises NotThereError. A machine's name may hold what parts it from the execution's: each is tried."""
    names = run.removeprefix(PREFIX)
    if not run.startswith(PREFIX) or "-" not in names:
        raise NotThereError(f"`{run}` is no run of Step Functions: its name is sfn-<machine>-<execution>")
    denied: DeniedError | None = None
    for cut in reversed([at for at, char in enumerate(names) if char == "-"]):
        machine, execution = names[:cut], names[cut + 1 :]
        if not _is_name(machine) or not _is_name(execution):
            continue
        try:
            arn = aws.arn("states", f"execution:{machine}:{execution}")
            return aws.ask("stepfunctions", "describe_execution", executionArn=arn)
        except AbsentError:
            continue
        except DeniedError as error:
            denied = error  # who may look at one machine's runs alone is refused those that are not there, too
        except WrongError as error:
            if error.word not in ("InvalidArn", "ValidationException"):
                raise
    raise denied or NotThereError(
        f"Step Functions in {aws.region} has no run `{run}`: it keeps them for 90 days, and none of a deleted machine"
    )


def _is_name(text: str) -> bool:
    return bool(text) and len(text) <= 80 and not re.search(r"[\s:/]", text)  # noqa: PLR2004 - AWS's limit of both names


def listed(aws: Aws, arn: str, limit: int) -> list[EngineRun]:
    """The newest runs of a machine, without their tasks."""
    try:
        items = aws.pages(
            "stepfunctions",
            "list_executions",
            "executions",
            most=limit,
            stateMachineArn=arn,
            maxResults=min(limit, 1000),
        )
        return [_run(aws, each) for each in islice(items, limit)]
    except AbsentError:
        return []


def with_tasks(aws: Aws, execution: Mapping[str, Any]) -> EngineRun:
    """A run with all its tasks that have not gone well, and some of the others."""
    run = _run(aws, execution)
    submissions, failures = _gathered(aws, execution)
    tasks = _tasks(aws, submissions, run.phase)
    if run.phase in ("failed", "terminated"):
        run = _with_reason(run, execution, tasks, failures)
    return replaced(run, tasks=tuple(tasks))


def _run(aws: Aws, told: Mapping[str, Any]) -> EngineRun:
    machine, name = str(told["executionArn"]).split(":")[-2:]
    return EngineRun(
        f"{PREFIX}{machine}-{name}",
        name,
        machine,
        PHASES.get(str(told["status"]), "unknown"),
        created=seconds(told["startDate"]),
        started=seconds(told["startDate"]),
        finished=seconds(told["stopDate"]) if told.get("stopDate") else None,
        url=page(aws, str(told["executionArn"])),
        tags=_tags(str(told.get("input") or "")),
    )


def _tags(text: str) -> tuple[str, ...]:
    try:
        found = json.loads(text or "{}").get("flowc-tags", ())
    except (ValueError, AttributeError):
        return ()
    return tuple(map(str, found)) if isinstance(found, list) else ()


def _with_reason(run: EngineRun, told: Mapping[str, Any], tasks: list[EngineTask], failures: list[Reason]) -> EngineRun:
    """The run's own word; where that only repeats a task's, the task's sentence and cure, not its whole description."""
    error, cause = str(told.get("error") or ""), str(told.get("cause") or "")
    of_tasks = next((each for each in tasks if each.phase in ("failed", "terminated") and each.reason), None)
    if of_tasks and (cause.lstrip().startswith("{") or error.startswith("States.Exceed") or not cause):
        where = f"{of_tasks.title}/{of_tasks.members}" if of_tasks.step else of_tasks.node
        return replaced(run, reason=error or of_tasks.reason, message=f"{where}: {of_tasks.reason}", cure=of_tasks.cure)
    reason = reasons.of_state(error, cause)
    if not reason.word and failures:
        reason = failures[0]
    return replaced(run, reason=reason.word, message=reason.sentence, cure=reason.cure)


def _gathered(aws: Aws, execution: Mapping[str, Any]) -> tuple[list[Submission], list[Reason]]:
    """The submissions of an execution and of its children, those of Map Runs within them too, and why Map Runs have failed."""
    submissions: list[Submission] = []
    failures: list[Reason] = []
    waiting: list[str] = [str(execution["executionArn"])]
    map_runs = 0
    while waiting:
        told = history_of(aws, waiting.pop(0))
        submissions += told.submissions
        if any(told.failure):
            failures.append(reasons.of_state(*told.failure))
        for each in told.map_runs[: _MOST_MAP_RUNS - map_runs]:
            map_runs += 1
            waiting += [str(child["executionArn"]) for child in _children(aws, each)]
    return submissions, failures


def _children(aws: Aws, map_run: str) -> Iterator[Mapping[str, Any]]:
    for status in (*_WORSE, "SUCCEEDED"):
        most = _MOST_SUCCEEDED if status == "SUCCEEDED" else _MOST_OF_EACH
        items = aws.pages(
            "stepfunctions", "list_executions", "executions", mapRunArn=map_run, statusFilter=status, maxResults=most
        )
        yield from islice(items, most)


def history_of(aws: Aws, arn: str) -> History:
    """The history of one execution."""
    try:
        events = aws.pages(
            "stepfunctions",
            "get_execution_history",
            "events",
            most=_HISTORY_PAGES,
            executionArn=arn,
            maxResults=1000,
            includeExecutionData=True,
        )
        return history.read(events)
    except AbsentError:
        return History()


def _tasks(aws: Aws, submissions: Iterable[Submission], phase: Phase) -> list[EngineTask]:
    newest = history.last_of_each(submissions)
    jobs = batch_jobs.described(aws, (each.job for each, _ in newest if each.end != "succeeded"))
    tasks = [_task(aws, each, count, jobs.get(each.job), phase) for each, count in newest]
    return [each for each in tasks if each.step or each.phase == "failed"]


def _task(aws: Aws, made: Submission, count: int, job: Mapping[str, Any] | None, of_run: Phase) -> EngineTask:
    phase = _phase(made, job, of_run)
    reason = _reason(aws, made, job, phase)
    started: float | None = made.began
    finished = made.ended
    if job:
        started = seconds(job["startedAt"]) if job.get("startedAt") else None
        finished = seconds(job["stoppedAt"]) if job.get("stoppedAt") else finished
    return EngineTask(
        made.step,
        made.index,
        phase,
        made.job or f"{made.state}#{made.event}",
        attempt=max(0, count - 1) if made.step else None,
        reason=reason.word,
        message=reason.sentence,
        cure=reason.cure,
        started=started,
        finished=finished,
        shares=made.shares,
    )


def _phase(made: Submission, job: Mapping[str, Any] | None, of_run: Phase) -> Phase:
    """A run that is over has no task that goes on, whatever Batch has not yet heard."""
    if made.end == "succeeded":
        return "succeeded"
    if made.end == "failed":
        return "terminated" if job is not None and batch_jobs.phase(job) == "terminated" else "failed"
    if job is not None:
        found = batch_jobs.phase(job)
        return "terminated" if of_run in OVER and found not in OVER else found
    return "terminated" if of_run in OVER else "queued"


def _reason(aws: Aws, made: Submission, job: Mapping[str, Any] | None, phase: Phase) -> Reason:
    if phase == "queued" and job is not None:
        return batch_jobs.why_waiting(aws, job)
    if phase == "terminated" and made.end and job is not None:
        return Reason("Terminated", reasons.bounded(str(job.get("statusReason") or "")), "somebody has ended the job")
    if phase != "failed":
        return Reason()
    told = job if job is not None else _job_in(made.cause)
    if made.job and told and told.get("status") == "FAILED":
        return batch_jobs.why_failed(told)
    return reasons.of_state(made.error, made.cause)


def _job_in(cause: str) -> Mapping[str, Any] | None:
    """The job as Step Functions has described it in a failure, with the names that Batch gives its parts."""
    try:
        found = json.loads(cause)
    except ValueError:
        return None
    lowered = _lowered(found)
    return lowered if isinstance(lowered, dict) and "status" in lowered else None


def _lowered(value: Any) -> Any:
    if isinstance(value, dict):
        return {f"{key[:1].lower()}{key[1:]}": _lowered(item) for key, item in value.items()}
    return [_lowered(item) for item in value] if isinstance(value, list) else value


def terminate(aws: Aws, execution: Mapping[str, Any], run: str) -> None:
    """Stop an execution, and end the jobs that it leaves: Step Functions does so itself only with the right to, and not at once."""
    arn = str(execution["executionArn"])
    if PHASES.get(str(execution["status"])) in OVER:
        return
    try:
        machine = aws.ask("stepfunctions", "describe_state_machine_for_execution", executionArn=arn)
        aws.ask("stepfunctions", "stop_execution", executionArn=arn, error="flowc.Terminated", cause="flowc terminate")
    except AbsentError:
        return  # it has ended in this moment, and its machine was deleted
    queues = live.queues(str(machine["definition"]))
    for round_ in range(_TERMINATION):
        ids = list(batch_jobs.of_run(aws, run, str(machine["name"]), queues))
        batch_jobs.end(aws, ids, "flowc terminate")
        if not ids and round_:
            return
        time.sleep(0.2)


def retry(aws: Aws, execution: Mapping[str, Any], run: str, step: str | None) -> EngineRun:
    """Let an execution go on from what has failed. Raises RefusedError where Step Functions cannot, and says why."""
    phase = PHASES.get(str(execution["status"]), "unknown")
    if step is not None:
        raise RefusedError(
            f"Step Functions goes on from what has failed, and never from a step that is named: leave `--from` out"
            f"{'' if phase in ('failed', 'terminated') else ', or start a new run'}"
        )
    if phase not in ("failed", "terminated"):
        raise RefusedError(
            f"{run} has {'succeeded' if phase == 'succeeded' else 'not ended'}: there is nothing to retry"
        )
    if execution.get("redriveStatus") == "NOT_REDRIVABLE":
        raise RefusedError(
            f"{run} cannot be redriven: {aws.said(str(execution.get('redriveStatusReason') or ''))}; {_NEW_RUN}"
        )
    arn = str(execution["executionArn"])
    if history_of(aws, arn).ends_in_fail:
        raise RefusedError(
            f"{run} has an exit hook for failures, which has caught this one: a redrive would only repeat its end; {_NEW_RUN}"
        )
    try:
        aws.ask("stepfunctions", "redrive_execution", executionArn=arn, clientToken=_token(execution))
    except WrongError as error:
        raise RefusedError(f"{run} cannot be redriven ({error.word}): {error}; {_NEW_RUN}") from None
    return _run(aws, aws.ask("stepfunctions", "describe_execution", executionArn=arn))


_NEW_RUN = (
    "start a new run (`trigger`). It does all steps again: a state machine always begins with its first state, which claims "
    "the run for itself, so nothing can be taken over into it"
)


def _token(execution: Mapping[str, Any]) -> str:
    """The same for the same end of a run: a redrive whose answer was lost is not done twice."""
    stopped = execution.get("stopDate")
    return f"flowc-{execution.get('redriveCount', 0)}-{seconds(stopped) if stopped else 0:.0f}"


def page(aws: Aws, arn: str) -> str:
    """The address of an execution in AWS's console; empty where the endpoint is not AWS's."""
    if aws.endpoint("stepfunctions"):
        return ""
    host = _CONSOLES.get(arn.split(":")[1])
    return f"https://{aws.region}.{host}/states/home?region={aws.region}#/v2/executions/details/{arn}" if host else ""


_CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


def started(aws: Aws, arn: str, name: str, text: str) -> EngineRun:
    """Start an execution of that name; one that has it already is what a lost answer has started."""
    try:
        told = aws.ask("stepfunctions", "start_execution", stateMachineArn=arn, name=name, input=text)
        execution = str(told["executionArn"])
    except WrongError as error:
        if error.word != "ExecutionAlreadyExists":
            raise
        execution = f"{arn.replace(':stateMachine:', ':execution:')}:{name}"
    try:
        return _run(aws, aws.ask("stepfunctions", "describe_execution", executionArn=execution))
    except AbsentError:
        raise EngineError(f"the run {name} was started, and Step Functions does not show it yet: look again") from None
