"""The rules of `examples/policy`, installed as a distribution of its own beside flowc's wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.release.build import ROOT, Files, build, uv

EXAMPLE = ROOT / "examples" / "policy"
FLOW = '''from flowc import FlowSpec, schedule, step


@schedule(daily=True)
class PricesFlow(FlowSpec):
    """Contact: prices@acme.example"""

    @step
    def start(self):
        pass
'''


@pytest.fixture(scope="module")
def programs(released: dict[str, Files], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a new environment with both wheels."""
    folder = tmp_path_factory.mktemp("policy")
    source = shutil.copytree(EXAMPLE, folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    build(source, folder / "dist", "--wheel")
    (rules,) = (folder / "dist").glob("*.whl")
    uv("venv", "--python", sys.executable, folder / "venv")
    uv("pip", "install", "--python", folder / "venv/bin/python", released["flowc"].wheel, rules, "pytest")
    return folder / "venv/bin"


def _called(folder: Path, *words: Path | str) -> subprocess.CompletedProcess[str]:
    variables = {"PATH": os.defpath, "HOME": str(folder)}
    return subprocess.run(words, cwd=folder, env=variables, capture_output=True, text=True, check=False)


@pytest.mark.xdist_group("release")
def test_its_own_tests_pass(programs: Path, tmp_path: Path) -> None:
    """With what is installed, not with what lies beside them."""
    shutil.copytree(EXAMPLE / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    ended = _called(tmp_path, programs / "python", "-m", "pytest", "-q", "tests")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert " passed" in ended.stdout


@pytest.mark.xdist_group("release")
def test_a_repository_is_held_to_its_rules(programs: Path, tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(FLOW)
    assert _called(tmp_path, programs / "flowc", "check", "flow.py").returncode == 0
    (tmp_path / "pyproject.toml").write_text('[tool.flowc.policy]\nrules = ["acme"]\n')
    ended = _called(tmp_path, programs / "flowc", "check", "flow.py")
    assert (ended.returncode, ended.stdout.count("[ACME")) == (1, 1)
    assert "error[ACME002]" in ended.stdout
    ended = _called(tmp_path, programs / "flowc", "argo", "create", "flow.py", "-o", "out/")
    assert (ended.returncode, (tmp_path / "out").exists()) == (1, False)
    ended = _called(tmp_path, programs / "flowc", "explain", "ACME002")
    assert "`acme` of acme-flow-rules 1.0.0" in ended.stdout
    assert "twice a year" in ended.stdout
