"""What is told of a step: its artifacts with declared types, and what each target makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from compiler.picture.drawing import draw
from compiler.picture.facts import made, step_facts, target_facts
from compiler.picture.marks import flow_facts
from compiler.workspace.settings import read_settings
from tests.picture.pictures import SOURCE, parsed


def _facts(folder: Path, settings: str = "") -> dict[str, Any]:
    (folder / "pyproject.toml").write_text(f"[tool.flowc]\n{settings}")
    found = parsed(SOURCE, folder)
    targets = made(found.flow, read_settings(folder), (), {})
    return {**cast("dict[str, Any]", step_facts(found, targets)), "targets": target_facts(targets)}


def test_a_step_is_told_with_its_place_artifacts_and_decorators(tmp_path: Path) -> None:
    found = _facts(tmp_path)
    start, fit = found["step-start"], found["step-fit"]
    assert (fit["path"], fit["line"], fit["doc"]) == ("flow.py", 20, "Fit one.")
    assert {each["name"]: each["type"] for each in start["reads"]}["rate"] == "parameter, float"
    assert [each["name"] for each in start["writes"]] == ["api_token", "items"]
    assert fit["decorators"][0] == "@retry(times=2, minutes_between_retries=1)"
    assert start["goes"] == "-> fit for each of items"


def test_each_target_says_what_it_makes_of_a_step(tmp_path: Path) -> None:
    found = _facts(tmp_path, 'registry = "registry.example"\n')
    fit = {each["target"]: each for each in found["step-fit"]["targets"]}
    assert {target: each["node"] for target, each in fit.items()} == {
        "airflow": "foreach-start.fit", "argo": "fit", "step-functions": "fit"
    }  # fmt: skip
    assert {each["image"] for each in fit.values()} == {"team/fit:1"}
    assert fit["argo"]["resources"] == ["4 CPU", "8 GiB memory"]
    assert fit["argo"]["attempts"] == "3 attempts, 60 s between"
    assert fit["argo"]["deadline"] == "65 min"
    assert found["step-end"]["targets"][1]["image"] == "registry.example/toldflow:<digest>"
    assert [each["target"] for each in found["targets"]] == ["airflow", "argo", "step-functions"]


def test_the_targets_are_those_of_the_settings(tmp_path: Path) -> None:
    found = _facts(tmp_path, 'fuse = true\n[tool.flowc.argo]\nnamespace = "flows"\n')
    assert [each["target"] for each in found["step-fit"]["targets"]] == ["argo"]
    assert found["step-end"]["targets"][0]["shares"] == "join to end"
    assert found["step-end"]["targets"][0]["node"] == "join-to-end"


def test_what_a_target_refuses_is_told(tmp_path: Path) -> None:
    refused = _facts(tmp_path, 'fuse = ["fit", "join"]\n')["targets"][0]["refuses"]
    assert [each["line"] for each in refused] == [20, 25]
    assert "`fuse` names `join`" in refused[1]["message"]


def test_the_flow_says_what_starts_it(tmp_path: Path) -> None:
    found = parsed(SOURCE, tmp_path)
    assert draw(found, flow_facts(found)).facts == (
        "schedule 0 4 * * * Europe/Berlin", "project trips, branch user.shared", "parameters rate"
    )  # fmt: skip
