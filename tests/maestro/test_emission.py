"""What stands in a definition: the run, retries, sizes, schedules, parameters, text that nothing may look at."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flowc_maestro import BACKEND

from compiler.backends import Options
from compiler.slotted_class import replaced
from compiler.workspace.marks import target_of
from tests.engines.compiling import compiled
from tests.engines.maestro_params import Scope
from tests.engines.maestro_sel import EvaluationError
from tests.maestro.stage import OPTIONS, TEXTS, case, definition, flow_text

LOOP = """
        self.xs = [1]
        self.next(self.body, foreach='xs')

    @step
    def body(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)
"""


def _start(found: dict[str, Any]) -> dict[str, Any]:
    step: dict[str, Any] = found["workflow"]["steps"][0]["step"]
    return step


def _command(step: dict[str, Any]) -> dict[str, Any]:
    return {name: param.get("value") for name, param in step["params"]["kubernetes"]["value"].items()}


FIXED = {"type": "FIXED_BACKOFF"}


@pytest.mark.parametrize(
    ("decorators", "policy", "seconds"),
    [
        ("", {"error_retry_limit": 0, "timeout_retry_limit": 0}, None),
        (
            "@retry(times=3, minutes_between_retries=2)",
            {"error_retry_limit": 3, "timeout_retry_limit": 3, "backoff": 120},
            None,
        ),
        (
            "@retry(times=1, minutes_between_retries=0)",
            {"error_retry_limit": 1, "timeout_retry_limit": 1, "backoff": 1},
            None,
        ),
        ("@catch(var='x')", {"error_retry_limit": 1, "timeout_retry_limit": 1, "backoff": 1}, None),
        ("@timeout(hours=1)", {"error_retry_limit": 0, "timeout_retry_limit": 0}, 3900),
    ],
)
def test_attempts(decorators: str, policy: dict[str, Any], seconds: int | None, tmp_path: Path) -> None:
    start = _start(definition(tmp_path, flow_text(decorators)))
    pause = policy.pop("backoff", None)
    if pause:
        policy["backoff"] = {**FIXED, "error_retry_backoff_in_secs": pause, "timeout_retry_backoff_in_secs": pause}
    assert (start["retry_policy"], start.get("timeout")) == (policy, seconds)
    words = _command(start)["args"]
    assert words[words.index("--retry") + 1] == ("${retry}" if pause else "0")


@pytest.mark.parametrize(
    ("decorators", "report"),
    [
        ("@retry", None),
        ("@retry(only_system=True)", "maestro:1,2"),
        ("@retry(only_system=True)\n    @catch(var='x')", None),
    ],
)
def test_exit_codes_that_are_final(decorators: str, report: str | None, tmp_path: Path) -> None:
    found = definition(tmp_path, flow_text(decorators))
    assert found["workflow"]["params"]["env"]["value"]["FLOWC_REPORT"] == "maestro:2"
    assert (_command(_start(found))["env"] or {}).get("FLOWC_REPORT") == report


def test_what_a_container_asks_for(tmp_path: Path) -> None:
    found = definition(
        tmp_path, flow_text("@kubernetes(image='i:2', disk=100)\n    @resources(cpu=2, memory=512, gpu=1)")
    )
    command = _command(_start(found))
    sizes = {"cpu": "2", "memory": "512Mi", "disk": "100Mi", "gpu": "1"}
    assert {name: command[name] for name in sizes} == sizes
    assert command["image"] == "i:2"


def test_variables_stand_once_and_with_those_of_a_step_where_it_has_some(tmp_path: Path) -> None:
    found = definition(tmp_path, flow_text("@environment(vars={'A': 'b c', 'D': '$x {{y}}'})"))
    shared = found["workflow"]["params"]["env"]["value"]
    start, end = (each["step"]["params"]["kubernetes"]["value"]["env"] for each in found["workflow"]["steps"])
    assert end == {"type": "STRING_MAP", "expression": "return env;"}
    assert {**shared, "A": "b c"}.items() <= start["value"].items()
    assert "$" not in json.dumps(start)


def test_a_schedule_starts_runs_and_tells_them_when(tmp_path: Path) -> None:
    found = definition(tmp_path, flow_text(flow="@schedule(cron='0 3 * * *', timezone='Europe/Berlin')"))
    assert found["workflow"]["time_triggers"] == [{"type": "CRON", "cron": "0 3 * * *", "timezone": "Europe/Berlin"}]
    assert _command(_start(found))["env"]["FLOWC_SCHEDULED_AT"] == "${scheduled}"
    asked = {"scheduled": found["workflow"]["params"]["scheduled"]}
    for initiator, told in (("TIME", "2023-11-14T22:13:20.000Z"), ("MANUAL", "")):
        assert Scope(asked, {"RUN_TS": 1_700_000_000_000}, lambda *_, who=initiator: who).all() == {"scheduled": told}


def test_names(tmp_path: Path) -> None:
    text = flow_text(flow="@project(name='films')").replace("end", "a__b").replace("start(self)", "start(self)")
    text = text.replace(
        "def a__b(self):\n        pass",
        "def a__b(self):\n        self.next(self.end)\n\n    @step\n    def end(self):\n        pass",
    )
    found = definition(tmp_path, text)
    assert found["workflow"]["id"] == "films.user.shared.F"
    assert [each["step"]["id"] for each in found["workflow"]["steps"]] == ["start", "a_-b", "end"]
    named = definition(tmp_path, text, replaced(OPTIONS, name="x" * 200))
    assert len(named["workflow"]["id"]) == 128


def test_settings(tmp_path: Path) -> None:
    target: Any = {
        "owner": "me",
        "run_strategy": "parallel",
        "criticality": "high",
        "tags": ("a b", "c"),
        "timeout": 60,
    }
    found = definition(tmp_path, flow_text(), Options(default_image="f:0", max_workers=7, target=target))
    assert found["properties"] == {"owner": "me", "run_strategy": {"rule": "PARALLEL"}}
    told = {"tags": ["a b", "c"], "timeout": 60, "criticality": "HIGH", "instance_step_concurrency": 7}
    assert told.items() <= found["workflow"].items()


@pytest.mark.parametrize("text", TEXTS)
def test_a_default_arrives_as_it_is_and_without_a_dollar_for_the_kubelet(text: str, tmp_path: Path) -> None:
    found = definition(tmp_path, flow_text(parameters=f"p = Parameter('p', default={text!r})"))
    workflow, start = found["workflow"]["params"], _start(found)
    values = Scope({"parameters": workflow["parameters"]}, {}, lambda *_: None).all()
    asked = {name: start["params"][name] for name in ("given", "inert")}
    told = Scope(asked, values, lambda *_: None).all()["inert"]
    assert json.loads(told) == {"p": text}
    assert "$" not in told
    words = _command(start)["args"]
    assert words[words.index("--parameters") + 1] == "${inert}"


@pytest.mark.parametrize("default", ["None", "lambda context: 1", "'\\x00'", "'$' * 20_000"])
def test_a_default_that_maestro_cannot_say_is_left_to_the_code(default: str, tmp_path: Path) -> None:
    found = definition(tmp_path, flow_text(parameters=f"p = Parameter('p', default={default}, type=str)"))
    assert found["workflow"]["params"]["parameters"] == {"type": "MAP", "value": {}}


def test_what_a_run_was_given_is_not_handed_to_iterations(tmp_path: Path) -> None:
    """For a foreach evaluates once more what it hands on."""
    text = flow_text(parameters="p = Parameter('p', default='$x')").replace("        self.next(self.end)\n", LOOP, 1)
    foreach = definition(tmp_path, text)["workflow"]["steps"][1]["foreach"]
    assert foreach["params"]["parameters"] == {"type": "MAP", "value": {}}
    assert foreach["params"]["run"]["value"] == "maestro-${workflow_id}-${workflow_instance_id}"
    words = _command(foreach["steps"][0]["step"])["args"]
    assert words[words.index("--run") + 1 :][:3] == ["${run}", "--index", "${index1}"]


def test_a_width_that_nobody_has_reported_fails(tmp_path: Path) -> None:
    text = flow_text().replace("        self.next(self.end)\n", LOOP, 1)
    found = definition(tmp_path, text)["workflow"]["steps"]
    none = found[0]["step"]["params"]["fan"]["value"]
    asked = {"loop_params": found[1]["foreach"]["params"]["loop_params"]}
    with pytest.raises(EvaluationError, match=none):
        Scope(asked, {}, lambda *_: none).all()
    assert Scope(asked, {}, lambda *_: "2").all() == {"loop_params": {"index1": [0, 1]}}


def test_the_file_is_known_as_one_that_is_written_again(tmp_path: Path) -> None:
    _, (file,) = compiled(case(tmp_path, flow_text()), BACKEND, OPTIONS)
    assert target_of(file.name, file.text.encode()) == "maestro"
    assert target_of(file.name, file.text.replace("by flowc", "").encode()) is None


def test_the_bytes_depend_on_nothing_but_the_flow(tmp_path: Path) -> None:
    text = flow_text("@environment(vars={'A': '1', 'B': '2'})\n    @card", parameters="p = Parameter('p', default='x')")
    path = case(tmp_path, text).path
    flowc = Path(sys.executable).with_name("flowc")
    told = {
        subprocess.run(
            [flowc, "maestro", "create", str(path)], env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True, check=True,
        ).stdout
        for seed, zone in (("0", "UTC"), ("1", "Asia/Tokyo"), ("4711", "UTC"))
    }  # fmt: skip
    assert len(told) == 1
    assert json.loads(next(iter(told)))["workflow"]["id"] == "F"
