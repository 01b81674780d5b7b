"""What is wrong in a call of `flowc run` is one line that says what to type, and nothing has been started."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

import compiler.run
from tests.stages.command_line import FLOW, Flowc

_PARAMETERS = "the flow's parameters: --top INTEGER, --key-words TEXT"

CALLS = [
    ("--run-id a/b flow.py", "--run-id 'a/b' cannot name a run"),
    ("--run-id '' flow.py", "--run-id '' cannot name a run"),
    ("--run-id .. flow.py", "--run-id '..' cannot name a run"),
    ("--run-id . flow.py", "--run-id '.' cannot name a run"),
    (
        "--store nonsense flow.py",
        "no store at 'nonsense': use file:/path, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix",
    ),
    ("--store ftp://x flow.py", "no store at 'ftp://x'"),
    ("--store s3: flow.py", "'s3:' is no s3://bucket/prefix"),
    ("--store file: flow.py", "no folder in 'file:'"),
    ("--mlflow localhost:5000 flow.py", "'localhost:5000' is not the URL of a server: http://… or https://…"),
    ("--mlflow https://me:hidden@host flow.py", "the URL holds a user, a password or a token"),
    ("flow.py --max-workers 1", "go before flow.py: `flowc run --max-workers … flow.py`"),
    ("flow.py --json", "go before flow.py: `flowc run --json … flow.py`"),
    ("--top 3 flow.py", "go after its file: `flowc run flow.py --top VALUE`"),
    ("--top=3 flow.py", "go after its file: `flowc run flow.py --top VALUE`"),
    ("--max-worker 3 flow.py", "has no option --max-worker; did you mean `--max-workers`?"),
    ("flow.py --top", f"'--top' requires an argument; {_PARAMETERS}"),
    ("flow.py --key-words a --top", f"'--top' requires an argument; {_PARAMETERS}"),
    ("flow.py --top many", f"'--top': 'many' is not a valid integer; {_PARAMETERS}"),
    ("flow.py --tip 3", f"no parameter --tip; did you mean --top? {_PARAMETERS[:1].upper()}{_PARAMETERS[1:]}"),
    ("flow.py more", f"unexpected extra argument (more); {_PARAMETERS}"),
    ("needy.py", "Missing option '--rate'; the flow's parameters: --rate NUMBER"),
    ("plain.py --top 3", "the flow has no parameters"),
]
OWNED = """
from metaflow import FlowSpec, current, project, step

@project(name="films")
class OwnedFlow(FlowSpec):
    @step
    def start(self):
        print("told", (current.project_name, current.branch_name, current.project_flow_name, current.is_production, current.is_user_branch))
"""
_DECLARED = FLOW[FLOW.index("    top =") : FLOW.index("    @step")]


@pytest.mark.parametrize(("words", "said"), CALLS)
def test_a_mistake_in_the_call_is_one_line_and_starts_nothing(
    flowc: Flowc, folder: Path, monkeypatch: pytest.MonkeyPatch, words: str, said: str
) -> None:
    plain = re.sub(r"self\.(top|words)\b", "None", FLOW.replace(_DECLARED, ""))
    (folder / "plain.py").write_text(plain)
    needed = '    rate = Parameter("rate", type=float, required=True)\n\n'
    (folder / "needy.py").write_text(plain.replace("    @step", needed + "    @step", 1))

    def started(*_: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(compiler.run, "Workers", started)
    ended = flowc("run", *shlex.split(words))
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert said in ended.err


def test_the_guard_above_sees_a_start(flowc: Flowc, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []

    def started(*words: object) -> None:
        calls.append(words)
        raise KeyboardInterrupt

    monkeypatch.setattr(compiler.run, "Workers", started)
    assert flowc("run", "flow.py").code == 130
    assert len(calls) == 1


@pytest.mark.language("project.user")
@pytest.mark.parametrize(
    ("words", "settings", "branch"),
    [
        ("", "", "user.ann"),
        ("--branch b", "", "test.b"),
        ("--production", "", "prod"),
        ("", "[tool.flowc]\nbranch = 'set'\n", "test.set"),
    ],
)
def test_a_run_without_a_branch_is_on_that_of_its_user(
    flowc: Flowc, folder: Path, monkeypatch: pytest.MonkeyPatch, words: str, settings: str, branch: str
) -> None:
    monkeypatch.setenv("METAFLOW_USER", "ann")
    monkeypatch.delenv("METAFLOW_OWNER", raising=False)
    (folder / "pyproject.toml").write_text(settings)
    (folder / "owned.py").write_text(OWNED)
    ended = flowc("run", *words.split(), "owned.py")
    assert ended.code == 0, ended.out + ended.err
    is_user = branch.startswith("user.")
    told = ("films", branch, f"films.{branch}.OwnedFlow", branch == "prod", is_user)
    assert f"told {told}" in ended.out


def test_what_is_compiled_does_not_depend_on_the_user(
    flowc: Flowc, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "owned.py").write_text(OWNED)
    made = []
    for user in ("ann", "bob"):
        monkeypatch.setenv("METAFLOW_USER", user)
        made.append(flowc("argo", "create", "--image", "i", "--store", "s3://b/p", "owned.py"))
    assert made[0] == made[1]
    assert "FC675" in made[0].err
    assert (
        "FC675" not in flowc("argo", "create", "--image", "i", "--store", "s3://b/p", "--branch", "b", "owned.py").err
    )


def test_the_run_id_file_holds_the_id_and_nothing_else(flowc: Flowc, folder: Path) -> None:
    assert flowc("run", "--run-id-file", "id", "--run-id", "mine", "flow.py").code == 0
    assert (folder / "id").read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("added", "said"),
    [("kubernetes:cpu=1", "flowc argo create"), ("batch", "flowc step-functions create"), ("retry:times=1", "")],
)
def test_a_run_with_an_engines_decorator_says_that_it_runs_here(
    flowc: Flowc, folder: Path, added: str, said: str
) -> None:
    ended = flowc("run", "--with", added, "flow.py")
    assert ended.code == 0
    assert (f"note: --with {added.partition(':')[0]}: the tasks run on this machine" in ended.err) == bool(said)
    assert said in ended.err
