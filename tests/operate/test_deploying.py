"""What differs from what is deployed: in the words of `flowc diff` where the commit is known, else by the texts of the engine's objects."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.operate.engine import Memory, memory
from tests.repositories import git
from tests.stages.command_line import FLOW, Flowc, flowc, folder

__all__ = ["flowc", "folder", "memory"]

CHANGED = FLOW.replace("default=3", "default=4")


@pytest.fixture
def repository(folder: Path, memory: Memory) -> Path:
    """The flow is committed; there is an engine."""
    git(Path(), "init", "-q")
    git(Path(), "remote", "add", "origin", "https://user:secret@git.example/team/flows.git")
    git(Path(), "add", ".")
    git(Path(), "commit", "-qm", "one")
    return folder


def _compared(flowc: Flowc, *words: str) -> tuple[int, dict[str, str], list[dict[str, object]]]:
    told = flowc("diff", "--against", "deployed", "--target", "argo", "--format", "json", *words)
    [target] = json.loads(told.out)["targets"]
    return told.code, {each["name"]: each["state"] for each in target["deployments"]}, target["deployments"]


def test_what_differs_is_said_in_the_words_of_the_flow(flowc: Flowc, repository: Path, memory: Memory) -> None:
    assert _compared(flowc)[:2] == (3, {"sum-flow": "new"})
    assert flowc("argo", "deploy").code == 0
    kept = memory.deployed["sum-flow"].record
    assert (kept.flow, kept.workspace, len(kept.revision)) == ("flow.py:SumFlow", "https://git.example/team/flows", 40)
    assert _compared(flowc)[:2] == (0, {"sum-flow": "unchanged"})
    (repository / "flow.py").write_text(CHANGED)
    code, states, [facts] = _compared(flowc)
    assert (code, states) == (3, {"sum-flow": "changed"})
    assert facts["difference"] is not None
    shown = flowc("diff", "--against", "deployed", "--target", "argo")
    assert (shown.code, "top" in shown.out, "value: '4'" in shown.out) == (3, True, False)
    marked = flowc("diff", "--against", "deployed", "--target", "argo", "--format", "markdown")
    assert marked.out.startswith("<!-- flowc diff deployed -->\n\n### 1 of 1 deployments differ")
    assert f"deployed from `{kept.revision[:10]}`" in marked.out


def test_what_was_deployed_from_no_commit_is_compared_by_its_texts(
    flowc: Flowc, repository: Path, memory: Memory
) -> None:
    (repository / "flow.py").write_text(CHANGED)
    assert flowc("argo", "deploy").code == 0
    assert memory.deployed["sum-flow"].record.revision.endswith("+")
    (repository / "flow.py").write_text(CHANGED.replace("default=4", "default=5"))
    shown = flowc("diff", "--against", "deployed", "--target", "argo")
    assert shown.code == 3
    assert {"-      value: '4'", "+      value: '5'"} <= {line.strip() for line in shown.out.splitlines()}
    marked = flowc("diff", "--against", "deployed", "--target", "argo", "--format", "markdown").out
    assert "diff\n" in marked
    assert "+      value: '5'" in marked


def test_prune_removes_what_this_workspace_makes_no_more(flowc: Flowc, repository: Path, memory: Memory) -> None:
    (repository / "other.py").write_text(FLOW.replace("SumFlow", "OtherFlow"))
    assert flowc("argo", "deploy").code == 0
    git(Path(), "remote", "set-url", "origin", "https://git.example/others")
    (repository / "third.py").write_text(FLOW.replace("SumFlow", "ThirdFlow"))
    assert flowc("argo", "deploy", "third.py").code == 0
    git(Path(), "remote", "set-url", "origin", "https://git.example/team/flows")
    for name in ("other.py", "third.py"):
        (repository / name).unlink()
    assert _compared(flowc)[1] == {"sum-flow": "unchanged", "other-flow": "removed"}
    assert _compared(flowc, "flow.py")[1] == {"sum-flow": "unchanged", "other-flow": "removed"}
    asked = flowc("argo", "deploy", "--prune")
    assert (asked.code, set(memory.deployed)) == (2, {"sum-flow", "other-flow", "third-flow"})
    assert flowc("argo", "deploy", "--prune", "--yes").code == 0
    assert set(memory.deployed) == {"sum-flow", "third-flow"}


def test_prune_wants_the_whole_workspace_and_a_repository(flowc: Flowc, folder: Path, memory: Memory) -> None:
    refused = flowc("argo", "deploy", "--prune", "--yes")
    assert (refused.code, "there is none here" in refused.err, memory.deployed) == (2, True, {})
    (folder / "other.py").write_text(FLOW.replace("SumFlow", "OtherFlow"))
    part = flowc("argo", "deploy", "flow.py", "--prune", "--yes")
    assert (part.code, "does not deploy all of them" in part.err) == (2, True)


def test_the_settings_of_an_environment_are_compared(flowc: Flowc, repository: Path, memory: Memory) -> None:
    (repository / "pyproject.toml").write_text(
        "[tool.flowc.env.prod.argo]\nname = 'sum-prod'\nlabels = { team = 'a' }\n"
    )
    git(Path(), "add", ".")
    git(Path(), "commit", "-qm", "two")
    assert flowc("argo", "deploy", "--env", "prod").code == 0
    assert set(memory.deployed) == {"sum-prod"}
    assert _compared(flowc, "--env", "prod")[0] == 0
    settings = repository / "pyproject.toml"
    settings.write_text(settings.read_text().replace("team = 'a'", "team = 'b'"))
    code, states, [facts] = _compared(flowc, "--env", "prod")
    assert (code, states) == (3, {"sum-prod": "changed"})
    assert facts["difference"] is not None


def test_a_call_that_cannot_be_is_told(flowc: Flowc, folder: Path, memory: Memory) -> None:
    assert flowc("diff", "--against", "deployed").code == 2
    assert flowc("diff", "--connection", "context=x").code == 2
    assert flowc("diff", "--against", "deployed", "--target", "argo", "--connection", "contxt=x").code == 2
