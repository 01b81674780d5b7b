"""The jobs of AWS Batch: how they stand, why they have failed or wait, what they have printed, and how they are ended."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from compiler.backends.operating import LogLine, LogPart, NotThereError, Phase
from compiler.backends.stepfunctions.operate import history, reasons
from compiler.backends.stepfunctions.operate.calls import TABLE, AbsentError, Aws, DeniedError, WrongError
from compiler.backends.stepfunctions.operate.reasons import Reason

DEFAULT_GROUP = "/aws/batch/job"
"""Where Batch lets jobs log that say nothing else."""

WAITING = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING")
GOING_ON = (*WAITING, "RUNNING")

_AT_ONCE = 100
_LONG_WAIT = 300.0
"""Seconds in RUNNABLE from which on we say what else may hold a job back."""

_SETTLED = 5.0
"""Seconds after a job's end in which CloudWatch may still get lines of it."""

_LINES = 10_000
_PAGES = 50


def described(aws: Aws, ids: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """What Batch knows of jobs, by id; it forgets them some days after their end."""
    wanted = list(dict.fromkeys(each for each in ids if each))
    found: dict[str, Mapping[str, Any]] = {}
    for at in range(0, len(wanted), _AT_ONCE):
        answer = aws.ask("batch", "describe_jobs", jobs=wanted[at : at + _AT_ONCE])
        found.update({each["jobId"]: each for each in answer.get("jobs") or ()})
    return found


def phase(job: Mapping[str, Any]) -> Phase:
    """How a job stands."""
    status = job.get("status")
    if status in WAITING:
        return "queued"
    if status == "RUNNING":
        return "running"
    if status == "SUCCEEDED":
        return "succeeded"
    return "terminated" if job.get("isTerminated") or job.get("isCancelled") else "failed"


def why_failed(job: Mapping[str, Any]) -> Reason:
    """Why a job has failed, as Batch tells it."""
    container = job.get("container") or {}
    last: Mapping[str, Any] = (job.get("attempts") or [{}])[-1]
    of_last = last.get("container") or {}
    code = container.get("exitCode", of_last.get("exitCode"))
    reason = str(container.get("reason") or of_last.get("reason") or "")
    status = str(job.get("statusReason") or last.get("statusReason") or "")
    return reasons.of_job(status, reason, int(code) if code is not None else None)


def why_waiting(aws: Aws, job: Mapping[str, Any]) -> Reason:
    """Why a job has not begun: Batch's own word, a queue or a compute environment that takes none, or only its turn."""
    if job.get("status") != "RUNNABLE":
        return Reason(str(job.get("status", "")))
    told = reasons.waiting(str(job.get("statusReason") or ""))
    if told.word:
        return told
    trouble = queue_trouble(aws, str(job.get("jobQueue", "")))
    if trouble:
        return Reason("RUNNABLE", trouble, "enable or repair it: no job of this queue begins until then")
    waited = time.time() - float(job.get("createdAt") or 0) / 1000
    if waited > _LONG_WAIT:
        cure = "is there an instance as large as the step asks for, and room below the compute environment's maxvCpus?"
        return Reason("RUNNABLE", f"it has waited for {waited / 60:.0f} minutes", cure)
    return Reason("RUNNABLE", "it waits for room in the queue")


def queue_trouble(aws: Aws, queue: str) -> str:
    """Why a queue takes no job, or begins none; empty where it does, or where the caller may not look."""
    if trouble := of_other_region(queue, aws.region):
        return trouble
    try:
        found = aws.ask("batch", "describe_job_queues", jobQueues=[queue]).get("jobQueues") or []
        if not found:
            return f"there is no job queue {queue}"
        if _is_off(found[0]):
            return _off("job queue", str(found[0].get("jobQueueName", queue)), found[0])
        names = [each["computeEnvironment"] for each in found[0].get("computeEnvironmentOrder") or ()]
        environments = aws.ask("batch", "describe_compute_environments", computeEnvironments=names)
    except (DeniedError, AbsentError, WrongError):
        return ""
    all_ = environments.get("computeEnvironments") or []
    off = [each for each in all_ if _is_off(each)]
    if off and len(off) == len(all_):
        return _off("compute environment", str(off[0].get("computeEnvironmentName", "")), off[0])
    return ""


def of_other_region(queue: str, region: str) -> str:
    """Why no machine of a region can start jobs in a queue, by the ARN of it; empty where it can, or where its name tells no region."""
    own = queue.split(":")[3] if re.match(r"arn:[^:]+:batch:[^:]+:", queue) else region
    return "" if own == region else f"the job queue {queue} is in {own}, and a machine in {region} cannot use it"


def _is_off(found: Mapping[str, Any]) -> bool:
    return bool(found.get("state", "ENABLED") != "ENABLED" or found.get("status", "VALID") == "INVALID")


def _off(kind: str, name: str, found: Mapping[str, Any]) -> str:
    told = f": {found['statusReason']}" if found.get("statusReason") else ""
    return reasons.bounded(f"the {kind} {name} is {found.get('state', '')} and {found.get('status', '')}{told}")


def of_run(aws: Aws, run: str, machine: str, queues: Iterable[str]) -> Iterator[str]:
    """The ids of the jobs of a run that are going on, by what their commands say, whichever execution has submitted them."""
    begins = machine.lstrip("_-")[:_SHARED]
    for queue in sorted(queues):
        for status in GOING_ON:
            listed = aws.pages("batch", "list_jobs", "jobSummaryList", most=_PAGES, jobQueue=queue, jobStatus=status)
            ids = [each["jobId"] for each in listed if str(each["jobName"]).startswith(begins)]
            for job in described(aws, ids).values():
                words = [str(word) for word in (job.get("container") or {}).get("command") or ()]
                if history.run_of(words) == run:
                    yield str(job["jobId"])


_SHARED = 60
"""Characters of a machine's name with which the names of its jobs surely begin: a longer one is shortened behind them."""


def end(aws: Aws, ids: Sequence[str], reason: str) -> None:
    """End jobs; nothing where one is over."""
    for each in ids:
        try:
            aws.ask("batch", "terminate_job", jobId=each, reason=reason)
        except (AbsentError, WrongError):
            continue


def log(aws: Aws, job_id: str, position: str) -> LogPart:
    """What a job has printed behind a position: a stream's name and CloudWatch's token. Raises NotThereError where none is kept."""
    job = described(aws, [job_id]).get(job_id)
    if job is None:
        raise NotThereError(f"Batch does not know the job {job_id} any more, and so not where its log is")
    group, stream = _place(aws, job)
    is_over = job["status"] in ("SUCCEEDED", "FAILED")
    if not stream:
        if is_over:
            raise NotThereError("the job has printed nothing: its container never started; `flowc status` says why")
        return LogPart((), position, is_whole=False)
    of, _, token = position.partition(" ")
    token = token if of == stream else ""
    words = {"nextToken": token} if token else {}
    try:
        answer = aws.ask(
            "logs",
            "get_log_events",
            logGroupName=group,
            logStreamName=stream,
            startFromHead=True,
            limit=_LINES,
            **words,
        )
    except AbsentError:
        if not is_over:
            return LogPart((), position, is_whole=False)
        raise NotThereError(
            f"CloudWatch has no stream {stream} in {group}: write `log_group` of {TABLE} where it is another"
        ) from None
    further = str(answer.get("nextForwardToken", ""))
    is_settled = time.time() - float(job.get("stoppedAt") or 0) / 1000 > _SETTLED
    lines = tuple(line for event in answer.get("events") or () for line in _lines(event))
    return LogPart(
        lines, f"{stream} {further}", is_whole=is_over and is_settled and not lines and further in ("", token)
    )


def _lines(event: Mapping[str, Any]) -> Iterator[LogLine]:
    for text in str(event["message"]).split("\n"):
        yield LogLine(text, float(event["timestamp"]) / 1000)


def _place(aws: Aws, job: Mapping[str, Any]) -> tuple[str, str]:
    """The group and the stream of a job's newest attempt."""
    container = job.get("container") or {}
    configured = container.get("logConfiguration") or {}
    driver = configured.get("logDriver", "awslogs")
    if driver != "awslogs":
        raise NotThereError(f"the job logs by the driver {driver}, not to CloudWatch: look there")
    named = aws.log_group or DEFAULT_GROUP
    attempts: Sequence[Mapping[str, Any]] = job.get("attempts") or ()
    of_attempt = (attempts[-1].get("container") or {}).get("logStreamName") if attempts else None
    stream = container.get("logStreamName") or of_attempt or ""
    return str((configured.get("options") or {}).get("awslogs-group") or named), str(stream)
