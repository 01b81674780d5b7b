"""Commands on the store that 0.1.0 wrote: they say what its client said, and go on with its runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.version_0_1_0.kept import SAID, copied_flows, copied_store, flowc, told

RUNS = [(flow, run) for flow in SAID for run in SAID[flow]["runs"]]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A copy that tests only read."""
    return copied_store(tmp_path_factory.mktemp("copy"))


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _status(run: Mapping[str, Any]) -> str:
    return "succeeded" if run["successful"] else "failed"


@pytest.mark.parametrize("flow", ["ResumedFlow", "SettingsFlow"])
def test_runs_lists_the_runs_of_a_flow(store: str, flow: str) -> None:
    found = json.loads(flowc("runs", flow, "--json", "--store", store))
    assert [(one["run_id"], one["status"], one["created"], one["tags"]) for one in found] == [
        (name, _status(run), _moment(run["created"]), run["user tags"]) for name, run in SAID[flow]["runs"].items()
    ]


def _tasks(run: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], Mapping[str, Any]]]:
    """Each task by step and index path; of the iterations of one the last, which is what the task has left."""
    last: dict[tuple[str, str], Mapping[str, Any]] = {}
    for step, found in run["steps"].items():
        for task in found["tasks"].values():
            last[step, task["state"][3]] = task
    yield from last.items()


@pytest.mark.parametrize(("flow", "run"), RUNS)
def test_inspect_tells_of_every_task_and_attempt(store: str, flow: str, run: str) -> None:
    found = json.loads(flowc("inspect", f"{flow}/{run}", "--json", "--log", "--store", store))
    said = SAID[flow]["runs"][run]
    assert (found["status"], found["created"], found["tags"]) == (
        _status(said), _moment(said["created"]), said["user tags"]
    )  # fmt: skip
    assert found["origin_run_id"] == (said["origin"] and said["origin"].partition("/")[2])
    there = {(one["step"], one["index"]): one for one in found["tasks"] if one["status"] != "waiting"}
    expected = dict(_tasks(said))
    assert there.keys() == expected.keys()
    for place, task in expected.items():
        assert _told(there[place]) == _expected(task), place
        if task["state"][4] is None:
            assert [one["number"] for one in there[place]["attempts"]] == [one[0] for one in task["attempts"]]
            logs = [one["log"] for one in there[place]["attempts"]]
            assert all(out in log and err in log for log, (_, out, err, _) in zip(logs, task["attempts"], strict=True))


def _told(task: Mapping[str, Any]) -> dict[str, Any]:
    artifacts = {name: (one["type"], one["size"]) for name, one in task["artifacts"].items()}
    return {"status": task["status"], "ended": task["finished"], "artifacts": artifacts}


def _expected(task: Mapping[str, Any]) -> dict[str, Any]:
    status = "failed" if not task["state"][0] else "caught" if task["exception"] else "done"
    artifacts = {name: (kind, size) for name, (kind, size, *_) in task["artifacts"].items()}
    return {"status": status, "ended": _moment(task["ended"]), "artifacts": artifacts}


def test_card_list_and_get_give_the_pages(store: str) -> None:
    (run,) = SAID["CardsFlow"]["runs"]
    lines = flowc("card", "list", f"CardsFlow/{run}", "--store", store).splitlines()
    said = [(path, card) for path, task in _tasks(SAID["CardsFlow"]["runs"][run]) for card in task["cards"]]
    assert [line.split()[:2] for line in lines] == [
        [f"CardsFlow/{run}/{'/'.join(path)}", card[0]] for path, card in said
    ]
    for (step, index), (kind, name, _, sha) in said:
        chosen = ["--id", name] if name else ["--type", kind]
        page = flowc("card", "get", f"CardsFlow/{run}/{step}/{index}", *chosen, "--store", store)
        assert hashlib.sha256(page.encode()).hexdigest() == sha


def _lasting(run: Mapping[str, Any]) -> dict[str, Any]:
    """What a run has in common with the same run at another time: of each task its state, its origin and its values."""
    found: dict[str, Any] = {}
    for place, task in _tasks(run):
        values = {name: one[-1] for name, one in task["artifacts"].items()}
        found["/".join(place)] = (task["state"], task["origin"], task["output"], values)
    return found


def test_a_failed_run_is_resumed(tmp_path: Path) -> None:
    store, code = copied_store(tmp_path), copied_flows(tmp_path)
    words = ["--run-id", "local-again", "--resume", "local-failed", "failures.py:ResumedFlow"]
    flowc("run", "--store", store, *words, cwd=code)
    again = told(store, "ResumedFlow")["ResumedFlow"]["runs"]["local-again"]
    resumed = SAID["ResumedFlow"]["runs"]["local-resumed"]
    assert (again["successful"], again["origin"]) == (True, resumed["origin"])
    assert _lasting(again) == _lasting(resumed)


@pytest.mark.parametrize("name", ["flowc.configs.ConfigValue", "flowc.earlier.ConfigValue"])
def test_what_was_taken_over_is_merged_with_what_runs_now(tmp_path: Path, name: str) -> None:
    """Also where the class of a value had another name then, by which its manifest tells its type."""
    store, code = copied_store(tmp_path), copied_flows(tmp_path)
    for path in (tmp_path / "store" / "MergedFlow").rglob("manifest"):
        path.write_bytes(path.read_bytes().replace(b'"flowc.configs.ConfigValue"', f'"{name}"'.encode()))
    words = ["--run-id", "local-merged", "--resume", "local-unmerged", "failures.py:MergedFlow"]
    flowc("run", "--store", store, *words, cwd=code)
    merged = _lasting(told(store, "MergedFlow")["MergedFlow"]["runs"]["local-merged"])
    left, right, end = (merged[f"{step}/-"] for step in ("left", "right", "end"))
    assert (left[1], right[1]) == ("MergedFlow/local-unmerged/left/-", None)
    assert left[3] == right[3]
    assert end[3] == {**left[3], "rate": "float 0.5"}


def test_a_run_that_succeeded_is_resumed_from_any_step(tmp_path: Path) -> None:
    store, code = copied_store(tmp_path), copied_flows(tmp_path)
    words = ["--run-id", "local-again", "--resume", "local-settings", "--from", "middle", "settings.py:SettingsFlow"]
    flowc("run", "--store", store, *words, cwd=code)
    again = _lasting(told(store, "SettingsFlow")["SettingsFlow"]["runs"]["local-again"])
    before = _lasting(SAID["SettingsFlow"]["runs"]["local-settings"])
    assert {place: task[1] for place, task in again.items()} == {
        "start/-": "SettingsFlow/local-settings/start/-", "middle/-": None, "end/-": None,
    }  # fmt: skip
    assert {place: task[3] for place, task in again.items()} == {place: task[3] for place, task in before.items()}
