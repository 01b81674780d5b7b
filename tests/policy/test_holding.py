"""Whose word counts: reasons, comments, a lock, and what costs nothing where there is no policy."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.policy.stage import TARGETS, codes, told, write
from tests.stages.command_line import Flowc

RETRY = '[tool.flowc.policy.retry]\ntimes = 2\nreason = "Spot nodes go away, 5 % of them."\n'
ALLOWED = "# flowc: ignore[FC702] {}"


def _silence(folder: Path, comment: str) -> None:
    """A comment behind every `def`."""
    flow = folder / "flow.py"
    lines = flow.read_text().splitlines()
    flow.write_text(
        "".join(f"{line}  {comment}\n" if line.lstrip().startswith("def ") else f"{line}\n" for line in lines)
    )


def test_a_finding_has_the_reason_and_the_line_of_the_policy(flowc: Flowc, folder: Path) -> None:
    """In every format; in annotations too, which have no second place."""
    write(folder, RETRY)
    (first, *_) = json.loads(flowc("check", "flow.py", "--format", "json").out)["diagnostics"]
    assert first["help"].endswith("the policy's reason: Spot nodes go away, 5 % of them.")
    (note,) = first["notes"]
    assert (note["span"]["path"], note["span"]["line"]) == ("pyproject.toml", 1)
    assert "5 %25 of them" in flowc("check", "flow.py", "--format", "github").out
    assert "5 % of them" in json.loads(flowc("check", "flow.py", "--format", "gitlab").out)[0]["description"]
    assert '"relatedLocations"' in flowc("check", "flow.py", "--format", "sarif").out


@pytest.mark.parametrize("words", [("check", "flow.py"), *[(target, "create", "flow.py") for target in TARGETS]])
def test_a_comment_silences_an_exception_unless_the_policy_is_locked(
    flowc: Flowc, folder: Path, words: tuple[str, ...]
) -> None:
    """By the code of the finding, on its line. On a locked policy it is told that it does nothing."""
    write(folder, RETRY)
    _silence(folder, "# flowc: ignore[FC701] another code")
    assert flowc(*words).code == 1
    write(folder, RETRY)
    _silence(folder, "# flowc: ignore[FC702] it may not run twice")
    assert flowc(*words).code == 0
    (folder / "pyproject.toml").write_text("[tool.flowc.policy]\nlocked = true\n" + RETRY)
    ended = flowc(*words)
    said = ended.out + ended.err
    assert ended.code == 1
    assert (said.count("error[FC702]"), said.count("warning[FC726]")) == (4, 4)


def test_nothing_silences_what_says_that_nothing_is_silenced(flowc: Flowc, folder: Path) -> None:
    write(folder, "[tool.flowc.policy]\nlocked = true\n" + RETRY)
    _silence(folder, "# flowc: ignore[FC702, FC726, FC720]")
    assert [code for code, _ in told(flowc)].count("FC726") == 4


def test_nothing_silences_a_mistake_of_the_policy(flowc: Flowc, folder: Path) -> None:
    write(folder, "[tool.flowc.policy]\nretries = 2  # flowc: ignore[FC720]\n")
    assert codes(flowc) == {"FC720"}


def test_a_policy_holds_whatever_the_folder_of_the_call(
    flowc: Flowc, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its file is named from there."""
    write(folder, RETRY)
    (folder / "deep").mkdir()
    (folder / "deep" / "flow.py").write_text((folder / "flow.py").read_text())
    found = json.loads(flowc("check", "deep/flow.py", "--format", "json").out)["diagnostics"]
    assert {note["span"]["path"] for each in found for note in each["notes"]} == {"pyproject.toml"}
    monkeypatch.chdir(folder / "deep")
    found = json.loads(flowc("check", "flow.py", "--format", "json").out)["diagnostics"]
    assert {note["span"]["path"] for each in found for note in each["notes"]} == {str(folder / "pyproject.toml")}


def test_several_flows_of_one_call_are_all_held(flowc: Flowc, folder: Path) -> None:
    """And what is wrong with the policy is told once."""
    write(folder, "[tool.flowc.policy]\nflow_name = 'P.*'\nretries = 2\n")
    text = (folder / "flow.py").read_text()
    (folder / "other.py").write_text(text.replace("PricesFlow", "OtherFlow"))
    for words in (("check", "flow.py", "other.py"), ("argo", "create", "flow.py", "other.py", "-o", "out/")):
        ended = flowc(*words)
        said = ended.out + ended.err
        assert (ended.code, said.count("FC709"), said.count("FC720")) == (1, 1, 1)


_MODULES = """
import io, sys
from compiler.cli import run
out, sys.stdout = sys.stdout, io.TextIOWrapper(io.BytesIO())
assert run(sys.argv[1:]) == 0
print(*sorted(sys.modules), file=out)
"""


@pytest.mark.parametrize("words", [("check", "flow.py"), ("argo", "create", "flow.py")])
def test_a_policy_costs_what_it_uses(folder: Path, words: tuple[str, ...]) -> None:
    """Nothing without one; and the metadata of all packages are read for rules that are installed alone."""

    def imported(settings: str) -> set[str]:
        write(folder, settings)
        ended = subprocess.run(
            [sys.executable, "-P", "-c", _MODULES, *words], capture_output=True, text=True, check=True
        )
        return set(ended.stdout.split())

    assert not {each for each in imported("[tool.flowc]\n") if each.startswith("compiler.policy")}
    held = imported("[tool.flowc.policy]\ncpu = 64\nflow_name = 'P.*'\nforbidden_targets = ['airflow']\n")
    assert "compiler.policy.holding" in held
    assert not held & {"importlib.metadata", "compiler.policy.installed", "compiler.policy.marked"}
