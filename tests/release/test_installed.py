"""What is released, installed as others install it: the flow of the README, on each Python that is here."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.release.build import ROOT, Files, uv
from tests.release.conftest import NEEDS_RELEASE

pytestmark = [NEEDS_RELEASE, pytest.mark.xdist_group("release")]

RUNTIME = ("3.9", "3.10", "3.11", "3.12", "3.13")
COMPILER = ("3.11", "3.12", "3.13")
Environment = Callable[..., Path]


def _interpreter(version: str) -> Path:
    """A Python of that version, of pyenv or on the path; the test is skipped where there is none."""
    of_pyenv = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    on_path = [Path(folder) / f"python{version}" for folder in os.environ["PATH"].split(os.pathsep)]
    for found in (*of_pyenv, *on_path):
        said = subprocess.run([found, "-V"], capture_output=True, text=True, check=False) if found.exists() else None
        if said is not None and said.stdout.startswith(f"Python {version}."):
            return found
    pytest.skip(f"there is no Python {version} on this machine")


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """Makes a new environment with these wheels, one after the other, and gives its folder of programs."""

    def make(python: Path, *wheels: Path) -> Path:
        folder = tmp_path / "venv"
        uv("venv", "--python", python, folder)
        for wheel in wheels:
            uv("pip", "install", "--python", folder / "bin/python", wheel)
        return folder / "bin"

    return make


@pytest.fixture
def squares(tmp_path: Path) -> Path:
    """A folder with the flow of the README, as `squares.py`."""
    folder = tmp_path / "work"
    folder.mkdir()
    (text,) = re.findall(r"`squares.py`:\n\n```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (folder / "squares.py").write_text(text)
    return folder


def _said(program: Path, *arguments: str, folder: Path, **variables: str) -> str:
    """What a program printed. It must succeed, and knows nothing of this checkout."""
    ended = subprocess.run(
        [program, *arguments],
        cwd=folder,
        env={"PATH": os.defpath, "HOME": str(folder), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def _distributions(python: Path, folder: Path) -> set[str]:
    code = "import importlib.metadata as m; print(*(one.metadata['Name'] for one in m.distributions()))"
    return set(_said(python, "-c", code, folder=folder).split())


@pytest.mark.parametrize("version", COMPILER)
def test_flowc_checks_runs_and_compiles(
    released: dict[str, Files], environment: Environment, squares: Path, version: str
) -> None:
    flowc = environment(_interpreter(version), released["flowc"].wheel) / "flowc"
    assert _said(flowc, "--version", folder=squares) == f"flowc {released['flowc'].wheel.name.split('-')[1]}\n"
    assert _said(flowc, "check", "squares.py", folder=squares) == "no mistakes found in 1 flow\n"
    assert "the sum is 14" in _said(flowc, "run", "squares.py", "--count", "4", folder=squares)
    assert "kind: WorkflowTemplate" in _said(flowc, "argo", "create", "squares.py", folder=squares)


@pytest.mark.parametrize("version", RUNTIME)
def test_runtime_alone_runs_a_step(
    released: dict[str, Files], environment: Environment, squares: Path, version: str
) -> None:
    python = environment(_interpreter(version), released["flowc-runtime"].wheel) / "python"
    assert _distributions(python, squares) == {"flowc-runtime"}
    variables = {"FLOWC_FLOW": "squares.py:SquaresFlow", "FLOWC_STORE": f"file:{squares}/store"}
    words = ("step", "start", "--run", "r", "--index", "-", "--retry", "0", "--owner", "me", "--parameters", "{}")
    _said(python, "-m", "flowc", *words, folder=squares, **variables)
    code = "from flowc import Step, namespace; namespace(None); print(Step('SquaresFlow/r/start').task.data.numbers)"
    assert _said(python, "-c", code, folder=squares, **variables) == "[0, 1, 2]\n"


def test_sdist_installs_the_compiler(released: dict[str, Files], environment: Environment, squares: Path) -> None:
    flowc = environment(_interpreter("3.11"), released["flowc"].sdist) / "flowc"
    assert _said(flowc, "check", "squares.py", folder=squares) == "no mistakes found in 1 flow\n"


@pytest.mark.parametrize("order", [("flowc", "flowc-runtime"), ("flowc-runtime", "flowc")])
def test_both_in_one_environment_are_the_package_once(
    released: dict[str, Files], environment: Environment, squares: Path, order: tuple[str, str]
) -> None:
    flowc = environment(_interpreter("3.11"), *(released[name].wheel for name in order)) / "flowc"
    assert _said(flowc, "--version", folder=squares).count("\n") == 1
    assert "the sum is 5" in _said(flowc, "run", "squares.py", folder=squares)


def test_removing_the_runtime_beside_flowc_is_cured_as_its_readme_says(
    released: dict[str, Files], environment: Environment, squares: Path
) -> None:
    wheels = [released[name].wheel for name in ("flowc", "flowc-runtime")]
    programs = environment(_interpreter("3.11"), *wheels)
    uv("pip", "uninstall", "--python", programs / "python", "flowc-runtime")
    lost = subprocess.run(
        [programs / "python", "-c", "import flowc.client.runner"], capture_output=True, cwd=squares, check=False
    )
    assert lost.returncode == 1
    uv("pip", "install", "--reinstall", "--no-deps", "--python", programs / "python", wheels[0])
    assert "the sum is 5" in _said(programs / "flowc", "run", "squares.py", folder=squares)
