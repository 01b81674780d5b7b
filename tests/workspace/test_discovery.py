"""Which files hold flows: found below folders and in the workspace, whatever lies around them."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from compiler.workspace.discovery import flows_below, workspace_flows
from compiler.workspace.settings import Settings, read_settings
from tests.stages.command_line import FLOW, Flowc

BASE = FLOW.replace("SumFlow", "BaseFlow")
HELPER = "def helper():\n    return 1\n"


def _write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text.startswith("->"):
            path.symlink_to(text[2:])
        else:
            path.write_text(text, encoding="utf-8")


def _found(root: Path, folder: str = ".") -> list[str]:
    found = flows_below(root / folder, read_settings(root / folder))
    return [path.relative_to(root).as_posix() for path in found]


FOUND: dict[str, tuple[dict[str, str], list[str]]] = {
    "by their parts": (
        {"b/x.py": FLOW, "a.py": FLOW, "a/z.py": FLOW, "a-b/x.py": FLOW, "B.py": FLOW},
        ["B.py", "a/z.py", "a-b/x.py", "a.py", "b/x.py"],
    ),
    "no helpers, documents and notebooks": (
        {"x.py": FLOW, "h.py": HELPER, "readme.md": FLOW, "x.ipynb": FLOW, "x.pyi": FLOW, "flow": FLOW, "empty.py": ""},
        ["x.py"],
    ),
    "what only derives from a flow of the repository": (
        {"x.py": "from base import BaseFlow\nclass X(BaseFlow):\n    pass\n", "base.py": BASE},
        ["base.py", "x.py"],
    ),
    "no class of another package": ({"x.py": "from pydantic import BaseModel\nclass X(BaseModel):\n    pass\n"}, []),
    "no exceptions": ({"x.py": "class X(Exception):\n    pass\n"}, []),
    "tools' folders stay out": (
        {f"{folder}/x.py": FLOW for folder in (".venv", "node_modules", "__pycache__", ".git/hooks", ".tox/py311", "ok")},
        ["ok/x.py"],
    ),
    "a virtual environment of any name stays out": ({"env/pyvenv.cfg": "", "env/lib/x.py": FLOW, "x.py": FLOW}, ["x.py"]),
    "what rules ignore stays out": (
        {".gitignore": "/gen/\n*_old.py\n", "gen/x.py": FLOW, "a/x_old.py": FLOW, "a/x.py": FLOW, ".flowcignore": "b\n", "b/x.py": FLOW},
        ["a/x.py"],
    ),
    "rules of inner folders": ({"a/.gitignore": "x.py\n", "a/x.py": FLOW, "b/x.py": FLOW}, ["b/x.py"]),
    "compiled files stay out": (
        {"dags/x_airflow.py": '"""Compiled from x.py by flowc: change the flow"""\nclass FlowSpec: pass\n', "x.py": FLOW},
        ["x.py"],
    ),
    "names that say nothing": (
        dict.fromkeys(("a b.py", "ä.py", "-x.py", "a:b.py", "a;b.py", "$(x).py", "x\ny.py", "[a].py", "*.py", "#.py", ".x.py"), FLOW),
        sorted(("a b.py", "ä.py", "-x.py", "a:b.py", "a;b.py", "$(x).py", "x\ny.py", "[a].py", "*.py", "#.py", ".x.py")),
    ),
    "a folder that is called as a file": ({"x.py/y.py": FLOW}, ["x.py/y.py"]),
    "a link that goes round": ({"a/x.py": FLOW, "a/b": "->../a", "a/c/d": "->../..", "e": "->e"}, ["a/x.py"]),
    "a link to what is found anyway": ({"a/x.py": FLOW, "b": "->a", "y.py": "->a/x.py"}, ["a/x.py"]),
    "a link that leads nowhere": ({"a.py": "->none", "b": "->/none", "x.py": FLOW}, ["x.py"]),
    "a link out of the repository": ({"a": "->../outside", "b.py": "->../outside/x.py", "x.py": FLOW}, ["x.py"]),
}  # fmt: skip


@pytest.mark.parametrize("name", FOUND)
def test_flows_are_found_in_the_order_of_their_paths(tmp_path: Path, name: str) -> None:
    files, expected = FOUND[name]
    _write(tmp_path, {"outside/x.py": FLOW})
    _write(tmp_path / "root", {".git/HEAD": "", **files})
    assert _found(tmp_path / "root") == expected


def test_a_link_within_the_repository_is_followed_once(tmp_path: Path) -> None:
    _write(tmp_path, {".git/HEAD": "", "shared/x.py": FLOW, "shared/in/y.py": FLOW})
    _write(tmp_path, {"flows/a": "->../shared", "flows/b": "->../shared", "flows/z.py": "->../shared/x.py"})
    assert _found(tmp_path, "flows") == ["flows/a/in/y.py", "flows/a/x.py"]


def test_the_order_of_the_disk_changes_nothing(tmp_path: Path) -> None:
    names = [f"{folder}/{name}.py" for folder in ("a", "b/c", "b", "link") for name in ("x", "y", "z")]
    results = []
    for number in range(3):
        root = tmp_path / str(number)
        random.Random(number).shuffle(names)
        _write(root, {".git/HEAD": "", **dict.fromkeys((each.replace("link", "real") for each in names), FLOW)})
        _write(root, {"link": "->real", "a/link": "->../b"})
        results.append(_found(root))
    assert results[0] == results[1] == results[2]
    assert results[0] == sorted(results[0], key=lambda path: path.split("/"))


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    _write(tmp_path, {"x.py": FLOW})
    os.mkfifo(tmp_path / "pipe.py")
    assert _found(tmp_path) == ["x.py"]


GLOBS: dict[str, tuple[list[str], list[str]]] = {
    "all below a folder": (["flows/**/*.py"], ["flows/a.py", "flows/team/b.py", "flows/team/deep/c.py"]),
    "those of a folder": (["flows/*.py"], ["flows/a.py"]),
    "a file": (["flows/team/b.py"], ["flows/team/b.py"]),
    "a folder alone": (["flows/team"], ["flows/team/b.py", "flows/team/deep/c.py"]),
    "a folder with dots": (["./flows/team/"], ["flows/team/b.py", "flows/team/deep/c.py"]),
    "two, one of which finds the same": (["flows/team/*.py", "flows/*/b.py"], ["flows/team/b.py"]),
    "one letter": (["flows/?.py"], ["flows/a.py"]),
    "a set": (["flows/team/[ab].py"], ["flows/team/b.py"]),
    "everything": (["**"], ["flows/a.py", "flows/team/b.py", "flows/team/deep/c.py", "x.py"]),
    "a star alone": (["*"], ["flows/a.py", "flows/team/b.py", "flows/team/deep/c.py", "x.py"]),
    "none that is there": (["other/*.py"], []),
    "no pattern": (["[z-a].py"], []),
    "a name that begins so": (["flow"], []),
}


@pytest.mark.parametrize("name", GLOBS)
def test_the_workspace_says_where_its_flows_are(tmp_path: Path, name: str) -> None:
    globs, expected = GLOBS[name]
    _write(tmp_path, dict.fromkeys(("x.py", "flows/a.py", "flows/team/b.py", "flows/team/deep/c.py"), FLOW))
    (tmp_path / "pyproject.toml").write_text(f"[tool.flowc]\nflows = {globs}\n")
    start = tmp_path / "flows"
    found = workspace_flows(start, read_settings(start))
    assert [path.relative_to(tmp_path).as_posix() for path in found] == expected


def test_a_workspace_that_extends_another_has_flows_of_its_own(tmp_path: Path) -> None:
    _write(
        tmp_path, {".git/HEAD": "", "x.py": FLOW, "teams/a/f/y.py": FLOW, "teams/a/z.py": FLOW, "teams/b/f/z.py": FLOW}
    )
    _write(tmp_path, {"teams/a/pyproject.toml": "[tool.flowc]\nextend = '../..'\n"})
    for globs, expected in ((["teams/*/f/*.py"], ["f/y.py"]), (["*.py"], ["f/y.py", "z.py"])):
        (tmp_path / "pyproject.toml").write_text(f"[tool.flowc]\nflows = {globs}\n")
        found = workspace_flows(tmp_path / "teams" / "a", read_settings(tmp_path / "teams" / "a"))
        assert [path.relative_to(tmp_path / "teams" / "a").as_posix() for path in found] == expected


def test_without_settings_the_repository_is_the_workspace(tmp_path: Path) -> None:
    _write(tmp_path, {".git/HEAD": "", "a/x.py": FLOW, "b/y.py": FLOW})
    found = workspace_flows(tmp_path / "a", Settings())
    assert [path.name for path in found] == ["x.py", "y.py"]


def test_modules_without_a_flow_are_passed_over_and_named_ones_are_not(flowc: Flowc, folder: Path) -> None:
    """Also one that looks like one, and one with mistakes that only a flow's module may not have."""
    _write(
        folder,
        {
            "flows/x.py": FLOW,
            "flows/helper.py": HELPER,
            "flows/typed.py": "from flowc import FlowSpec\nclass Kept:\n    flow: FlowSpec\n",
            "flows/wrong.py": "from flowc import FlowSpec, Paramter\nclass Kept:\n    x = FLOW_NAME\n",
            "flows/json.py": "from flowc import FlowSpec\nclass Kept:\n    pass\n",
            "flows/broken.py": "from base import Y\nclass X(Y)\n    pass\n",
            "base.py": "class Y: pass\n",
        },
    )
    for words in ((), ("flows",), (".",), ("flows/", "flows/x.py"), ("flows/x.py", "./flows")):
        ended = flowc("check", *words)
        assert (ended.code, ended.out) == (0, ""), words
    assert "found in 1 flow" in flowc("check", "flows").err
    assert "found in 2 flows" in flowc("check").err
    for name, code in (("helper", "FC105"), ("typed", "FC105"), ("wrong", "FC110"), ("broken", "FC103")):
        ended = flowc("check", f"flows/{name}.py")
        assert ended.code == 1
        assert code in ended.out


def test_mistakes_of_what_is_found_are_told(flowc: Flowc, folder: Path) -> None:
    broken = "from flowc import FlowSpec, step\nclass X(FlowSpec)\n    pass\n"
    strange = "from base import Base\nfrom flowc import step\nclass X(Base):\n    @step\n    def start(self): pass\n"
    _write(folder, {"a/x.py": FLOW.replace("self.square", "self.sqare"), "a/y.py": broken, "a/z.py": strange})
    out = flowc("check", "a", "--format", "github").out
    assert [
        line.partition("file=")[2].partition(",")[0] for line in out.splitlines() if "FC242" in line or "FC103" in line
    ] == [
        "a/x.py",
        "a/y.py",
    ]
    assert "file=a/z.py" in out


@pytest.mark.parametrize("command", ["check", "list", "argo create", "fix"])
def test_where_there_is_no_flow_that_is_a_mistake_in_the_call(flowc: Flowc, folder: Path, command: str) -> None:
    _write(folder, {"lib/helper.py": HELPER, "pyproject.toml": "[tool.flowc]\nflows = ['none/*.py']\n"})
    ended = flowc(*command.split(), "lib")
    assert (ended.code, ended.out) == (2, "")
    assert "there is no flow below lib" in ended.err
    ended = flowc(*command.split())
    assert (ended.code, ended.out) == (2, "")
    assert "by `flows` = ['none/*.py']" in ended.err


@pytest.mark.parametrize("command", ["show", "ir", "package", "image", "run"])
def test_what_takes_one_flow_takes_no_folder(flowc: Flowc, folder: Path, command: str) -> None:
    ended = flowc(command, ".")
    assert (ended.code, ended.out) == (2, "")
    assert "is a folder: name its flow file" in ended.err


def test_a_call_from_below_takes_the_whole_workspace(
    flowc: Flowc, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(folder, {"pyproject.toml": "[tool.flowc]\n", "a/x.py": FLOW, "b/helper.py": HELPER})
    monkeypatch.chdir(folder / "b")
    assert "found in 2 flows" in flowc("check").err
    assert flowc("argo", "create", "-o", "out/", "../a").code == 0
