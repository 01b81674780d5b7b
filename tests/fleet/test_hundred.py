"""A hundred flows in one repository: what changes with an edit, what is told of a flow that is gone, and that a second call is content."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.fleet.workspace import EACH, SHARERS, TEAMS, flow_file, make
from tests.stages.command_line import Flowc

COUNT = TEAMS * EACH
OPTIONS: Mapping[str, tuple[str, ...]] = {
    "airflow": ("--default-args", "retries=2", "--tags", "fleet"),
    "argo": ("--kustomize", "--rbac"),
    "step-functions": ("--sam", "--policy"),
}
"""By target, options that make more files or more of them."""


def _changed(flowc: Flowc, target: str) -> set[str]:
    """The files of the output that are not up to date."""
    ended = flowc(target, "create", "-o", "out/", "--check", "--json", *OPTIONS[target])
    told = json.loads(ended.out)
    assert ended.code == (0 if told["up_to_date"] else 1)
    return {Path(each["path"]).name for each in told["files"] if each["state"] != "unchanged"}


def _flows(names: set[str]) -> set[str]:
    """The flows of files; a target may call a flow by small letters."""
    return {name.partition(".")[0].lower() for name in names}


@pytest.mark.every(3)
@pytest.mark.parametrize("target", OPTIONS)
def test_an_edit_changes_what_is_made_of_it(
    target: str, tmp_path: Path, flowc: Flowc, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path)
    monkeypatch.chdir(tmp_path)
    words = (target, "create", "-o", "out/", *OPTIONS[target])
    assert flowc(*words).code == 0
    for folder in (tmp_path, tmp_path / "teams" / "team3", tmp_path):
        monkeypatch.chdir(folder)
        place = os.path.relpath(tmp_path / "out", folder)
        ended = flowc(target, "create", "-o", f"{place}/", "--check", *OPTIONS[target])
        assert (ended.code, ended.out) == (0, ""), ended.err

    for name in ("README.md", "docs/howto.md", "tests/test_flows.py", "shared/nobodys.py"):
        _append(tmp_path / name, "# more\n")
    assert _changed(flowc, target) == set()
    _append(tmp_path / "teams/team4/sql/all.sql", "-- more\n")
    assert _flows(_changed(flowc, target)) == {f"flow{number}" for number in range(40, 50)}
    _take_back(tmp_path / "teams/team4/sql/all.sql", "-- more\n")
    assert _changed(flowc, target) == set()

    _append(flow_file(tmp_path, 17), "# more\n")
    assert _flows(_changed(flowc, target)) == {"flow17"}
    _take_back(flow_file(tmp_path, 17), "# more\n")
    _append(tmp_path / "shared/sevenfold.py", "# more\n")
    changed = _flows(_changed(flowc, target))
    assert changed == {f"flow{number}" for number in range(0, COUNT, 15)}
    assert len(changed) == SHARERS
    assert flowc(*words).code == 0
    assert _changed(flowc, target) == set()


@pytest.mark.every(3)
@pytest.mark.parametrize("target", OPTIONS)
def test_a_flow_that_is_gone_is_told_and_its_files_go(
    target: str, tmp_path: Path, flowc: Flowc, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path)
    monkeypatch.chdir(tmp_path)
    words = (target, "create", "-o", "out/", *OPTIONS[target])
    assert flowc(*words).code == 0
    before = {path.name for path in (tmp_path / "out").iterdir()}
    flow_file(tmp_path, 33).unlink()
    ended = flowc(*words, "--check")
    assert ended.code == 1
    assert "--prune" in ended.err
    assert flowc(*words).code == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == before, "nothing goes that is not asked for"
    assert flowc(*words, "--prune").code == 0
    gone = before - {path.name for path in (tmp_path / "out").iterdir()}
    assert gone
    assert _flows(gone) == {"flow33"}
    for _ in range(2):
        assert flowc(*words, "--check").code == 0


def _append(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def _take_back(path: Path, text: str) -> None:
    path.write_text(path.read_text().removesuffix(text))
