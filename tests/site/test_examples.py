"""What the pages show beside sessions: commands of engines' own programs, settings, the other spelling of the import."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
import yaml

from compiler.backends.targets import BUILT_IN
from tests.site.build import ROOT
from tests.site.pages import Block, read
from tests.stages.command_line import Flowc


def _blocks(name: str) -> tuple[Block, ...]:
    return read(ROOT / name).blocks


@pytest.fixture
def squares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The README's flow in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    (text,) = (block.text for block in _blocks("README.md") if block.file == "squares.py")
    (tmp_path / "squares.py").write_text(text)
    return tmp_path


def test_parameters_are_given_to_what_was_compiled(flowc: Flowc, squares: Path) -> None:
    """The names in the commands that start a run are those of the outputs, and what they give reaches the first step."""
    [commands] = [block.text for block in _blocks("docs/targets/README.md") if "start-execution" in block.text]
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
    settings = next(block.text for block in _blocks("docs/settings.md") if "[tool.flowc.argo]" in block.text)
    (squares / "pyproject.toml").write_text(settings)
    for target in BUILT_IN:
        assert flowc("config", "squares.py", "--target", target).code == 0
        assert flowc(target, "create", "squares.py", "-o", "out/").code == 0
        written = "".join(path.read_text() for path in (squares / "out").iterdir())
        assert "registry.example.com/team/squaresflow:" in written
    assert "RUN pip install --no-cache-dir numpy pandas\n" in flowc("image", "squares.py").out
