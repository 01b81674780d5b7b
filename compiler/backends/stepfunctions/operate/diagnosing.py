"""What `doctor` asks of AWS: who calls, whose clock is right, what is set, what the caller may do."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from compiler.backends.operating import Connection, Diagnosis, EngineError
from compiler.backends.stepfunctions.operate import batch_jobs
from compiler.backends.stepfunctions.operate.calls import TABLE, Aws
from compiler.mistakes import CallError

_SKEW = 240.0
"""Seconds; AWS refuses a signature that is five minutes off."""

RIGHTS: Mapping[str, tuple[str, ...]] = {
    "deploy": (
        "states:DescribeStateMachine",
        "states:CreateStateMachine",
        "states:UpdateStateMachine",
        "states:PublishStateMachineVersion",
        "states:ListTagsForResource",
        "states:TagResource",
        "states:UntagResource",
        "states:ListStateMachineVersions",
        "states:DeleteStateMachineVersion",
        "batch:DescribeJobDefinitions",
        "batch:RegisterJobDefinition",
        "batch:DeregisterJobDefinition",
        "batch:TagResource",
        "scheduler:GetSchedule",
        "scheduler:CreateSchedule",
        "scheduler:UpdateSchedule",
        "scheduler:DeleteSchedule",
        "events:DescribeRule",
        "events:ListTargetsByRule",
        "events:PutRule",
        "events:PutTargets",
        "events:RemoveTargets",
        "events:DeleteRule",
        "iam:PassRole",
    ),
    "list": ("tag:GetResources",),
    "suspend": ("events:EnableRule", "events:DisableRule"),
    "delete": ("states:DeleteStateMachine",),
    "trigger": ("states:StartExecution", "states:DescribeExecution"),
    "status": ("states:ListExecutions", "states:GetExecutionHistory", "batch:DescribeJobs", "batch:DescribeJobQueues"),
    "logs": ("logs:GetLogEvents",),
    "retry": ("states:RedriveExecution",),
    "terminate": (
        "states:StopExecution",
        "states:DescribeStateMachineForExecution",
        "batch:ListJobs",
        "batch:TerminateJob",
    ),
}
"""What each verb asks of AWS; those above a verb are needed for it, too, where it looks at the same."""


def diagnose(aws: Aws, connection: Connection) -> Iterator[Diagnosis]:
    """What can be told; what cannot is told as that. Raises nothing."""
    try:
        caller = aws.ask("sts", "get_caller_identity")
    except CallError as error:
        yield Diagnosis("AWS", False, str(error))
        return
    yield Diagnosis("AWS", True, f"{caller['Arn']} in {aws.region}")
    yield _clock(caller)
    for service, operation, words in (
        ("stepfunctions", "list_state_machines", {"maxResults": 1}),
        ("batch", "describe_job_definitions", {"maxResults": 1, "status": "ACTIVE"}),
        ("scheduler", "list_schedules", {"MaxResults": 1}),
        ("events", "list_rules", {"Limit": 1}),
        ("logs", "describe_log_groups", {"limit": 1}),
    ):
        yield _reached(aws, service, operation, words)
    yield from _settings(aws, connection)
    yield from _rights(aws, str(caller["Arn"]))


def _clock(answer: Mapping[str, Any]) -> Diagnosis:
    told = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    try:
        off = time.time() - parsedate_to_datetime(told).timestamp()
    except (TypeError, ValueError):
        return Diagnosis("clock", None, "AWS has told no time")
    is_well = abs(off) < _SKEW
    return Diagnosis(
        "clock",
        is_well,
        f"{abs(off):.0f} s from AWS's",
        "" if is_well else "set this machine's clock: AWS refuses what it signs",
    )


def _reached(aws: Aws, service: Any, operation: str, words: Mapping[str, Any]) -> Diagnosis:
    try:
        aws.ask(service, operation, **words)
    except CallError as error:
        return Diagnosis(f"{service} {operation}", False, str(error), "let the caller do this, or look at the network")
    return Diagnosis(f"{service} {operation}", True, "answers")


def _settings(aws: Aws, connection: Connection) -> Iterator[Diagnosis]:
    has_role = bool(connection.options.get("role"))
    yield Diagnosis(
        "role",
        has_role,
        str(connection.options.get("role") or "not set"),
        "" if has_role else f"write `role` of {TABLE}: deploy needs it",
    )
    queue = str(connection.options.get("job_queue") or "")
    if queue:
        try:
            trouble = batch_jobs.queue_trouble(aws, queue)
        except EngineError as error:
            trouble = str(error)
        yield Diagnosis(
            "job queue",
            not trouble,
            trouble or f"{queue} takes jobs",
            f"enable or repair it, or name another as `job_queue` of {TABLE}" if trouble else "",
        )


def _rights(aws: Aws, caller: str) -> Iterator[Diagnosis]:
    """What each verb may do, as IAM simulates it; who may not ask that is told so."""
    source, all_actions = _policy_source(caller), sorted({each for actions in RIGHTS.values() for each in actions})
    try:
        if not source:
            raise EngineError("IAM simulates users and roles alone")
        words = {"PolicySourceArn": source, "ActionNames": all_actions, "MaxItems": 1000}
        told = aws.ask("iam", "simulate_principal_policy", **words)["EvaluationResults"]
    except CallError as error:
        cure = "docs/operate-step-functions.md lists what each verb needs; or let the caller ask (iam:SimulatePrincipalPolicy)"
        yield Diagnosis("rights", None, f"IAM does not tell them: {error}", cure)
        return
    denied = {each["EvalActionName"] for each in told if each["EvalDecision"] != "allowed"}
    for verb, actions in RIGHTS.items():
        lacking = [each for each in actions if each in denied]
        cure = f"allow {', '.join(lacking)}" if lacking else ""
        yield Diagnosis(f"rights to {verb}", not lacking, "denied" if lacking else "allowed", cure)


def _policy_source(caller: str) -> str:
    """The user, or the role of a session, that IAM simulates; empty for a root user, who may all."""
    head, _, rest = caller.partition(":sts:")
    if rest and ":assumed-role/" in rest:
        account, _, role = rest.lstrip(":").partition(":assumed-role/")
        return f"{head}:iam::{account}:role/{role.partition('/')[0]}"
    return caller if ":user/" in caller else ""
