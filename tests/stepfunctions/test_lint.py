"""The lint finds what AWS refuses and moto lets pass; each case is a good machine with one thing wrong."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.engines.stepfunctions_lint import asl_validator, lint, lint_jobs

Machine = dict[str, Any]


def job() -> Machine:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::batch:submitJob.sync",
        "Parameters": {
            "JobName": "job",
            "JobDefinition": "d",
            "JobQueue": "q",
            "ContainerOverrides": {"Command.$": "States.Array('a', $.run, States.Format('x/{}', $.run))"},
        },
        "Retry": [{"ErrorEquals": ["States.TaskFailed", "States.Timeout"], "IntervalSeconds": 1}],
        "ResultPath": None,
        "End": True,
    }


def good() -> Machine:
    body = {"StartAt": "inside", "States": {"inside": job()}}
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    reader = {"Bucket": "b", "Key.$": "States.Format('{}', $$.Execution.Name)"}
    each = {
        "Type": "Map",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSON"},
            "Parameters": reader,
        },
        "ItemSelector": {"run.$": "$.run", "index.$": "$$.Map.Item.Value"},
        "ItemProcessor": {"ProcessorConfig": config, **body},
        "ResultPath": None,
        "End": True,
    }
    return {"StartAt": "first", "States": {"first": {**job(), "Next": "each"}, "each": each}}


def without_end(machine: Machine) -> Machine:
    del machine["States"]["first"]["End"]
    return machine


def inside(machine: Machine) -> Machine:
    state: Machine = machine["States"]["each"]["ItemProcessor"]["States"]["inside"]
    return state


def first(machine: Machine) -> Machine:
    state: Machine = machine["States"]["first"]
    return state


def command(text: str) -> Callable[[Machine], object]:
    return lambda machine: inside(machine)["Parameters"]["ContainerOverrides"].update({"Command.$": text})


def rename(machine: Machine, old: str, new: str) -> None:
    body = machine["States"]["each"]["ItemProcessor"]
    body["States"][new] = body["States"].pop(old)
    body["StartAt"] = new


DEEP = "States.Array(" * 11 + "$.a" + ")" * 11
WRONG: Mapping[str, tuple[Callable[[Machine], object], str]] = {
    "name twice in two levels": (lambda m: rename(m, "inside", "first"), "is also in"),
    "name too long": (lambda m: rename(m, "inside", "x" * 81), "81 characters"),
    "next leaves the level": (lambda m: (inside(m).pop("End"), inside(m).update(Next="first")), "not in its level"),
    "next is nowhere": (lambda m: first(m).update(Next="gone"), "not in its level"),
    "next and end": (lambda m: first(m).update(End=True), "one of Next and End"),
    "starts nowhere": (lambda m: m.update(StartAt="gone"), "starts at"),
    "unreached": (lambda m: m["States"].update(extra=job()), "never reached"),
    "execution in a child": (command("States.Array($$.Execution.Name)"), "$$.Execution"),
    "map item in a child": (command("States.Array($$.Map.Item.Value)"), "$$.Map"),
    "both keys": (lambda m: inside(m)["Parameters"].update({"JobName.$": "$.run"}), "beside"),
    "literal path": (lambda m: inside(m)["Parameters"].update({"JobDefinition": "$.run"}), "looks like a path"),
    "no path": (lambda m: inside(m)["Parameters"].update({"Tags.$": "run"}), "no path"),
    "unbalanced": (command("States.Array('a', $.run"), "no path"),
    "open inside": (command("States.Array(States.Format('{}', $.run)"), "does not close"),
    "brace in a literal": (command("States.Format('{x}', $.run)"), "backslash"),
    "too deep": (command(DEEP), "nests more"),
    "reader in an inline map": (lambda m: m["States"]["each"]["ItemProcessor"].update(ProcessorConfig={"Mode": "INLINE"}), "DISTRIBUTED"),
    "no execution type": (lambda m: m["States"]["each"]["ItemProcessor"]["ProcessorConfig"].pop("ExecutionType"), "ExecutionType"),
    "failures without timeouts": (lambda m: first(m)["Retry"][0].update(ErrorEquals=["States.TaskFailed"]), "name both"),
    "no pause": (lambda m: first(m)["Retry"][0].update(IntervalSeconds=0), "IntervalSeconds"),
    "job name": (lambda m: first(m)["Parameters"].update(JobName="a.b"), "no name of a job"),
    "short timeout": (lambda m: first(m)["Parameters"].update(Timeout={"AttemptDurationSeconds": 59}), "below 60"),
    "queue time": (lambda m: first(m).update(TimeoutSeconds=600), "in the queue"),
    "reference": (command("States.Array('Ref::name')"), "parameter of Batch"),
    "too large": (lambda m: m.update(Comment="x" * (1 << 20)), "bytes"),
}  # fmt: skip


def test_a_good_machine_has_no_finding() -> None:
    assert lint(json.dumps(without_end(good()))) == ()


@pytest.mark.parametrize("name", WRONG)
def test_each_departure_is_found(name: str) -> None:
    change, words = WRONG[name]
    machine = without_end(copy.deepcopy(good()))
    change(machine)
    assert any(words in found.what for found in lint(json.dumps(machine))), lint(json.dumps(machine))


JOB = {
    "jobDefinitionName": "a",
    "type": "container",
    "containerProperties": {"image": "i", "environment": [{"name": "A", "value": "1"}]},
}


@pytest.mark.parametrize(
    "change",
    [
        {"jobDefinitionName": "a.b"},
        {"timeout": {"attemptDurationSeconds": 59}},
        {"retryStrategy": {"attempts": 3}},
        {"containerProperties": {"environment": [{"name": "AWS_BATCH_X", "value": ""}]}},
        {"containerProperties": {"environment": [{"name": "A", "value": ""}] * 2}},
        {"containerProperties": {"command": ["Ref::x"]}},
    ],
)
def test_each_departure_of_a_job_is_found(change: Mapping[str, object]) -> None:
    assert lint_jobs(json.dumps({"J": JOB})) == ()
    assert len(lint_jobs(json.dumps({"J": {**JOB, **change}}))) == 1


def test_the_second_opinion_finds_a_broken_machine(tmp_path: Path) -> None:
    """Where npm is missing this says so, and the lint above is all there is."""
    assert asl_validator(json.dumps({"StartAt": "a", "States": {"b": {"Type": "Nope"}}}), tmp_path)
    assert asl_validator(json.dumps(without_end(good())), tmp_path) == ""
