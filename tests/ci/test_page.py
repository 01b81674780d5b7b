"""What docs/ci.md tells to write for GitLab and GitHub is YAML, and its scripts run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ci.runner import ACTION, ROOT
from tests.stages.command_line import BROKEN, FLOW

PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
WORKFLOW, JOB, NOTE, HOOKS, CACHE = (yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))

REAL = Path(sys.executable).with_name("flowc")
PROGRAMS = {
    "flowc": f"#!/bin/sh\nif [ \"$1\" = diff ]; then echo '### a change'; exit $CODE; fi\nexec '{REAL}' \"$@\"\n",
    "git": '#!/bin/sh\necho "$@" >> git.txt\n',
    "curl": '#!/bin/sh\nprintf "%s\\n" "$@" > curl.txt\n',
}


def _run(folder: Path, script: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
    """The lines of a job, as GitLab's runner does them: one after the other, until one fails."""
    programs = folder / "programs"
    programs.mkdir(exist_ok=True)
    for name, text in PROGRAMS.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    environment = {"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(folder), "CODE": "3", **variables}
    words = ["sh", "-e", "-c", "\n".join(script)]
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    """A repository with one flow and its output."""
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "sum.py").write_text(FLOW)
    words = ["argo", "create", "flows/sum.py", "-o", "deploy/", "--image", "reg.io/x:1"]
    (tmp_path / "pyproject.toml").write_text('[tool.flowc]\nimage = "reg.io/x:1"\n')
    subprocess.run([REAL, *words], cwd=tmp_path, check=True, capture_output=True)
    return tmp_path


def _report(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "gl-code-quality-report.json").read_text())
    return found


def test_a_merge_request_without_mistakes_passes(flows: Path) -> None:
    ended = _run(flows, JOB["flows"]["script"])
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert _report(flows) == []
    assert JOB["flows"]["artifacts"]["reports"] == {"codequality": "gl-code-quality-report.json"}


def test_a_merge_request_with_a_mistake_fails_with_a_report_and_a_log(flows: Path) -> None:
    (flows / "flows" / "sum.py").write_text(BROKEN)
    ended = _run(flows, JOB["flows"]["script"])
    assert (ended.returncode, "error[FC242]" in ended.stdout) == (1, True)
    assert [(each["check_name"][:5], each["location"]["path"]) for each in _report(flows)] == [
        ("FC242", "flows/sum.py")
    ]


@pytest.mark.parametrize(("code", "is_posted"), [("0", True), ("3", True), ("1", False)])
def test_what_a_merge_request_changes_is_a_note(tmp_path: Path, code: str, is_posted: bool) -> None:
    facts = {
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": "abc",
        "CI_API_V4_URL": "https://gitlab.example/api/v4",
        "CI_PROJECT_ID": "5",
        "CI_MERGE_REQUEST_IID": "9",
        "FLOWC_NOTES_TOKEN": "t",
    }
    ended = _run(tmp_path, NOTE["script"], CODE=code, **facts)
    assert (ended.returncode == 0, (tmp_path / "curl.txt").exists()) == (is_posted, is_posted)
    if is_posted:
        words = (tmp_path / "curl.txt").read_text().splitlines()
        assert words[-1] == "https://gitlab.example/api/v4/projects/5/merge_requests/9/notes"
        assert "body@diff.md" in words


def test_the_workflow_gives_the_action_inputs_that_it_has() -> None:
    (job,) = WORKFLOW["jobs"].values()
    assert set(job["steps"][1]["with"]) <= set(ACTION["inputs"])
    assert WORKFLOW["permissions"] == {"contents": "read", "pull-requests": "write"}


def test_the_hooks_are_those_that_are_there() -> None:
    known = {each["id"] for each in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
    assert {each["id"] for repo in HOOKS["repos"] for each in repo["hooks"]} <= known


def test_what_is_kept_between_jobs_lies_where_flowc_keeps_it(tmp_path: Path) -> None:
    """The folder of the job's cache is the one that `check` of many flows writes."""
    place = CACHE["variables"]["XDG_CACHE_HOME"].replace("$CI_PROJECT_DIR", str(tmp_path))
    for number in range(8):
        (tmp_path / f"flow{number}.py").write_text(FLOW.replace("SumFlow", f"Sum{number}Flow"))
    environment = {"XDG_CACHE_HOME": place, "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    subprocess.run([REAL, "check"], cwd=tmp_path, env=environment, check=True)
    [kept] = CACHE["cache"]["paths"]
    assert any(path.is_file() for path in (tmp_path / kept).rglob("*"))
