"""How a compiled file is known, whatever it is called: one table for what the archive leaves out and for what `create` may remove."""

from __future__ import annotations

import re

from compiler.slotted_class import record


@record
class Mark:
    """What every file of one kind holds: the end of its name, and patterns of which all are found in its bytes.

    A mark that is not `sure` keeps a file out of the archive, and lets nobody remove it: an author's own file may look the same.
    """

    target: str
    suffix: str
    patterns: tuple[bytes, ...]
    sure: bool = True


_ARGO = rb"argoproj\.io|kustomize\.config\.k8s\.io|rbac\.authorization\.k8s\.io|v1$"
_FLOW = rb'"FLOWC_FLOW"'
_RUN = rb"\"States\.Format\('sfn-\{\}-\{\}', \$\$\.StateMachine\.Name, \$\$\.Execution\.Name\)\""

MARKS: tuple[Mark, ...] = (
    Mark("airflow", ".py", (rb'\A"""The flow [^\n]*, written by flowc: change the flow, not this file\.',)),
    Mark(
        "argo",
        ".yaml",
        (rb"\A# Compiled from [^\n]* by flowc: change the flow[^\n]*\n", rb"(?m)^apiVersion: (?:" + _ARGO + rb")"),
    ),
    Mark("step-functions", ".asl.json", (rb'"StartAt":', _RUN)),
    Mark("step-functions", ".jobs.json", (rb'"jobDefinitionName":', _FLOW)),
    Mark("step-functions", ".schedule.json", (rb'"ScheduleExpression":', rb"flowc-scheduled-at")),
    Mark("step-functions", ".events.json", (rb'"EventPattern":', rb"flowc-trigger")),
    Mark("step-functions", ".sam.json", (rb'"AWS::Serverless::StateMachine"', _FLOW)),
    Mark("step-functions", ".policy.json", (rb'"Sid": "Flowc',)),
    Mark("step-functions", ".job-policy.json", (rb'"Sid": "Flowc',)),
    # of a distribution beside this one, in a form that has no comments
    Mark("maestro", ".maestro.json", (rb'"description": "Compiled from [^\n]* by flowc: change the flow', _FLOW)),
    # as version 0.1.0 and other targets write them
    Mark("step-functions", ".policy.json", (rb'"batch:SubmitJob"', rb"GetEventsForBatchJobsRule"), sure=False),
    Mark("", ".py", (rb"by flowc: change the flow",), sure=False),
    Mark("", ".yaml", (rb"by flowc: change the flow",), sure=False),
    Mark("", ".yml", (rb"by flowc: change the flow",), sure=False),
)
"""Every kind of file that a target writes. A target of another distribution begins its text as ours do."""

_HEAD = 8192
"""Bytes in which a mark of Python or YAML begins: behind the path of a flow, which has 4096."""


def is_compiled(name: str, data: bytes) -> bool:
    """Whether a file is the output of a compile, which may hold the digest of the code that it would be part of."""
    return any(_fits(mark, name, data) for mark in MARKS)


def target_of(name: str, data: bytes) -> str | None:
    """The target whose output a file surely is; None for everything that somebody may have written."""
    return next((mark.target for mark in MARKS if mark.sure and _fits(mark, name, data)), None)


def may_be_compiled(name: str, target: str) -> bool:
    """Whether files of a target have such a name."""
    return any(mark.target == target and name.endswith(mark.suffix) for mark in MARKS)


def _fits(mark: Mark, name: str, data: bytes) -> bool:
    if not name.endswith(mark.suffix):
        return False
    part = data if mark.suffix.endswith(".json") else data[:_HEAD]
    return all(re.search(pattern, part) for pattern in mark.patterns)
