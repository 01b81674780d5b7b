"""Why a job or a run has failed, in the engine's own word, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from compiler.slotted_class import record

_LONGEST = 500
_KILLED, _TERMINATED = 137, 143


@record
class Reason:
    """The engine's word, its sentence, and our cure; each may be empty."""

    word: str = ""
    sentence: str = ""
    cure: str = ""


_ROOM = "give the step more: `@resources(memory=…)`, in MiB"
_IMAGE = (
    "build the image with `flowc image FLOW --build docker` and push it to the registry that its name begins with "
    "(`registry` in [tool.flowc]); let the execution role pull it (ecr:GetAuthorizationToken, ecr:BatchGetImage)"
)
_REACH = "let the subnet reach what it needs: a NAT gateway, or VPC endpoints of ECR, S3 and CloudWatch Logs"
_RIGHTS = "give it the rights that `flowc step-functions create --policy` prints"
_SPOT = "its host was taken, as Spot's are: set `spot_attempts` of [tool.flowc.step-functions], or `@retry`"
_TOO_LARGE = (
    "no compute environment of the queue has an instance as large as the step asks for: ask for less, or add one"
)
_AGAIN = "deploy again, and start a new run, since this one keeps what it was started with"
_DENIED = "AccessDenied|not authorized|Access Denied|Unable to assume|assume.*role"
_MISCONFIGURED = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"
_START = "CannotCreateContainerError|CannotStartContainerError|ContainerRuntimeError"

_Table = tuple[tuple[str, str, str], ...]

_OF_JOBS: _Table = (
    ("OutOfMemoryError", "", _ROOM),
    (r"CannotPull\w*Error", "CannotPullContainerError", _IMAGE),
    (_START, "", "look at the image's entry point, and at the disk of its host"),
    ("ResourceInitializationError", "", f"look at the execution role's rights to secrets, ECR and logs; {_REACH}"),
    ("TaskFailedToStart", "", f"look at the sizes that the step asks for, and at the network: {_REACH}"),
    ("Host EC2.*terminated", "HostTerminated", _SPOT),
    ("exceeded.*timeout", "JobTimeout", "it took longer than `@timeout` lets it: give it more, or retry"),
    (_MISCONFIGURED, "", _TOO_LARGE),
    (r"MISCONFIGURATION:\w+", "", "the queue's compute environment is set up wrong: AWS's sentence says what"),
    (
        r"CAPACITY:\w+",
        "",
        "AWS has no such instance free: wait, or give the compute environment more kinds of instances",
    ),
    ("ACTION_REQUIRED", "", "somebody must look at the compute environment: AWS's sentence says why"),
    ("JobStateTimeLimit", "", "the queue ends jobs that wait so long: ask for less, or give it more room"),
    (r"[Qq]ueue.*(deleted|disabled)", "JobQueueDisabled", "enable the job queue, or name another as `job_queue`"),
    (_DENIED, "AccessDenied", f"a role may not do this, and AWS's sentence names it: {_RIGHTS}"),
)
"""A pattern of what Batch and ECS say, the word that stands for it (what was found, where empty), and the cure."""

_NOT_THERE = "(not|doesn't|isn't|inactive|INACTIVE|disabled|DISABLED)"
_SUBMISSION = "Batch has refused the submission for an hour: is the account's quota used up by others? Retry later"

_OF_STATES: _Table = (
    (rf"(?s)[Jj]ob\s?[Dd]efinition.*{_NOT_THERE}", "JobDefinitionMissing", f"the job definition is gone: {_AGAIN}"),
    (
        rf"(?s)[Jj]ob\s?[Qq]ueue.*{_NOT_THERE}",
        "JobQueueMissing",
        f"name a queue that takes jobs as `job_queue`: {_AGAIN}",
    ),
    (rf"(?s){_DENIED}", "AccessDenied", f"the state machine's role may not do this: {_RIGHTS}"),
    ("NoSuchBucket", "", "the store's bucket is not there: make it, or correct `store`"),
    (r"States\.Permissions", "", f"the state machine's role may not do this: {_RIGHTS}"),
    (r"States\.Timeout", "", "it took longer than it may: give `@timeout` more, or retry"),
    (r"States\.ExceedToleratedFailureThreshold", "", "a task of the foreach has failed: see the tasks"),
    (r"States\.(ItemReader|ResultWriter)Failed", "", f"the role may not read or write the store's objects: {_RIGHTS}"),
    (
        r"States\.DataLimitExceeded",
        "",
        "a state's data are over 262,144 bytes: give large parameters as `flowc-parameters`",
    ),
    (r"TooManyRequests|Batch\.ServerException|Throttl", "", _SUBMISSION),
    (r"Batch\.AWSBatchException", "", "Batch has refused the submission: AWS's sentence says why"),
    (r"flowc\.Terminated", "", "somebody has terminated it"),
)
"""The same of what Step Functions says of a state that has failed."""

_EXITS: Mapping[int, str] = {
    1: "the step raised: `flowc logs` has its traceback",
    2: "the step was called wrongly, or something is not set up: `flowc logs` says what",
    70: "a fault of flowc's: its log holds a traceback, please report it",
    75: "the store, or a service of secrets, gave no answer or a wrong one: look at the job role's rights, and retry",
    127: "the image has no `python` with flowc in it: build it with `flowc image`",
    _KILLED: f"it was killed, most often for want of memory: {_ROOM}",
    _TERMINATED: "it was asked to end",
}


def of_job(status: str, container: str, exit_code: int | None) -> Reason:
    """Why a job has failed, by `statusReason`, its container's `reason` and its exit code."""
    for text in (container, status):
        found = _looked_up(_OF_JOBS, text)
        if found:
            return Reason(found.word, bounded(text), found.cure)
    if exit_code is not None:
        return Reason(
            f"exit code {exit_code}",
            bounded(container or status),
            _EXITS.get(exit_code, "the step ended so: see its log"),
        )
    return Reason(
        bounded(container or status)[:80] or "FAILED", bounded(container or status), "see the job in AWS Batch"
    )


def of_state(error: str, cause: str) -> Reason:
    """Why a state or an execution has failed that has no job to tell of it."""
    found = _looked_up(_OF_STATES, f"{error} {cause}")
    word = error or (found.word if found else "")
    if found and found.word not in error and not error.startswith("States."):
        word = found.word
    return Reason(word, bounded(cause), found.cure if found else "see the execution in Step Functions" if word else "")


def waiting(status: str) -> Reason:
    """What Batch says of a job that it cannot place; nothing where it only waits."""
    found = _looked_up(_OF_JOBS, status)
    return Reason(found.word, bounded(status), found.cure) if found else Reason()


def _looked_up(table: _Table, text: str) -> Reason | None:
    for pattern, word, cure in table:
        found = re.search(pattern, text)
        if found:
            return Reason(word or found[0], text, cure)
    return None


def bounded(text: str) -> str:
    """A sentence of the engine's, no longer than one reads."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
