"""The stand-in for Step Functions and Batch behaves as AWS documents, where our output depends on it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.engines.stepfunctions import ExecutionResult, Image, run_state_machine, server

State = Mapping[str, Any]
Run = Callable[..., ExecutionResult]

PROGRAM = """
import json, os, signal, sys, time
import urllib.request
word, *rest = sys.argv[1:]
if word == "say":
    print(json.dumps(rest))
elif word == "environment":
    print(json.dumps(sorted(os.environ)))
elif word == "fail-below":
    print(rest[0]); sys.exit(0 if int(rest[1]) >= int(rest[0]) else 1)
elif word == "die":
    os.kill(os.getpid(), signal.SIGKILL)
elif word == "sleep":
    print("asleep", flush=True); time.sleep(float(rest[0]))
elif word == "exit":
    sys.exit(int(rest[0]))
"""


def job(*command: str, **more: object) -> State:
    """A task state that runs the program with these words; a word that begins with `$` is a path."""
    words = ", ".join(word if word.startswith(("$", "States.")) else f"'{word}'" for word in command)
    parameters: dict[str, object] = {
        "JobName": "job",
        "JobDefinition": "${JobDefinition}",
        "JobQueue": "${JobQueue}",
        "ContainerOverrides": {"Command.$": f"States.Array('python', 'program.py', {words})"},
    }
    if timeout := more.pop("attempt_seconds", None):
        parameters["Timeout"] = {"AttemptDurationSeconds": timeout}
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::batch:submitJob.sync",
        "Parameters": parameters,
        "ResultPath": None,
        **({} if "Next" in more else {"End": True}),
        **more,
    }


def machine(**states: State) -> State:
    """States of which the first begins."""
    return {"StartAt": next(iter(states)), "States": states}


def read_control(next_state: str) -> State:
    """Read the JSON of `control` in the bucket into `$.control`."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
        "Parameters": {"Bucket": "${Bucket}", "Key": "control"},
        "ResultSelector": {"value.$": "States.StringToJson($.Body)"},
        "ResultPath": "$.control",
        "Next": next_state,
    }


def distributed(states: State, **more: object) -> State:
    """A distributed Map over the array in the object `items`."""
    return {
        "Type": "Map",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSON"},
            "Parameters": {"Bucket": "${Bucket}", "Key": "items"},
        },
        "ItemSelector": {
            "run.$": "$.run",
            "index.$": "$$.Map.Item.Value",
            "execution.$": "$$.Execution.Name",
        },
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            **states,
        },
        "ResultPath": None,
        "End": True,
        **more,
    }


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a machine with a bucket that holds `objects`; the result's `said` are what jobs printed as JSON."""

    def execute(definition: State, objects: State | None = None, given: object = None) -> ExecutionResult:
        (tmp_path / "program.py").write_text(PROGRAM)
        bucket = server().bucket()
        for key, value in (objects or {}).items():
            server().client("s3").put_object(Bucket=bucket, Key=key, Body=json.dumps(value).encode())
        definitions = {
            "JobDefinition": {
                "jobDefinitionName": "job",
                "type": "container",
                "containerProperties": {
                    "image": "",
                    "environment": [{"name": "DECLARED", "value": "1"}],
                    "resourceRequirements": [
                        {"type": "VCPU", "value": "1"},
                        {"type": "MEMORY", "value": "64"},
                    ],
                },
            }
        }
        return run_state_machine(
            json.dumps(definition),
            json.dumps(definitions),
            folder=tmp_path / "jobs",
            substitutions={"Bucket": bucket},
            input=given,
            image=Image(workdir=tmp_path),
        )

    return execute


def said(result: ExecutionResult) -> list[object]:
    """What the jobs of a run that succeeded printed, sorted by text."""
    assert result.status == "SUCCEEDED", result.log
    return sorted((json.loads(run.log) for run in result.jobs), key=str)


def test_job_sees_its_own_environment_only(run: Run) -> None:
    result = run(machine(a=job("environment")))
    (names,) = said(result)
    assert isinstance(names, list)
    ours = {"PATH", "HOME", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"}
    assert {"DECLARED", "AWS_BATCH_JOB_ID", "MANAGED_BY_AWS", *ours} == set(names) - {"LC_CTYPE"}


def test_choice_on_a_control_value_in_s3(run: Run) -> None:
    choice = {
        "Type": "Choice",
        "Choices": [
            {"Variable": "$.control.value.case", "NumericEquals": n, "Next": name} for n, name in enumerate("bc")
        ],
    }
    states = machine(read=read_control("choice"), choice=choice, b=job("say", "b"), c=job("say", "c"))
    assert said(run(states, {"control": {"index": "-", "case": 1}})) == [["c"]]


def test_unmatched_choice_fails(run: Run) -> None:
    choice = {"Type": "Choice", "Choices": [{"Variable": "$.control.value.case", "NumericEquals": 0, "Next": "b"}]}
    states = machine(read=read_control("choice"), choice=choice, b=job("say", "b"))
    result = run(states, {"control": {"case": 7}})
    assert (result.status, result.error) == ("FAILED", "States.NoChoiceMatched")


def test_parallel_in_map_in_map(run: Run) -> None:
    branches = [machine(**{name: job("say", name, "$.i", "$.j")}) for name in ("left", "right")]
    inner = {
        "Type": "Map",
        "ItemsPath": "$.inner",
        "ItemSelector": {"i.$": "$.i", "j.$": "$$.Map.Item.Value"},
        "ItemProcessor": machine(both={"Type": "Parallel", "Branches": branches, "End": True}),
        "ResultPath": None,
        "End": True,
    }
    outer = {
        "Type": "Map",
        "ItemsPath": "$.outer",
        "ItemSelector": {"i.$": "$$.Map.Item.Value", "inner.$": "$.inner"},
        "ItemProcessor": machine(inner=inner),
        "ResultPath": None,
        "End": True,
    }
    result = run(machine(outer=outer), given={"outer": ["0", "1"], "inner": ["0", "1"]})
    assert said(result) == [[name, i, j] for name in ("left", "right") for i in "01" for j in "01"]


def test_nested_distributed_map_hands_ids_on(run: Run) -> None:
    inner = machine(say=job("say", "$.run", "$.index"))
    outer = machine(each=distributed(inner))
    result = run(machine(each=distributed(outer)), {"items": ["0", "1", "2"]}, given={"run": "r"})
    assert said(result) == sorted([["r", n] for n in "012"] * 3)


def test_distributed_child_is_an_execution_of_its_own(run: Run) -> None:
    states = machine(say=job("say", "$.execution", "$$.Execution.Name"))
    result = run(machine(each=distributed(states)), {"items": ["0", "1"]}, given={"run": "r"})
    parents, children = zip(*said(result), strict=True)
    assert len(set(parents)) == 1
    assert len(set(children)) == len(children)
    assert not set(parents) & set(children)


def test_distributed_child_has_no_map_item(run: Run) -> None:
    states = machine(say=job("say", "$$.Map.Item.Value"))
    result = run(machine(each=distributed(states)), {"items": ["0"]}, given={"run": "r"})
    assert (result.status, result.jobs) == ("FAILED", ())


def test_failed_distributed_child_fails_the_map(run: Run) -> None:
    states = machine(exit=job("exit", "$.index"))
    result = run(machine(each=distributed(states)), {"items": ["0", "1", "0"]}, given={"run": "r"})
    assert (result.status, result.error) == ("FAILED", "States.ExceedToleratedFailureThreshold")


def test_result_writer_keeps_results_out_of_the_state(run: Run) -> None:
    writer = {
        "Resource": "arn:aws:states:::s3:putObject",
        "Parameters": {"Bucket": "${Bucket}", "Prefix.$": "States.Format('results/{}', $.run)"},
    }
    states = distributed(machine(say=job("say", "$.index")), ResultWriter=writer)
    result = run(machine(each=states), {"items": ["0", "1"]}, given={"run": "r"})
    assert (result.status, result.output) == ("SUCCEEDED", {"run": "r"})


RETRY = [
    {"ErrorEquals": ["States.TaskFailed", "States.Timeout"], "IntervalSeconds": 1, "MaxAttempts": 2, "BackoffRate": 1}
]


@pytest.mark.parametrize(("needed", "attempts", "status"), [(0, 1, "SUCCEEDED"), (2, 3, "SUCCEEDED"), (3, 3, "FAILED")])
def test_retry_passes_its_count(run: Run, needed: int, attempts: int, status: str) -> None:
    words = ("fail-below", str(needed), "States.Format('{}', $$.State.RetryCount)")
    result = run(machine(a=job(*words, Retry=RETRY)))
    assert (result.status, [one.argv[-1] for one in result.jobs]) == (status, ["0", "1", "2"][:attempts])


def test_retry_counts_each_distributed_child_apart(run: Run) -> None:
    words = ("fail-below", "$.index", "States.Format('{}', $$.State.RetryCount)")
    states = machine(a=job(*words, Retry=RETRY))
    result = run(machine(each=distributed(states)), {"items": ["2", "2", "0"]}, given={"run": "r"})
    assert result.status == "SUCCEEDED", result.log
    assert [one.argv[-1] for one in result.jobs].count("1") == len(["first child", "second child"])


CATCH = [{"ErrorEquals": ["States.TaskFailed", "States.Timeout"], "ResultPath": None, "Next": "caught"}]


@pytest.mark.parametrize(
    ("failing", "code"),
    [(job("exit", "3", Catch=CATCH), 3), (job("die", Catch=CATCH), 137), (job("sleep", "60", Catch=CATCH, attempt_seconds=1), 137)],
    ids=["exit", "killed", "attempt-too-long"],
)  # fmt: skip
def test_catch_keeps_the_state(run: Run, failing: State, code: int) -> None:
    result = run(machine(a=failing, caught=job("say", "$.run")), given={"run": "r"})
    assert result.status == "SUCCEEDED", result.log
    assert [one.exit for one in result.jobs] == [code, 0]


def test_state_timeout_is_not_a_task_failure(run: Run) -> None:
    catch = [{"ErrorEquals": ["States.TaskFailed"], "ResultPath": None, "Next": "caught"}]
    states = machine(a=job("sleep", "3", TimeoutSeconds=1, Catch=catch), caught=job("say", "no"))
    result = run(states)
    assert (result.status, result.error) == ("FAILED", "States.Timeout")


def test_failure_in_a_branch_is_a_task_failure_outside(run: Run) -> None:
    parallel = {
        "Type": "Parallel",
        "Branches": [machine(bad=job("exit", "1")), machine(good=job("say", "x"))],
        "Catch": [{"ErrorEquals": ["States.TaskFailed"], "ResultPath": None, "Next": "caught"}],
        "End": True,
    }
    result = run(machine(both=parallel, caught=job("say", "caught")))
    assert result.status == "SUCCEEDED", result.log


GIVEN = {
    "text": "é {{x}} $(HOME) ${Q} 'quoted' \"double\" \\ \n end",
    "n": 1.5,
    "big": "x" * 65536,
    "list": [None, True],
}


def test_input_becomes_an_object_byte_for_byte(run: Run) -> None:
    put = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:putObject",
        "Parameters": {"Bucket": "${Bucket}", "Key.$": "States.Format('in/{}.json', $$.Execution.Name)", "Body.$": "$"},
        "ResultSelector": {"run.$": "States.Format('sfn-{}', $$.Execution.Name)"},
        "Next": "get",
    }
    get = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
        "Parameters": {"Bucket": "${Bucket}", "Key.$": "States.Format('in/{}.json', $$.Execution.Name)"},
        "ResultSelector": {"given.$": "States.StringToJson($.Body)"},
        "End": True,
    }
    result = run(machine(put=put, get=get), given=GIVEN)
    assert (result.status, result.output) == ("SUCCEEDED", {"given": GIVEN})


def test_overrides_have_batch_s_limit(run: Run) -> None:
    result = run(machine(a=job("say", "$.big")), given={"big": "x" * 8192})
    assert (result.status, result.jobs) == ("FAILED", ())
