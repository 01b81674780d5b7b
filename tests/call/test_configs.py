"""Where a flow's `Config`s get their values from: the command line, the environment of a local run, the settings, the source."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from compiler.call.configs import PATHS, VALUES
from tests.stages.command_line import Flowc

FLOW = """
from metaflow import Config, FlowSpec, retry, step

class ConfiguredFlow(FlowSpec):
    cfg = Config("cfg", default_value={"times": 0, "word": "source"})
    @retry(times=cfg.times, minutes_between_retries=0)
    @step
    def start(self):
        print("said by", self.cfg.word)
        if self.cfg.times and not __import__("metaflow").current.retry_count:
            raise ValueError("once")
        self.next(self.end)
    @step
    def end(self):
        pass
"""
FILE = {"times": 1, "word": "file"}
VALUE = {"times": 1, "word": "value"}


@pytest.fixture
def configured(folder: Path) -> Path:
    (folder / "flow.py").write_text(FLOW)
    (folder / "cfg.json").write_text(json.dumps(FILE))
    return folder


@pytest.mark.parametrize(
    ("variables", "settings", "words", "told"),
    [
        ({}, "", (), "source"),
        ({VALUES: json.dumps({"cfg": VALUE})}, "", (), "value"),
        ({VALUES: json.dumps({"cfg": json.dumps(VALUE), "other": 1})}, "", (), "value"),
        ({PATHS: json.dumps({"cfg": "cfg.json"})}, "", (), "file"),
        ({}, '[tool.flowc.config]\ncfg = "cfg.json"', (), "file"),
        ({VALUES: json.dumps({"cfg": VALUE})}, '[tool.flowc.config]\ncfg = "cfg.json"', (), "value"),
        ({VALUES: json.dumps({"cfg": VALUE})}, "", ("--config", "cfg", "cfg.json"), "file"),
    ],
)
def test_a_local_run_asks_the_call_then_the_environment_then_the_settings(
    variables: dict[str, str],
    settings: str,
    words: tuple[str, ...],
    told: str,
    configured: Path,
    flowc: Flowc,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (configured / "pyproject.toml").write_text(f"[tool.flowc]\n{settings}\n")
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    ended = flowc("run", *words, "flow.py")
    assert ended.code == 0, ended.err
    assert f"said by {told}" in ended.out
    assert ("ValueError: once" in ended.out + ended.err) == (told != "source")


@pytest.mark.parametrize(
    ("variable", "text", "error"),
    [
        (VALUES, "{", f"the variable {VALUES} is no JSON"),
        (VALUES, "[]", f"the variable {VALUES} must be a JSON object"),
        (PATHS, '{"cfg": "none.json"}', f"{PATHS}: cfg: cannot read none.json"),
        (VALUES, '{"cfg": 3}', "FC655"),
    ],
)
def test_what_cannot_be_a_config_is_told(
    variable: str, text: str, error: str, configured: Path, flowc: Flowc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, text)
    ended = flowc("run", "flow.py")
    assert ended.code in (1, 2)
    assert error in ended.err + ended.out


def test_the_output_never_depends_on_the_environment(
    configured: Path, flowc: Flowc, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = ("argo", "create", "--image", "i:0", "flow.py")
    plain = flowc(*create)
    monkeypatch.setenv(VALUES, json.dumps({"cfg": VALUE}))
    again = flowc(*create)
    assert again.out == plain.out
    assert f"{VALUES}: read by `flowc run` alone" in again.err
    assert f"{VALUES}: read by `flowc run` alone" in flowc("check", "flow.py").err
