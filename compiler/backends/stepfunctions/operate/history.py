"""What an execution's history tells of the tasks: each submission of a job, whose command names the step and the index.

Step Functions tells of every attempt anew, so the last submission of a step and index is how that task stands.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from compiler.backends.operating import Sharing, step_of
from compiler.backends.stepfunctions.operate.calls import seconds
from compiler.slotted_class import fresh, mutable

_FAILED = frozenset({"TaskStartFailed", "TaskSubmitFailed", "TaskFailed", "TaskTimedOut"})
_FOLLOWING = _FAILED | {"TaskStarted", "TaskSubmitted", "TaskSucceeded"}
"""What is told of a submission after it."""


@mutable
class Submission:
    """One attempt of a state that asks a service: `job` is Batch's id, empty where it has taken none. `step` is empty for what is
    no step of ours, `shares` is what a job does that does several tasks. `end` is `""` while it goes on, else `succeeded` or
    `failed`. Times in seconds since 1970."""

    step: str
    index: str
    state: str
    event: int
    began: float
    job: str = ""
    end: str = ""
    ended: float | None = None
    error: str = ""
    cause: str = ""
    shares: Sharing | None = None


@mutable
class History:
    """The submissions in their order; `map_runs` are the ARNs of the Map Runs that were started; `ends_in_fail`: the last state is
    one of the kind Fail. `failure` is the error and cause of a Map Run that has failed without a child."""

    submissions: list[Submission] = fresh(default_factory=list)
    map_runs: list[str] = fresh(default_factory=list)
    failure: tuple[str, str] = ("", "")
    ends_in_fail: bool = False


def read(events: Iterable[Mapping[str, Any]]) -> History:
    """Read events in their order."""
    history = History()
    states: dict[int, str] = {}
    open_: dict[int, Submission] = {}
    for event in events:
        kind, number, before = str(event["type"]), int(event["id"]), int(event.get("previousEventId", 0))
        states[number] = (event.get("stateEnteredEventDetails") or {}).get("name") or states.get(before, "")
        if kind == "TaskScheduled":
            made = _submission(event, states[number])
            history.submissions.append(made)
            open_[number] = made
        elif kind in _FOLLOWING and before in open_:
            open_[number] = open_[before]
            _follow(open_[number], kind, event)
        elif kind == "MapRunStarted":
            history.map_runs.append(str(event["mapRunStartedEventDetails"]["mapRunArn"]))
        elif kind == "MapRunFailed":
            told = event.get("mapRunFailedEventDetails") or {}
            history.failure = (str(told.get("error", "")), str(told.get("cause", "")))
        elif kind.endswith("StateEntered"):
            history.ends_in_fail = kind == "FailStateEntered"
    return history


def _submission(event: Mapping[str, Any], state: str) -> Submission:
    told = event["taskScheduledEventDetails"]
    words = command(str(told.get("parameters", ""))) if told["resourceType"] == "batch" else []
    word, index = word_and_index(words)
    step, shares = step_of(word)
    return Submission(step, index, state, int(event["id"]), seconds(event["timestamp"]), shares=shares)


def command(parameters: str) -> list[str]:
    """The command of a job, in the parameters that its state has submitted; none where these are cut."""
    try:
        words = json.loads(parameters)["ContainerOverrides"]["Command"]
    except (ValueError, LookupError, TypeError):
        return []
    return [str(word) for word in words] if isinstance(words, list) else []


def word_and_index(words: list[str]) -> tuple[str, str]:
    """What `compiler.backends.command.argv` says in a command; nothing where it is none of ours, or an exit hook's."""
    if words[:4] != ["python", "-m", "flowc", "step"] or "--index" not in words[5:-1]:
        return "", ""
    return words[4], words[words.index("--index", 5) + 1]


def run_of(words: list[str]) -> str:
    """The run that a command is for; empty where it is none of ours."""
    is_ours = words[:3] == ["python", "-m", "flowc"] and "--run" in words[:-1]
    return words[words.index("--run") + 1] if is_ours else ""


def _follow(made: Submission, kind: str, event: Mapping[str, Any]) -> None:
    details = event.get(f"{kind[:1].lower()}{kind[1:]}EventDetails") or {}
    if kind == "TaskSubmitted":
        made.job = _job_id(str(details.get("output", "")))
    elif kind == "TaskSucceeded":
        made.end, made.ended = "succeeded", seconds(event["timestamp"])
    elif kind in _FAILED:
        made.end, made.ended = "failed", seconds(event["timestamp"])
        made.error, made.cause = str(details.get("error", "")), str(details.get("cause", ""))


def _job_id(output: str) -> str:
    try:
        return str(json.loads(output)["JobId"])
    except (ValueError, LookupError, TypeError):
        return ""


def last_of_each(submissions: Iterable[Submission]) -> list[tuple[Submission, int]]:
    """The newest submission of each step and index, and how many jobs of it there were; what is no step of ours by its state.

    A redriven Map Run may tell of a job once more.
    """
    newest: dict[tuple[str, str, str], Submission] = {}
    jobs: dict[tuple[str, str, str], set[str]] = {}
    for each in sorted(submissions, key=lambda each: each.began):
        key = (each.step, each.index, "" if each.step else each.state)
        newest[key] = each
        jobs.setdefault(key, set()).update({each.job} - {""})
    return [(each, len(jobs[key])) for key, each in newest.items()]
