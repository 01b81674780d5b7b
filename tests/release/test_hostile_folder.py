"""The wheel in a clean environment: no file of the working directory gets in its way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.release.build import Files, uv
from tests.stages.command_line import FLOW

pytestmark = pytest.mark.xdist_group("release")


@pytest.fixture(scope="module")
def installed(released: dict[str, Files], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a new environment with the wheel and what it needs, and nothing else."""
    folder = tmp_path_factory.mktemp("clean") / "venv"
    uv("venv", "--python", sys.executable, folder)
    uv("pip", "install", "--python", folder / "bin/python", released["flowc"].wheel)
    return folder / "bin"


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A folder with a flow and with files that are named as our packages are."""
    for name in ("compiler.py", "click.py", "yaml.py"):
        (tmp_path / name).write_text("raise SystemExit('imported from the working directory')\n")
    (tmp_path / "flow.py").write_text(FLOW)
    return tmp_path


def _ended(command: list[str | Path], cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "flow.py"],
        ["argo", "create", "flow.py"],
        ["airflow", "create", "flow.py"],
        ["step-functions", "create", "flow.py"],
    ],
)
def test_installed_command_works_where_a_file_is_called_compiler(
    installed: Path, hostile: Path, arguments: list[str]
) -> None:
    ended = _ended([installed / "flowc", *arguments], hostile)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout or arguments[0] == "check"
    module = _ended([installed / "python", "-P", "-m", "compiler", *arguments], hostile)
    assert (module.returncode, module.stdout) == (0, ended.stdout)


def test_installed_run_works_there_too(installed: Path, hostile: Path) -> None:
    ended = _ended([installed / "flowc", "run", "flow.py"], hostile)
    assert ended.returncode == 0, ended.stderr
    assert "total 5" in ended.stdout


def test_metaflow_is_no_module_outside_a_running_flow(installed: Path) -> None:
    ended = _ended([installed / "python", "-c", "import metaflow"], Path("/"))
    assert "ModuleNotFoundError" in ended.stderr


def test_version_is_the_wheels(installed: Path, released: dict[str, Files]) -> None:
    wheel = released["flowc"].wheel
    assert _ended([installed / "flowc", "--version"], Path("/")).stdout == f"flowc {wheel.name.split('-')[1]}\n"
