"""`flowc diff` from end to end, in real git repositories."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.commands.conftest import flowc
from tests.difference.prepared import FLOW
from tests.repositories import committed, git, repository
from tests.stages.command_line import Flowc

__all__ = ["flowc"]

SETTINGS = '[tool.flowc]\nregistry = "team"\n\n[tool.flowc.argo]\n'
FILES = {"flows/train.py": FLOW, "pyproject.toml": SETTINGS}


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one flow, as the working folder; temporary folders lie beside it."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    found = repository(tmp_path / "r", FILES)
    monkeypatch.chdir(found)
    return found


@pytest.fixture(autouse=True)
def _nothing_is_left(tmp_path: Path) -> object:
    yield
    assert os.listdir(tmp_path / "temporary") == []


def _edit(top: Path, old: str, new: str, name: str = "flows/train.py") -> None:
    text = (top / name).read_text()
    assert old in text
    (top / name).write_text(text.replace(old, new))


def test_nothing_differs(flowc: Flowc, top: Path) -> None:
    ended = flowc("diff")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("0 flows differ from HEAD (")
    assert ended.out.endswith("); 1 flow does not\n")


def test_a_parameter_that_is_gone(flowc: Flowc, top: Path) -> None:
    _edit(top, '    kind = Parameter("kind", help="Which.", default="big")\n', "")
    _edit(top, "self.kind, ", "")
    ended = flowc("diff")
    assert (ended.code, ended.err) == (3, "")
    lines = ended.out.splitlines()
    assert lines[0] == "TrainFlow in flows/train.py"
    assert "  - breaking: parameter `kind` is gone" in lines
    assert any(line.startswith("  ~ argo: `train-flow.yaml` changes by +") for line in lines)
    assert lines[-1].endswith(", 1 breaking; 0 flows do not")
    assert not any("airflow" in line for line in lines)


@pytest.mark.parametrize("words", [("flows/train.py",), ("flows/train.py:TrainFlow",), ("flows",), ("./flows/",), ()])
def test_a_flow_is_named_in_many_ways(words: tuple[str, ...], flowc: Flowc, top: Path) -> None:
    _edit(top, "LIMIT = 3", "LIMIT = 4")
    ended = flowc("diff", *words)
    assert ended.code == 3
    assert "code beside the steps is another: `LIMIT`" in ended.out


def test_from_a_folder_below(flowc: Flowc, top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _edit(top, "LIMIT = 3", "LIMIT = 4")
    monkeypatch.chdir(top / "flows")
    assert flowc("diff", "train.py").out.splitlines()[0] == "TrainFlow in flows/train.py"


def test_a_file_that_only_one_side_has(flowc: Flowc, top: Path) -> None:
    other = (
        FLOW.replace("TrainFlow", "OtherFlow")
        .replace("self.total = sum", "self.most = max")
        .replace("self.total", "self.most")
    )
    (top / "flows/other.py").write_text(other)
    assert "+ flow `OtherFlow` is new" in flowc("diff", "flows/other.py").out
    committed(top, {})
    (top / "flows/other.py").unlink()
    ended = flowc("diff", "flows/other.py")
    assert "- breaking: flow `OtherFlow` is gone" in ended.out
    assert "TrainFlow" not in ended.out
    assert flowc("diff", "flows/never.py").code == 2


@pytest.mark.parametrize("named", ["flows/train.py", "flows/fit.py"])
def test_a_file_that_was_moved_is_found_by_either_name(named: str, flowc: Flowc, top: Path) -> None:
    (top / "flows/train.py").rename(top / "flows/fit.py")
    ended = flowc("diff", named)
    assert "flow `TrainFlow` stands in `flows/fit.py`, no longer in `flows/train.py`" in ended.out
    assert "is new" not in ended.out


def test_only_the_code(flowc: Flowc, top: Path) -> None:
    _edit(top, "# above the class", "# another comment")
    ended = flowc("diff")
    assert ended.code == 3
    assert ended.out.startswith("only the code changed of 1 flow\n  `TrainFlow` in `flows/train.py`\n")
    (top / "flows/train.py").write_text(FLOW)
    _edit(top, 'registry = "team"', 'image = "team/flows:1"', "pyproject.toml")
    committed(top, {})
    _edit(top, "# above the class", "# another comment")
    assert flowc("diff").code == 0


def test_a_setting_of_one_side_alone(flowc: Flowc, top: Path) -> None:
    _edit(top, "[tool.flowc.argo]\n", "[tool.flowc.argo]\nmax_workers = 3\n", "pyproject.toml")
    ended = flowc("diff")
    assert "argo: `max_workers` is `3`, before `nothing`" in ended.out


def test_another_revision_and_another_folder(flowc: Flowc, top: Path, tmp_path: Path) -> None:
    git(top, "branch", "old")
    _edit(top, "LIMIT = 3", "LIMIT = 4")
    committed(top, {})
    assert flowc("diff").code == 0
    assert flowc("diff", "--against", "old").code == 3
    git(top, "worktree", "add", "-q", str(tmp_path / "checkout"), "old")
    ended = flowc("diff", "--against", tmp_path / "checkout")
    assert ended.code == 3
    assert str(tmp_path) not in ended.out.rpartition("\n1 flow")[0]
    (top / "old").mkdir()  # a folder of the name of a branch: the branch goes first
    assert flowc("diff", "--against", "old").code == 3
    assert "is new" in flowc("diff", "--against", "./old").out


def test_no_temporary_name_is_told(flowc: Flowc, top: Path, tmp_path: Path) -> None:
    _edit(top, "self.next(self.join)", "self.next(self.joyn)")
    committed(top, {})
    (top / "flows/train.py").write_text(FLOW)
    for form in ("text", "markdown", "json"):
        ended = flowc("diff", "--format", form)
        assert ended.code == 3
        assert "flows/train.py" in ended.out
        assert "FC242 in line" in ended.out
        assert "temporary" not in ended.out + ended.err
        assert "is new" not in ended.out


def test_settings_of_the_old_side_that_cannot_be_read(flowc: Flowc, top: Path) -> None:
    _edit(top, "[tool.flowc.argo]", "[tool.flowc.argo", "pyproject.toml")
    committed(top, {})
    (top / "pyproject.toml").write_text(SETTINGS)
    ended = flowc("diff")
    assert ended.code == 3
    assert "cannot be read on the old side" in ended.out
    assert "temporary" not in ended.out + ended.err


def test_a_mistake_of_today(flowc: Flowc, top: Path) -> None:
    (top / "flows/other.py").write_text(FLOW.replace("TrainFlow", "OtherFlow"))
    committed(top, {})
    _edit(top, "self.next(self.join)", "self.next(self.joyn)")
    _edit(top, "LIMIT = 3", "LIMIT = 4", "flows/other.py")
    ended = flowc("diff")
    assert ended.code == 1
    assert "flows/train.py:" in ended.err
    assert "OtherFlow in flows/other.py" in ended.out
    assert "is gone" not in ended.out


def test_json_and_targets(flowc: Flowc, top: Path) -> None:
    _edit(top, "LIMIT = 3", "LIMIT = 4")
    ended = flowc("diff", "--format", "json", "--target", "airflow", "--target", "step-functions")
    assert ended.code == 3
    found = json.loads(ended.out)
    (flow,) = found["flows"]
    assert {change["facts"]["target"] for change in flow["changes"] if "target" in change["facts"]} == {
        "airflow",
        "step-functions",
    }
    assert found["version"] == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--against", "deployed"), "say with --target on which engine"),
        (("--against", "nowhere"), "git knows no revision 'nowhere' in "),
        (("--against", "--help"), "git knows no revision '--help' in "),
        (("--against=",), "git knows no revision '' in "),
        (("/etc/passwd",), "does not lie in the repository"),
        (("flows/none.py",), "there is no file or folder flows/none.py on either side"),
        (("flows/train.py:NoFlow",), "there is no flow NoFlow in flows/train.py on either side"),
        (("--target", "cobol"), "Invalid value for '--target'"),
    ],
)
def test_a_call_that_means_nothing(words: tuple[str, ...], told: str, flowc: Flowc, top: Path) -> None:
    ended = flowc("diff", *words)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err


def test_without_a_repository(flowc: Flowc, top: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "plain").mkdir()
    monkeypatch.chdir(tmp_path / "plain")
    ended = flowc("diff")
    assert ended.code == 2
    assert "is in no git repository" in ended.err
    (tmp_path / "plain/flow.py").write_text(FLOW)
    ended = flowc("diff", "--against", tmp_path / "r/flows")
    assert ended.code == 3
    assert "stands in `flow.py`, no longer in `train.py`" in ended.out
    monkeypatch.setenv("PATH", "")
    ended = flowc("diff")
    assert ended.code == 2
    assert "there is no `git` on this machine" in ended.err


def test_no_code_of_either_side_runs_without_import(flowc: Flowc, top: Path) -> None:
    harm = "open('ran', 'w')\n" + FLOW
    _edit(top, "[tool.flowc]", "[tool.flowc]\nimport = true", "pyproject.toml")
    committed(top, {"flows/train.py": harm})
    _edit(top, "LIMIT = 3", "LIMIT = 4")
    assert flowc("diff").code == 3
    assert not (top / "ran").exists()
    assert not (top / "flows/ran").exists()


def test_what_a_target_of_the_project_refuses_is_a_mistake(flowc: Flowc, top: Path) -> None:
    _edit(top, "class TrainFlow", '@airflow_s3_key_sensor(bucket_key="s3://b/k")\nclass TrainFlow')
    _edit(top, "    Config, FlowSpec", "    Config, FlowSpec, airflow_s3_key_sensor")
    ended = flowc("diff")
    assert ended.code == 1
    assert "FC301" in ended.err
    assert "- breaking: argo can no longer run it: `FC301: " in ended.out
    (top / "pyproject.toml").write_text(SETTINGS.replace("[tool.flowc.argo]\n", ""))
    committed(top, {})
    _edit(top, "LIMIT = 3", "LIMIT = 4")
    assert flowc("diff").code == 3


@pytest.mark.parametrize("by", ["table", "word"])
def test_a_target_of_another_distribution_is_asked_as_ours_are(by: str, flowc: Flowc, top: Path) -> None:
    if by == "table":
        (top / "pyproject.toml").write_text(SETTINGS.replace("[tool.flowc.argo]\n", "[tool.flowc.kfp]\n"))
        committed(top, {})
    _edit(top, "class TrainFlow", "@schedule(daily=True)\nclass TrainFlow")
    _edit(top, "    Config, FlowSpec", "    Config, FlowSpec, schedule")
    ended = flowc("diff", *(["--target", "kfp"] if by == "word" else []))
    assert "- breaking: kfp can no longer run it: `FC301: " in ended.out


MADE = """from metaflow import FlowSpec, Parameter, step

LIMIT = 3


def made(name):
    return Parameter(name, default=LIMIT, type=int)


class MadeFlow(FlowSpec):
    beta = made("beta")

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_with_import_both_sides_are_asked(flowc: Flowc, top: Path) -> None:
    """What only running the module tells is compared, too."""
    committed(top, {"flows/made.py": MADE})
    _edit(top, "LIMIT = 3", "LIMIT = 4", "flows/made.py")
    plain, asked = flowc("diff", "flows/made.py"), flowc("diff", "--import", "flows/made.py")
    assert (plain.code, asked.code) == (1, 3)
    assert "FC555" in plain.err
    assert "parameter `beta` is `4` by default, before `3`" in asked.out


ENVIRONMENTS = SETTINGS + "\n[tool.flowc.env.prod.argo]\nmax_workers = 3\n"


def test_an_environment_holds_on_both_sides(flowc: Flowc, top: Path) -> None:
    committed(top, {"pyproject.toml": ENVIRONMENTS})
    _edit(top, "max_workers = 3", "max_workers = 4", "pyproject.toml")
    assert flowc("diff").code == 0
    ended = flowc("diff", "--env", "prod")
    assert ended.code == 3
    assert "argo: `max_workers` is `4`, before `3`" in ended.out
    assert " in prod; 0 flows do not" in ended.out.splitlines()[-1]
    assert flowc("diff", "flows/train.py", "--env", "prod").code == 3
    assert json.loads(flowc("diff", "--env", "prod", "--format", "json").out)["env"] == "prod"
    assert flowc("diff", "--env", "prod", "--format", "markdown").out.startswith("<!-- flowc diff prod -->\n")


def test_an_environment_that_is_new_or_unknown(flowc: Flowc, top: Path) -> None:
    (top / "pyproject.toml").write_text(ENVIRONMENTS)
    ended = flowc("diff", "--env", "prod")
    assert (ended.code, ended.err) == (3, "")
    assert "note: the old side has no environment prod: all flows count as new in it" in ended.out
    assert "+ flow `TrainFlow` is new" in ended.out
    ended = flowc("diff", "--env", "prud")
    assert (ended.code, ended.out) == (2, "")
    assert "did you mean `prod`" in ended.err


def test_flows_are_found_as_every_command_finds_them(flowc: Flowc, top: Path) -> None:
    """What ignore files name, what is compiled, helpers and bases are passed over; `flows` says which files are meant."""
    base = "from metaflow import FlowSpec\n\n\nclass BaseFlow(FlowSpec):\n    shared = 1\n"
    made = '"""Compiled from x.py by flowc: change the flow"""\n' + FLOW
    (top / "flows/base.py").write_text(base)
    (top / "flows/made_airflow.py").write_text(made)
    (top / "flows/helper.py").write_text("import os\n\n\ndef step():\n    return os.sep\n")
    (top / "scratch").mkdir()
    (top / "scratch/try.py").write_text(FLOW.replace("TrainFlow", "TryFlow"))
    (top / ".gitignore").write_text("/scratch/\n")
    (top / "linked.py").symlink_to("flows/train.py")
    ended = flowc("diff")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.endswith("; 1 flow does not\n")
    assert [line.split()[0] for line in flowc("list").out.splitlines()] == ["TrainFlow"]


def test_the_globs_of_each_side_say_which_flows_it_has(flowc: Flowc, top: Path) -> None:
    (top / "old").mkdir()
    (top / "old/past.py").write_text(FLOW.replace("TrainFlow", "PastFlow"))
    committed(top, {})
    _edit(top, "[tool.flowc]\n", '[tool.flowc]\nflows = ["flows/*.py"]\n', "pyproject.toml")
    ended = flowc("diff")
    assert "- breaking: flow `PastFlow` is gone" in ended.out
    assert ended.out.endswith("; 1 flow does not\n")
    _edit(top, "flows/*.py", "none/*.py", "pyproject.toml")
    committed(top, {})
    ended = flowc("diff")
    assert ended.code == 2
    assert "there is no flow in the workspace" in ended.err


def test_a_folder_without_a_flow_is_a_mistake_in_the_call(flowc: Flowc, top: Path) -> None:
    (top / "docs").mkdir()
    ended = flowc("diff", "docs")
    assert ended.code == 2
    assert "there is no flow below docs on either side" in ended.err


def test_a_flow_of_the_workspace_has_no_files_of_a_target_that_it_is_not_for(flowc: Flowc, top: Path) -> None:
    _edit(top, "[tool.flowc]\n", '[tool.flowc]\ntargets = ["argo"]\n', "pyproject.toml")
    committed(top, {})
    _edit(top, "    @step\n    def left(self):", "    @retry(times=2)\n    @step\n    def left(self):")
    told = flowc("diff", "--target", "airflow").out
    assert "airflow" not in told
    assert "`left`: retry is" in told
    assert "airflow: `TrainFlow.py` changes by" in flowc("diff", "flows/train.py", "--target", "airflow").out
