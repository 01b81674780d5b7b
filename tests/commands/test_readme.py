"""What the README shows is what happens: its flow, its commands, what they print, its settings."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from compiler.backends.targets import BUILT_IN
from tests.stages.command_line import Flowc

README = (Path(__file__).parent.parent.parent / "README.md").read_text(encoding="utf-8")
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_RUN = re.compile(r"local-\d{8}-\d{6}-[0-9a-f]{6}")
_CHANGING = re.compile(r"local-\d{8}-\d{6}-[0-9a-f]{6}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|\d+\.\d+ s\b")


def _blocks(language: str) -> list[str]:
    return [text for found, text in _BLOCK.findall(README) if found == language]


def _sessions() -> list[list[tuple[str, str]]]:
    """The blocks that show commands after `$`, each with what it prints."""
    blocks = [text for text in _blocks("") if text.startswith("$ ")]
    return [re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE) for block in blocks]


def _same(text: str) -> list[str]:
    return sorted(_CHANGING.sub("…", text).splitlines())


@pytest.fixture
def squares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The README's flow in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "squares.py").write_text(_blocks("python")[0])
    return tmp_path


def test_commands_print_what_is_shown(flowc: Flowc, squares: Path) -> None:
    """stdout and stderr together, as a terminal shows them; their lines may interleave otherwise there."""
    session, mistake = _sessions()
    run = ""
    for command, shown in session:
        ended = flowc(*shlex.split(_RUN.sub(run, command))[1:])
        run = run or "".join(_RUN.findall(ended.err)[:1])
        assert ended.code == 0, ended.err
        assert _same(ended.out + ended.err) == _same(shown), command
    assert len(session) == 7
    source = squares / "squares.py"
    source.write_text(source.read_text().replace("self.square, ", "self.sqare, "))
    [(command, shown)] = mistake
    ended = flowc(*shlex.split(command)[1:])
    assert (ended.code, ended.out + ended.err) == (1, shown)


def test_an_artifact_is_read_as_shown(flowc: Flowc, squares: Path) -> None:
    assert flowc("run", "squares.py", "--count", "4").code == 0
    environment = {name: value for name, value in os.environ.items() if name != "FLOWC_STORE"}
    for store in ({}, {"FLOWC_STORE": f"file:{squares}/.flowc"}):
        done = subprocess.run(
            [sys.executable, "-P", "-c", _blocks("python")[1]],
            capture_output=True,
            text=True,
            env={**environment, **store},
            cwd="/" if store else squares,
            check=False,
        )
        assert (done.stdout, done.stderr) == ("14\n", "")


def test_parameters_are_given_to_what_was_compiled(flowc: Flowc, squares: Path) -> None:
    """The names in the commands that start a run are those of the outputs, and what they give reaches the first step."""
    [commands] = [text for text in _blocks("") if "start-execution" in text]
    airflow, argo, aws = (shlex.split(line, comments=True) for line in commands.splitlines())
    dag = flowc("airflow", "create", "squares.py").out
    assert f'dag_id="{airflow[3]}"' in dag
    assert all(f'"{name}": Param(' in dag for name in json.loads(airflow[-1]))
    template = yaml.safe_load(flowc("argo", "create", "squares.py").out)
    assert argo[3] == f"{template['kind'].lower()}/{template['metadata']['name']}"
    given = [each["name"] for each in template["spec"]["arguments"]["parameters"]]
    assert given == [argo[-1].partition("=")[0]]
    machine = json.loads(flowc("step-functions", "create", "squares.py").out)
    assert machine["States"][machine["StartAt"]]["Parameters"]["Body.$"] == "$", "the whole input is the parameters"
    assert json.loads(aws[-1]) == json.loads(airflow[-1]) == {given[0]: 4}


def test_metaflow_is_the_same_thing(flowc: Flowc, squares: Path) -> None:
    compiled = flowc("argo", "create", "--image", "i", "squares.py").out
    source = squares / "squares.py"
    source.write_text(source.read_text().replace("from flowc import", "from metaflow import"))
    assert flowc("argo", "create", "--image", "i", "squares.py").out == compiled
    assert flowc("run", "squares.py").code == 0


def test_settings_are_accepted(flowc: Flowc, squares: Path) -> None:
    settings = next(text for text in _blocks("toml") if "[tool.flowc.argo]" in text)
    (squares / "pyproject.toml").write_text(settings)
    for target in BUILT_IN:
        assert flowc("config", "squares.py", "--target", target).code == 0
        assert flowc(target, "create", "squares.py", "-o", "out/").code == 0
        written = "".join(path.read_text() for path in (squares / "out").iterdir())
        assert "registry.example.com/team/squaresflow:" in written
    assert "RUN pip install --no-cache-dir numpy pandas\n" in flowc("image", "squares.py").out


def test_review_command_tells_an_old_file(flowc: Flowc, squares: Path) -> None:
    (squares / "flows").mkdir()
    (squares / "squares.py").rename(squares / "flows/squares.py")
    command = next(line for text in _blocks("") for line in text.splitlines() if line.endswith("--check"))
    words = shlex.split(command.replace("flows/*.py", "flows/squares.py"))[1:]
    assert flowc(*words).code == 1
    assert flowc(*words[:-1]).code == 0
    assert flowc(*words).code == 0
