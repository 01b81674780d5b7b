"""The command: a dry run by default, files changed as a whole, machines told the same."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from compiler.mistakes import CallError
from compiler.report import fixing
from tests.stages.command_line import BROKEN, FLOW, Flowc

RIGHT = BROKEN.replace("jion", "join")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def flow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A flow file with one mistake that has a fix, in the working folder."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "flow.py"
    path.write_text(BROKEN)
    return path


def test_a_dry_run_shows_a_diff_and_changes_nothing(flowc: Flowc, flow: Path) -> None:
    ended = flowc("fix", "flow.py")
    assert ended.code == 1
    assert "-        self.next(self.jion)\n+        self.next(self.join)\n" in ended.out
    assert ended.out.startswith("--- flow.py\n+++ flow.py\n")
    assert "\x1b" not in ended.out
    assert ended.err == "1 fix in 1 file; `--write` makes them\n"
    assert flow.read_text() == BROKEN


def test_write_changes_the_file_once(flowc: Flowc, flow: Path) -> None:
    ended = flowc("fix", "flow.py", "--write")
    assert (ended.code, ended.out, ended.err) == (0, "", "1 fix in 1 file written\n")
    assert flow.read_text() == RIGHT
    again = flowc("fix", "flow.py")
    assert (again.code, again.out, again.err) == (0, "", "nothing to fix\n")
    assert [path.name for path in flow.parent.iterdir()] == ["flow.py"]


def test_without_a_flow_all_of_the_folder_are_looked_at(flowc: Flowc, flow: Path) -> None:
    (flow.parent / "other.py").write_text("x = 1\n")
    (flow.parent / "second_flow.py").write_text(BROKEN)
    assert "2 fixes in 2 files" in flowc("fix").err
    for path in (flow, flow.with_name("second_flow.py")):
        path.unlink()
    assert flowc("fix").code == 2


def test_select_takes_only_these_codes(flowc: Flowc, flow: Path) -> None:
    assert flowc("fix", "--select", "FC504,FC505", "flow.py").code == 0
    assert flowc("fix", "--select", "fc242", "flow.py").code == 1
    assert flowc("fix", "--select", "unknown-target", "flow.py").code == 2


def test_what_has_no_safe_cure_is_said_to_be_left(flowc: Flowc, flow: Path) -> None:
    flow.write_text(BROKEN.replace("default=3", 'default="many"'))
    ended = flowc("fix", "flow.py", "--write")
    assert ended.code == 0
    assert ended.err == "1 fix in 1 file written; 1 mistake left to you: `flowc check` shows them\n"


def test_machines_are_told_the_same(flowc: Flowc, flow: Path) -> None:
    told = json.loads(flowc("fix", "--json", "flow.py").out)
    assert told == json.loads(flowc("fix", "--format", "json", "flow.py").out)
    (fixed,) = told["fixed"]
    assert (fixed["code"], fixed["fix"][0]["kind"], fixed["fix"][0]["text"]) == ("FC242", "replace", "join")
    assert (told["version"], told["written"], told["left"]) == (1, False, [])
    assert "+        self.next(self.join)" in told["diff"]
    sarif = json.loads(flowc("check", "--format", "sarif", "flow.py").out)
    (fix,) = sarif["runs"][0]["results"][0]["fixes"]
    (change,) = fix["artifactChanges"]
    assert change["replacements"][0]["insertedContent"] == {"text": "join"}


def test_mode_and_links_within_the_project_stay(flowc: Flowc, flow: Path) -> None:
    flow.chmod(0o640)
    link = flow.with_name("link.py")
    link.symlink_to("flow.py")
    flowc("fix", "link.py", "--write")
    assert link.is_symlink()
    assert flow.read_text() == RIGHT
    assert stat.S_IMODE(flow.stat().st_mode) == 0o640


def test_a_link_out_of_the_project_is_not_followed(flowc: Flowc, flow: Path) -> None:
    (flow.parent / "project").mkdir()
    link = flow.parent / "project" / "flow.py"
    link.symlink_to(flow)
    ended = flowc("fix", "project/flow.py", "--root", "project", "--write")
    assert ended.code == 2
    assert flow.read_text() == BROKEN


def test_nothing_is_written_where_a_file_changed_meanwhile_or_one_cannot_be(tmp_path: Path) -> None:
    first, second = tmp_path / "a.py", tmp_path / "b.py"
    first.write_bytes(b"1")
    second.write_bytes(b"2")
    before = {first: b"1", second: b"old"}
    with pytest.raises(CallError, match="changed meanwhile"):
        fixing.replace_files({first: b"new", second: b"new"}, before)
    assert first.read_bytes() == b"1"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.py", "b.py"]


def test_an_interruption_leaves_the_old_file_or_the_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"1")

    def fails(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(KeyboardInterrupt):
        fixing.replace_files({path: b"new"}, {path: b"1"})
    assert path.read_bytes() == b"1"
    assert [each.name for each in tmp_path.iterdir()] == ["a.py"]


def test_without_libcst_it_says_how_to_get_it(flow: Path) -> None:
    """And names alone are put right without it."""
    flow.write_text(FLOW.replace("self.next(self.join)", "return self.next(self.join)\n        print(1)"))
    code = "import sys; sys.modules['libcst'] = None; from compiler.cli import run; sys.exit(run(['fix', 'flow.py']))"
    ended = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=flow.parent, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert "pip install 'flowc[fix]'" in ended.stderr
    flow.write_text(BROKEN)
    ended = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=flow.parent, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1


def test_checking_and_respelling_never_load_libcst(flow: Path) -> None:
    for command in ("check", "fix"):
        code = (
            f"import sys; from compiler.cli import run; run(['{command}', 'flow.py']); print('libcst' in sys.modules)"
        )
        ended = subprocess.run(
            [sys.executable, "-P", "-c", code], cwd=flow.parent, capture_output=True, text=True, check=True
        )
        assert ended.stdout.endswith("False\n")


def test_explain_says_what_a_fix_does(flowc: Flowc) -> None:
    assert "fix: `flowc fix` writes the one step that the name is a slip of" in flowc("explain", "FC242").out
    assert "flowc fix" not in flowc("explain", "FC235").out
