"""The targets of distributions of their own, installed beside flowc's wheel by its extras."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.release.build import TARGETS, Files, uv
from tests.stages.command_line import FLOW

pytestmark = pytest.mark.xdist_group("release")


def _made(program: Path, target: str, folder: Path) -> str:
    """What `create` prints of the flow in a folder. It must succeed, and knows nothing of this checkout."""
    variables = {"PATH": os.defpath, "HOME": str(folder)}
    words = [program, target, "create", "flow.py"]
    ended = subprocess.run(words, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


@pytest.fixture(scope="module")
def programs(released: dict[str, Files], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a new environment: flowc by its extras, each distribution of ours as the wheel that was built."""
    folder = tmp_path_factory.mktemp("extras") / "venv"
    wheel = released["flowc"].wheel
    uv("venv", "--python", sys.executable, folder)
    extras = f"flowc[{','.join(TARGETS.values())}] @ {wheel.as_uri()}"
    uv("pip", "install", "--python", folder / "bin/python", extras, *(released[name].wheel for name in TARGETS))
    return folder / "bin"


@pytest.mark.parametrize("target", TARGETS.values())
def test_installed_target_makes_of_a_flow_what_it_does_here(programs: Path, tmp_path: Path, target: str) -> None:
    (tmp_path / "flow.py").write_text(FLOW)
    assert _made(programs / "flowc", target, tmp_path) == _made(
        Path(sys.executable).with_name("flowc"), target, tmp_path
    )


def test_each_target_is_a_distribution_that_can_be_taken_away(programs: Path) -> None:
    code = "import importlib.metadata as m; print(*sorted(one.name for one in m.entry_points(group='flowc.backends')))"
    said = subprocess.run([programs / "python", "-c", code], cwd="/", capture_output=True, text=True, check=True).stdout
    assert said.split() == sorted([*TARGETS.values(), "airflow", "argo", "step-functions"])
