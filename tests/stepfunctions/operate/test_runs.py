"""Which task an engine's task is, why a run has failed that has no job to tell of it, and how a run is found.

The mapping is shown on the stand-in against what the run has left in the store; what it does not do is answered by stubs (see `stubs`).
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from compiler.backends.operating import EngineError, EngineTask, NotThereError, RefusedError
from compiler.backends.stepfunctions.operate import history
from tests.conformance.results import read_result
from tests.engines import Outcome
from tests.engines.stepfunctions_case import copy_store
from tests.engines.stepfunctions_operated import Place, over, place, started
from tests.stepfunctions.operate.stubs import ACCOUNT, EXECUTION, WHEN, Told, answering, described, job

FLOWS = Path(__file__).parents[2] / "flows"
MAPPED = {
    "switch_everywhere.py": ("SwitchEverywhereFlow", "mapped-switches"),
    "gangs_inside.py": ("GangsInsideFlow", "mapped-gangs"),
    "long_names.py": (
        "ForecastOfAllRegionsThatWasNamedWithoutAnyThoughtOfTheEnginesThatItMayRunOnFlow",
        "mapped-" + "n" * 73,
    ),
    "rounds.py": ("RoundsFlow", "mapped-rounds"),
}


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A queue and a bucket for this file."""
    with place(tmp_path_factory.mktemp("runs")) as found:
        yield found


@pytest.mark.sampled("alone")
def test_each_task_of_the_store_is_one_of_the_engine(there: Place) -> None:
    """By step and index, with as many attempts: switches, foreaches in foreaches, gangs, rounds, names that are shortened."""

    def done(file: str) -> tuple[str, Any]:
        _, name = MAPPED[file]
        engine = there.connect()
        engine.deploy(there.release(FLOWS / file, name), lambda _: None)
        run = over(engine, started(engine, name).run, 240)
        engine.delete(name)
        return file, run

    with ThreadPoolExecutor(4) as pool:
        runs = dict(pool.map(done, MAPPED))
    copied = copy_store(there.engine, there.bucket, "flowc", there.folder / "copied")
    for file, run in runs.items():
        flow, _ = MAPPED[file]
        assert run.phase == "succeeded", (file, run)
        left = read_result(Outcome(flow, run.run, copied, success=True, log=""), FLOWS)
        places = {(step, index.partition("~")[0]) for step, index in left.tasks}
        assert {(task.step, task.index) for task in run.tasks} == places, file
        assert {task.phase for task in run.tasks} == {"succeeded"}
    tasks = {task.index: task for task in runs["long_names.py"].tasks if task.step.endswith("group_part")}
    assert {index: task.attempt for index, task in tasks.items()} == {"0.0": 0, "1.0": 0, "1.1": 1}


@pytest.mark.parametrize(
    ("word", "index", "title", "members", "steps"),
    [
        ("fit", "3", "fit", "3", ("fit",)),
        ("loop~", "-", "loop", "-", ("loop",)),
        ("start+prepare/16", "-", "start to prepare", "-", ("start", "prepare")),
        ("fit+score*16:4", "0.2", "fit to score", "0.32-47", ("fit", "score")),
        ("fit*4", "1", "fit", "4-7", ("fit",)),
    ],
)
def test_a_job_of_several_tasks_says_which(
    word: str, index: str, title: str, members: str, steps: tuple[str, ...]
) -> None:
    told = Told()
    told.task(word, index, "job-1")
    [made] = history.read(told.events).submissions
    task = EngineTask(made.step, made.index, "running", made.job, shares=made.shares)
    assert (task.title, task.members, task.steps) == (title, members, steps)


def failed_by(kind: str, error: str, cause: str) -> Any:
    """A run whose first state has failed so, before any job."""
    told = Told()
    told.add("ExecutionStarted", executionStartedEventDetails={"input": "{}"})
    told.add("TaskStateEntered", stateEnteredEventDetails={"name": "Input"})
    service = {"resourceType": "aws-sdk:s3", "resource": "putObject"}
    told.add("TaskScheduled", taskScheduledEventDetails={**service, "region": "eu-west-1", "parameters": "{}"})
    told.add("TaskStarted", taskStartedEventDetails=service)
    told.failed(kind, error, cause)
    told.add("ExecutionFailed", executionFailedEventDetails={"error": error, "cause": cause})
    with answering({"stepfunctions": [described("FAILED", error=error, cause=cause), told.answer]}) as engine:
        return engine.run("sfn-Flow-run1")


@pytest.mark.parametrize(
    ("error", "cause", "reason", "cure"),
    [
        ("S3.S3Exception", "Access Denied (Service: S3, Status Code: 403)", "AccessDenied", "--policy"),
        ("S3.NoSuchBucketException", "The specified bucket does not exist", "S3.NoSuchBucketException", "make it"),
        ("States.Permissions", "The role is not authorized to assume", "States.Permissions", "--policy"),
        ("Batch.ClientException", "JobDefinition arn:x is not active", "JobDefinitionMissing", "deploy again"),
        ("Batch.ClientException", "JobQueue q not found", "JobQueueMissing", "`job_queue`"),
        ("Batch.ClientException", "User is not authorized to perform: batch:SubmitJob", "AccessDenied", "--policy"),
        ("Batch.AWSBatchException", "Too many", "Batch.AWSBatchException", "AWS's sentence says why"),
        ("States.Timeout", "", "States.Timeout", "@timeout"),
        ("Some.Word", "x" * 600, "Some.Word", "see the execution"),
    ],
)
def test_a_run_that_died_before_its_first_step_says_why(error: str, cause: str, reason: str, cure: str) -> None:
    """Its one task is no step's, and the run has the same word, in a bounded sentence."""
    for kind in ("TaskFailed", "TaskSubmitFailed"):
        run = failed_by(kind, error, cause)
        (task,) = run.tasks
        assert (task.step, task.phase, task.reason, task.node) == ("", "failed", reason, "Input#3")
        assert reason in (run.reason, task.reason)
        assert cure in task.cure
        assert cure in run.cure
        assert len(task.message) <= 500 >= len(run.message)


def test_a_run_that_is_over_has_no_task_that_goes_on() -> None:
    """Whatever Batch has not heard yet; what was never submitted, too."""
    told = Told()
    told.add("ExecutionStarted", executionStartedEventDetails={"input": "{}"})
    told.task("a", "-", "j1")
    told.add("ExecutionAborted", executionAbortedEventDetails={"error": "flowc.Terminated", "cause": "flowc terminate"})
    answers = {
        "stepfunctions": [described("ABORTED", error="flowc.Terminated", cause="flowc terminate"), told.answer],
        "batch": [job("RUNNING")],
    }
    with answering(answers) as engine:
        run = engine.run("sfn-Flow-run1")
    assert (run.phase, run.reason, run.cure) == ("terminated", "flowc.Terminated", "somebody has terminated it")
    assert [task.phase for task in run.tasks] == ["terminated"]
    assert run.url == (
        "https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1#/v2/executions/details/" + EXECUTION
    )


def test_children_are_read_by_pages_the_worst_first() -> None:
    """Of a Map Run that has failed by its reader, the run tells what the Map Run says."""
    parent, child = Told(), Told()
    parent.add("ExecutionStarted", executionStartedEventDetails={"input": "{}"})
    parent.add("MapStateEntered", stateEnteredEventDetails={"name": "each a"})
    map_run = f"{ACCOUNT}:mapRun:Flow/x:1"
    parent.add("MapRunStarted", mapRunStartedEventDetails={"mapRunArn": map_run})
    parent.add("MapRunFailed", mapRunFailedEventDetails={"error": "States.ItemReaderFailed", "cause": "no object"})
    child.add("ExecutionStarted", executionStartedEventDetails={"input": "{}"})
    child.task("a", "7", "j1")
    child.failed("TaskFailed", "States.TaskFailed", "")
    arn = f"{ACCOUNT}:execution:Flow/x:c1"
    item = {"executionArn": arn, "stateMachineArn": f"{ACCOUNT}:stateMachine:Flow/x", "name": "c1"}
    found = {"executions": [{**item, "status": "FAILED", "startDate": WHEN}]}
    none: tuple[str, dict[str, Any]] = ("list_executions", {"executions": []})
    first, second = {"events": parent.events[:2], "nextToken": "t"}, {"events": parent.events[2:]}
    listed = [("list_executions", {"executions": [], "nextToken": "u"}), ("list_executions", found), *[none] * 5]
    asked = [("get_execution_history", first), ("get_execution_history", second), *listed, child.answer]
    answers = {"stepfunctions": [described("FAILED"), *asked], "batch": [job("FAILED", container={"exitCode": 1})]}
    with answering(answers) as engine:
        run = engine.run("sfn-Flow-run1")
    assert [(task.step, task.index, task.reason) for task in run.tasks] == [("a", "7", "exit code 1")]
    assert run.message == "a/7: exit code 1"
    answers = {"stepfunctions": [described("FAILED"), parent.answer, *[none] * 6]}
    with answering(answers) as engine:
        run = engine.run("sfn-Flow-run1")
    assert (run.reason, run.message) == ("States.ItemReaderFailed", "no object")


ABSENT = ("describe_execution", {"Error": {"Code": "ExecutionDoesNotExist", "Message": "none"}})
DENIED = ("describe_execution", {"Error": {"Code": "AccessDeniedException", "Message": "no"}})


def test_a_run_is_found_whatever_its_names_hold() -> None:
    """Both may hold what parts them; who may not look at others' is not stopped by that."""
    found = described("RUNNING")
    with answering({"stepfunctions": [ABSENT, DENIED, found]}) as engine:
        assert engine.page("sfn-a-b-c-d").endswith(EXECUTION)
    with (
        answering({"stepfunctions": [ABSENT, ABSENT]}) as engine,
        pytest.raises(NotThereError, match="no run `sfn-a-b-c`"),
    ):
        engine.page("sfn-a-b-c")
    with answering({"stepfunctions": [DENIED]}) as engine, pytest.raises(EngineError, match="does not permit"):
        engine.page("sfn-a-b")


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (
            [
                described(
                    "FAILED", redriveStatus="NOT_REDRIVABLE", redriveStatusReason="Execution is older than 14 days."
                )
            ],
            "cannot be redriven: Execution is older than 14 days; start a new run",
        ),
        (
            [
                described("TIMED_OUT"),
                ("get_execution_history", {"events": []}),
                ("redrive_execution", {"Error": {"Code": "ExecutionNotRedrivable", "Message": "too many"}}),
            ],
            "cannot be redriven .ExecutionNotRedrivable.",
        ),
    ],
)
def test_what_aws_does_not_redrive_is_refused_in_its_words(answers: Any, said: str) -> None:
    """With what to do, and why a new run does everything again."""
    with answering({"stepfunctions": answers}) as engine, pytest.raises(RefusedError, match=said) as told:
        engine.retry("sfn-Flow-run1", None)
    assert "a state machine always begins with its first state" in str(told.value)
