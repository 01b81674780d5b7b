"""Which pyproject.toml is the workspace's, and what those say that have no table of ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.workspace.package import code_root
from compiler.workspace.settings import SettingsError, read_settings

SILENT = {
    "another tool's": "[tool.ruff]\nline-length = 100\n",
    "a project's": '[project]\nname = "x"\nversion = "0"\n[project.scripts]\nflowc = "x:y"\n',
    "an empty one": "",
    "one that is no TOML": "[tool.ruff\n",
    "one that has it in a text": 'x = """\n[tool.flowc]\nstore = "s3://wrong"\n"""\n',
    "one that has it in a comment": "# [tool.flowc]\n# store = 's3://wrong'\n",
    "one with a like name": "[tool.flowcharts]\nstore = 's3://wrong'\n",
    "one with it in another table": "[other.tool.flowc]\nstore = 's3://wrong'\n",
    "one whose tool is none": "tool = 'flowc'\n",
}


@pytest.mark.parametrize("name", SILENT)
def test_a_file_without_the_table_says_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.flowc]\nstore = 's3://bucket/x'\n")
    inner = tmp_path / "team" / "flows"
    inner.mkdir(parents=True)
    (inner / "flow.py").touch()
    (tmp_path / "team" / "pyproject.toml").write_text(SILENT[name])
    found = read_settings(inner / "flow.py")
    assert found.text("store") == "s3://bucket/x"
    assert code_root(inner / "flow.py", found) == tmp_path


SPELLED = {
    "a header": "[tool.flowc]\nstore = 's3://own'\n",
    "a header of a table in it": "[tool.flowc.run]\nstore = 's3://own'\n",
    "dotted keys": "tool.flowc.store = 's3://own'\n",
    "quoted keys": "['tool'.\"flowc\"]\nstore = 's3://own'\n",
    "escapes": '[tool."fl\\u006fwc"]\nstore = "s3://own"\n',
    "longer escapes": '[tool."fl\\U0000006fwc"]\nstore = "s3://own"\n',
    "an inline table": "tool = {flowc = {store = 's3://own'}}\n",
    "line ends of Windows": "[tool.flowc]\r\nstore = 's3://own'\r\n",
}


@pytest.mark.parametrize("name", SPELLED)
def test_the_table_is_known_however_it_is_spelled(tmp_path: Path, name: str) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.flowc]\nstore = 's3://bucket/x'\n")
    (tmp_path / "team").mkdir()
    (tmp_path / "team" / "pyproject.toml").write_bytes(SPELLED[name].encode())
    found = read_settings(tmp_path / "team")
    assert found.folder == tmp_path / "team"
    assert "s3://own" in (found.text("store"), found.text("store", "run"))
    assert found.text("image") is None


def test_without_any_the_repository_is_the_workspace_else_the_folder(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    flow = tmp_path / "a" / "b" / "flow.py"
    flow.touch()
    assert code_root(flow, read_settings(flow)) == flow.parent
    (tmp_path / ".git").mkdir()
    assert code_root(flow, read_settings(flow)).resolve() == tmp_path.resolve()
    assert read_settings(flow).folder is None


def test_build_tools_are_asked_up_to_the_workspace_and_no_further(tmp_path: Path) -> None:
    text = "[tool.setuptools.packages.find]\nwhere = ['lib']\n"
    for folder in (".", "repository", "repository/team"):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "pyproject.toml").write_text(text)
    (tmp_path / "repository" / ".git").mkdir()
    team = tmp_path / "repository" / "team"
    assert read_settings(team).declared == (team / "lib", tmp_path / "repository" / "lib")
    (team / "pyproject.toml").write_text(f"{text}[tool.flowc]\n")
    assert read_settings(team).declared == (team / "lib",)


def test_a_file_that_nobody_may_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").symlink_to("nowhere")
    with pytest.raises(SettingsError, match="cannot be read"):
        read_settings(tmp_path)
