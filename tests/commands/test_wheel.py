"""The wheel in a clean environment: what it holds, and that no file of the working directory gets in its way."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.stages.command_line import FLOW

pytestmark = pytest.mark.xdist_group("wheel")

ROOT = Path(__file__).parent.parent.parent
UV = Path(sys.executable).with_name("uv")


def _uv(*arguments: str | Path) -> None:
    subprocess.run([UV, *arguments], check=True, capture_output=True, text=True)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    _uv("build", "--quiet", "--wheel", "--out-dir", folder, ROOT)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a new environment with the wheel and what it needs, and nothing else."""
    folder = tmp_path_factory.mktemp("clean") / "venv"
    _uv("venv", "--quiet", "--python", sys.executable, folder)
    _uv("pip", "install", "--quiet", "--python", folder / "bin/python", wheel)
    return folder / "bin"


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A folder with a flow and with files that are named as our packages are."""
    for name in ("compiler.py", "click.py", "yaml.py"):
        (tmp_path / name).write_text("raise SystemExit('imported from the working directory')\n")
    (tmp_path / "flow.py").write_text(FLOW)
    return tmp_path


def test_wheel_holds_the_compiler_and_the_runtime_and_no_metaflow(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    top = {name.partition("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {"compiler", "flowc"}
    assert {"compiler/cli.py", "flowc/__main__.py", "flowc/_compat/metaflow/__init__.py"} <= set(names)


def test_runtime_wheel_holds_the_runtime_alone_and_needs_nothing(tmp_path: Path) -> None:
    _uv("build", "--quiet", "--wheel", "--out-dir", tmp_path, ROOT / "runtime_shim")
    with zipfile.ZipFile(next(tmp_path.glob("flowc_runtime-*.whl"))) as archive:
        names = archive.namelist()
        metadata = archive.read(next(name for name in names if name.endswith("/METADATA"))).decode()
    assert {name.partition("/")[0] for name in names if ".dist-info" not in name} == {"flowc"}
    assert "Requires-Dist" not in metadata
    assert "Requires-Python: >=3.9" in metadata


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


def test_version_is_the_wheels(installed: Path, wheel: Path) -> None:
    assert _ended([installed / "flowc", "--version"], Path("/")).stdout == f"flowc {wheel.name.split('-')[1]}\n"
