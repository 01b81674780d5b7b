"""`examples/fleet`: it is right, its committed files are what its flows compile to, and what its page says of it holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fleet.example import PLACES, fleet
from tests.stages.command_line import Flowc

__all__ = ["fleet"]


@pytest.mark.parametrize("target", PLACES)
def test_what_is_committed_is_what_the_flows_compile_to(target: str, fleet: Path, flowc: Flowc) -> None:
    ended = flowc(target, "create", "-o", PLACES[target], "--check")
    assert (ended.code, ended.out) == (0, ""), ended.err


def test_each_target_has_a_flow_and_the_flows_are_those_of_three_teams(fleet: Path, flowc: Flowc) -> None:
    listed = json.loads(flowc("list", "--json").out)
    assert len(listed) >= 12
    assert {Path(each["file"]).parts[1] for each in listed} == {"ingest", "risk", "growth"}
    assert {target for each in listed for target in each["targets"]} == set(PLACES)


def test_nothing_is_wrong_and_the_policy_holds(fleet: Path, flowc: Flowc) -> None:
    assert flowc("check", "--target", "all").code == 0
    assert flowc("check", "--target", "all", "--env", "prod").code == 0
    train = fleet / "teams/risk/train.py"
    train.write_text(train.read_text().replace("memory=2000", "memory=16000"))
    ended = flowc("check", "--target", "all")
    assert ended.code == 1
    assert "error[FC704]" in ended.out + ended.err
    assert "two steps share one" in ended.out + ended.err


def test_sql_of_one_team_is_no_other_teams(fleet: Path, flowc: Flowc) -> None:
    """Of Argo and Airflow only what the risk team has changes."""
    sql = fleet / "teams/risk/sql/returns.sql"
    sql.write_text(sql.read_text() + "-- more\n")
    changed = set()
    for target, place in PLACES.items():
        files = json.loads(flowc(target, "create", "-o", place, "--check", "--json").out)["files"]
        changed |= {Path(each["path"]).name.partition(".")[0] for each in files if each["state"] == "changed"}
    assert changed == {"RiskTrain", "backtest", "limits", "RiskScore"}


def test_a_flow_that_is_named_is_compiled_for_what_the_call_says(fleet: Path, flowc: Flowc) -> None:
    assert "kind: WorkflowTemplate" in flowc("argo", "create", "teams/risk/score.py").out
    assert flowc("argo", "create", "teams/growth", "-o", "out/").code == 2
    settings = fleet / "pyproject.toml"
    settings.write_text(settings.read_text().replace('targets = ["step-functions"]', 'targets = ["step-function"]'))
    ended = flowc("list")
    assert ended.code == 1
    assert "error[FC805]" in ended.err


def test_a_flow_that_is_not_for_a_target_is_told_where_it_is_compiled_for_it(fleet: Path, flowc: Flowc) -> None:
    """Since a call for the workspace passes it over, its file is one that no such call makes."""
    ended = flowc("argo", "create", "teams/growth/campaign.py", "-o", PLACES["argo"])
    assert ended.code == 0
    assert (
        "note: `targets` of [tool.flowc] says that Campaign is for airflow: it is compiled for argo since" in ended.err
    )
    ended = flowc("argo", "create", "-o", PLACES["argo"], "--check")
    assert ended.code == 1
    assert "campaign.yaml is of a flow that is gone, or not for argo\n" in ended.err
    assert flowc("airflow", "create", "teams/growth/campaign.py", "-o", PLACES["airflow"]).err == "1 unchanged\n"


def test_a_run_of_its_page_needs_no_cloud(fleet: Path, flowc: Flowc, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "FLOWC_STORE"):
        monkeypatch.delenv(name, raising=False)
    ended = flowc("run", "teams/growth/campaign.py", "--budget", "12")
    assert ended.code == 0, ended.err
    assert "12 letters" in ended.out + ended.err
    assert (fleet / ".flowc/Campaign").is_dir()
