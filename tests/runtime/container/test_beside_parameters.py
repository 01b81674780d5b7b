"""What travels beside the parameters: those of an object, and the time for which a clock started the run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import read, read_run
from flowc.container.beside_parameters import tagged, taken
from flowc.exceptions import CallMistake
from flowc.store import open_store

from tests.stages.container import contain, write

NOON = "2026-07-01T12:00:00+00:00"


@pytest.mark.parametrize(
    ("said", "variable", "scheduled"),
    [
        ("2026-07-01T12:00:00Z", None, NOON),
        ("2026-07-01T14:00:00+02:00", None, NOON),
        ("2026-07-01T12:00:00", None, NOON),
        ("", None, ""),
        (None, None, ""),
        (None, "2026-07-01T12:00:00Z", NOON),
        ("{{workflow.scheduledTime}}", "2026-07-01T12:00:00Z", NOON),
        ("{{workflow.scheduledTime}}", "{{workflow.scheduledTime}}", ""),
        ("2026-07-01T12:00:00Z", "", NOON),
    ],
)
def test_a_time_is_in_utc(said: str | None, variable: str | None, scheduled: str) -> None:
    """Whatever zone the engine's clock speaks; none where no clock started the run."""
    given = {"alpha": 1} | ({} if said is None else {"flowc-scheduled-at": said})
    variables = {} if variable is None else {"FLOWC_SCHEDULED_AT": variable}
    assert taken(given, variables) == ({"alpha": 1}, scheduled)


def test_the_values_of_an_object_go_over_those_that_were_given(tmp_path: Path) -> None:
    """Its text is data, whatever stands in it."""
    text = "{{=1+1}} $(X) " * 40_000
    (tmp_path / "big.json").write_text(json.dumps({"text": text, "b": None}))
    given = {"flowc-parameters": f"file:{tmp_path}/big.json", "text": "-", "a": "s3://stays/as-it-is"}
    assert taken(given, {}) == ({"text": text, "a": "s3://stays/as-it-is", "b": None}, "")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"flowc-scheduled-at": "noon"}, "'noon'"),
        ({"flowc-scheduled-at": 12}, "12"),
        ({"flowc-parameters": "/etc/passwd"}, "the URL of a JSON object"),
        ({"flowc-parameters": ["file:x"]}, "the URL of a JSON object"),
        ({"flowc-parameters": "file:FOLDER/none.json"}, "there are no parameters at"),
        ({"flowc-parameters": "file:FOLDER/list.json"}, "is no JSON object"),
        ({"flowc-parameters": "file:FOLDER/broken.json"}, "is no JSON:"),
        ({"flowc-parameters": "file:FOLDER/bytes.json"}, "is no text"),
    ],
)
def test_a_mistake_is_told(given: dict[str, Any], said: str, tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text("[1]")
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe")
    with pytest.raises(CallMistake) as mistake:
        taken(json.loads(json.dumps(given).replace("FOLDER", str(tmp_path))), {})
    assert said in str(mistake.value)


def test_tags_stand_beside_the_parameters(tmp_path: Path) -> None:
    """They are the run's, beside those of the variable, and no parameter's."""
    assert tagged({"a": 1, "flowc-tags": ["x", "y z"]}) == ({"a": 1}, ("x", "y z"))
    assert tagged({"flowc-tags": '["x"]'}) == ({}, ("x",))
    for wrong in ("x", [1], {"a": "b"}, None):
        with pytest.raises(CallMistake, match="flowc-tags wants a list of texts"):
            tagged({"flowc-tags": wrong})
    write(tmp_path, FLOW)
    given = {"text": "-", "flowc-tags": ["nightly"]}
    done = contain(tmp_path, "start", parameters=json.dumps(given), FLOWC_TAGS='["team:a"]')
    assert done.returncode == 0, done.stderr
    found = read_run(open_store(f"file:{tmp_path}/store"), RunAddress("F", "r"))
    assert set(found.tags) >= {"nightly", "team:a"}


FLOW = """
from flowc import FlowSpec, Parameter, current, step

class F(FlowSpec):
    text = Parameter("text", default="none", required=True)
    at = Parameter("at", default=lambda context: str(current.scheduled_at))

    @step
    def start(self):
        self.size = len(self.text)
        self.next(self.end)

    @step
    def end(self):
        self.told = (self.size, self.at, str(current.scheduled_at))
"""


@pytest.mark.language("parameter.large", "current.scheduled-at")
def test_a_container_takes_them_and_a_resumed_run_keeps_its_origin_s_time(tmp_path: Path) -> None:
    """A default may ask for the time; what comes after the first step finds it in the run's record."""
    write(tmp_path, FLOW)
    (tmp_path / "big.json").write_text(json.dumps({"text": "x" * 500_000}))
    given = {"text": "-", "flowc-parameters": f"file:{tmp_path}/big.json", "flowc-scheduled-at": "2026-07-01T12:00:00Z"}
    for words in (("start", "", json.dumps(given)), ("end", "start", "{}")):
        step, load, parameters = words
        done = contain(tmp_path, step, load, parameters=parameters)
        assert done.returncode == 0, done.stderr
    store = open_store(f"file:{tmp_path}/store")
    told = (500_000, "2026-07-01 12:00:00+00:00", "2026-07-01 12:00:00+00:00")
    assert read(store, RunAddress("F", "r").task("end"))["told"] == told
    own = ["run", "--store", store.url, "--run-id", "again", "--resume", "r", "--from", "end", "the_flow.py"]
    command = [sys.executable, "-P", "-m", "compiler", *own]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    assert read(store, RunAddress("F", "again").task("end"))["told"] == told


@pytest.mark.language("parameter.large")
def test_a_local_run_takes_the_url_too(tmp_path: Path) -> None:
    write(tmp_path, FLOW)
    (tmp_path / "big.json").write_text(json.dumps({"text": "x" * 500_000}))
    own = ["run", "--store", f"file:{tmp_path}/store", "--run-id", "r", "--parameters"]
    for name, code in (("big.json", 0), ("none.json", 2)):
        command = [sys.executable, "-P", "-m", "compiler", *own, f"file:{tmp_path}/{name}", "the_flow.py"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=100)
        assert done.returncode == code, done.stderr
    told = read(open_store(f"file:{tmp_path}/store"), RunAddress("F", "r").task("end"))["told"]
    assert told == (500_000, "None", "None")


def test_a_mistake_beside_the_parameters_is_one_of_the_call(tmp_path: Path) -> None:
    write(tmp_path, FLOW)
    done = contain(tmp_path, "start", parameters=json.dumps({"flowc-parameters": f"file:{tmp_path}/none.json"}))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "there are no parameters at" in done.stderr
