"""`.pre-commit-hooks.yaml`, run by pre-commit itself, from a repository that holds what this one does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.release.build import ROOT, uv
from tests.stages.command_line import BROKEN, FLOW

HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
pytestmark = pytest.mark.xdist_group("release")


def _git(folder: Path, *words: str) -> str:
    own = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    return subprocess.run(["git", *own, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the files of this one, as they are on the disk."""
    folder = tmp_path_factory.mktemp("source")
    for name in ("compiler", "runtime_shim"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", ".pre-commit-hooks.yaml"):
        shutil.copy(ROOT / name, folder)
    _git(folder, "init", "--quiet")
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "-m", "all")
    return folder


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """pre-commit, in an environment of its own."""
    folder = tmp_path_factory.mktemp("pre-commit")
    uv("venv", "--python", sys.executable, folder / "venv")
    uv("pip", "install", "--python", folder / "venv/bin/python", "pre-commit>=4,<5")
    return folder / "venv/bin/pre-commit"


@pytest.fixture
def repository(tmp_path: Path, source: Path) -> Path:
    """A repository whose hooks are those, with a flow and its committed output."""
    folder = tmp_path / "repository"
    folder.mkdir()
    arguments = {"flowc-check": list[str](), "flowc-argo": ["-o", "deploy/"]}
    hooks = [{"id": name, "args": words} for name, words in arguments.items()]
    repo = {"repo": str(source), "rev": _git(source, "rev-parse", "HEAD").strip(), "hooks": hooks}
    (folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [repo]}))
    (folder / "flow.py").write_text(FLOW)
    (folder / "pyproject.toml").write_text('[tool.flowc]\nimage = "reg.io/flows:1"\n')
    flowc = Path(sys.executable).with_name("flowc")
    subprocess.run([flowc, "argo", "create", "flow.py", "-o", "deploy/"], cwd=folder, check=True, capture_output=True)
    _git(folder, "init", "--quiet")
    _git(folder, "add", "--all")
    return folder


def _run(program: Path, source: Path, repository: Path) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if key.startswith(("PIP_", "UV_", "SSL_", "REQUESTS_"))}
    home = {"HOME": str(source.parent), "PRE_COMMIT_HOME": str(source.with_name("pre-commit-home"))}
    variables = {**kept, **home, "PATH": os.environ["PATH"]}
    words = [program, "run", "--all-files", "--color=never"]
    return subprocess.run(words, cwd=repository, env=variables, capture_output=True, text=True, check=False)


@pytest.mark.sampled("alone")
def test_hooks_pass_and_fail_as_their_commands_do(program: Path, source: Path, repository: Path) -> None:
    ended = _run(program, source, repository)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.count("Passed") == 2
    output = next((repository / "deploy").iterdir())
    output.write_text(output.read_text().replace("reg.io", "other.io"))
    ended = _run(program, source, repository)
    assert (ended.returncode, ended.stdout.count("Passed"), ended.stdout.count("Failed")) == (1, 1, 1)
    assert "reg.io/flows:1" in ended.stdout
    (repository / "flow.py").write_text(BROKEN)
    ended = _run(program, source, repository)
    assert (ended.returncode, ended.stdout.count("Failed")) == (1, 2)
    assert "error[FC242]" in ended.stdout


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_calls_a_command_that_is_there(hook: dict[str, object]) -> None:
    """And is told on the page."""
    program, *words = str(hook["entry"]).split()
    assert program == "flowc"
    flowc = Path(sys.executable).with_name("flowc")
    ended = subprocess.run([flowc, *words, "--help"], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert f"`{hook['id']}`" in (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
