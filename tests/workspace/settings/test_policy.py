"""Which table says what a policy asks: of an environment, of a nearer file, of one that is locked."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.workspace.settings import read_settings
from tests.policy.stage import told, write
from tests.stages.command_line import Flowc

OUTER = "[tool.flowc.policy]\ncpu = 4\nmemory = 100\n"
LOCKED = OUTER + "locked = true\n"
EXTENDS = '[tool.flowc]\nextend = "../pyproject.toml"\n'
RELAXED = "[tool.flowc.policy]\ncpu = 64\nlocked = false\ngpu = 1\n"
PROD = "[tool.flowc.env.prod.policy]\ncpu = 2\nretry = 3\n"
LOCKED_PROD = "[tool.flowc.env.prod.policy]\nlocked = true\n"
UNLOCKED_DEV = "[tool.flowc.env.dev.policy]\nlocked = false\n"

CASES: dict[str, tuple[str, str, str | None, dict[str, object]]] = {
    "one file": ("", RELAXED, None, {"cpu": 64, "locked": False, "gpu": 1}),
    "a file that it extends": (OUTER, EXTENDS, None, {"cpu": 4, "memory": 100}),
    "the nearer file": (OUTER, EXTENDS + RELAXED, None, {"cpu": 64, "locked": False, "gpu": 1, "memory": 100}),
    "a file that it does not extend": (OUTER, "[tool.flowc]\n" + RELAXED, None, {"cpu": 64, "locked": False, "gpu": 1}),
    "a locked file": (LOCKED, EXTENDS + RELAXED, None, {"cpu": 4, "locked": True, "gpu": 1, "memory": 100}),
    "a locked file above": (
        LOCKED,
        "[tool.flowc]\n" + RELAXED,
        None,
        {"cpu": 4, "locked": True, "gpu": 1, "memory": 100},
    ),
    "an environment": ("", RELAXED + PROD, "prod", {"cpu": 2, "locked": False, "gpu": 1, "retry": 3}),
    "another environment": ("", RELAXED + PROD + UNLOCKED_DEV, "dev", {"cpu": 64, "locked": False, "gpu": 1}),
    "an environment of the outer file": (
        OUTER + PROD,
        EXTENDS + RELAXED,
        "prod",
        {"cpu": 2, "locked": False, "gpu": 1, "memory": 100, "retry": 3},
    ),
    "an environment that locks": (
        OUTER + LOCKED_PROD,
        EXTENDS + RELAXED,
        "prod",
        {"cpu": 4, "locked": True, "gpu": 1, "memory": 100},
    ),
    "an environment that does not": (
        OUTER + LOCKED_PROD,
        EXTENDS + RELAXED,
        None,
        {"cpu": 64, "locked": False, "gpu": 1, "memory": 100},
    ),
    "an environment that unlocks its own file": (
        LOCKED + UNLOCKED_DEV,
        EXTENDS + RELAXED,
        "dev",
        {"cpu": 64, "locked": False, "gpu": 1, "memory": 100},
    ),
    "a nearer environment does not unlock": (
        LOCKED,
        EXTENDS + UNLOCKED_DEV + "cpu = 9\n",
        "dev",
        {"cpu": 4, "locked": True, "memory": 100},
    ),
}


def _files(folder: Path, outer: str, own: str) -> Path:
    """A repository with a file of settings in it, and one in a folder of it."""
    (folder / ".git").mkdir()
    (folder / "team").mkdir()
    if outer:
        (folder / "pyproject.toml").write_text(outer)
    (folder / "team" / "pyproject.toml").write_text(own)
    return folder / "team"


@pytest.mark.parametrize("name", CASES)
def test_what_holds(name: str, tmp_path: Path) -> None:
    outer, own, env, expected = CASES[name]
    found = read_settings(_files(tmp_path, outer, own), env)
    assert found.policy == expected
    for key, setting in found.policy_settings.items():
        assert setting.span is not None
        line = Path(setting.span.path).read_text().splitlines()[setting.span.line - 1]
        assert line.startswith(f"{key} = {str(setting.value).lower()}")


def test_a_file_outside_of_the_repository_locks_nothing(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(LOCKED)
    (tmp_path / "repository").mkdir()
    found = read_settings(_files(tmp_path / "repository", "", "[tool.flowc]\n" + RELAXED))
    assert found.policy["cpu"] == 64


def test_a_lock_holds_for_flows_of_a_workspace_below(flowc: Flowc, folder: Path) -> None:
    """The finding names the file that locks."""
    write(folder, LOCKED, body="@resources(cpu=8)  # flowc: ignore[FC704]")
    team = _files(folder, LOCKED, "[tool.flowc]\n" + RELAXED)
    (team / "flow.py").write_text((folder / "flow.py").read_text())
    found = flowc("check", "team/flow.py")
    assert (found.code, "--> pyproject.toml:2" in found.out) == (1, True)
    assert [code for code, _ in told(flowc)] == ["FC704", "FC726"]


@pytest.mark.parametrize(("env", "codes"), [((), []), (("--env", "prod"), ["FC710"])])
def test_an_environment_has_a_policy_of_its_own(
    flowc: Flowc, folder: Path, env: tuple[str, ...], codes: list[str]
) -> None:
    write(folder, '[tool.flowc]\n[tool.flowc.env.prod.policy]\nforbidden_targets = ["airflow"]\n')
    assert [code for code, _ in told(flowc, "--target", "airflow", *env)] == codes
    assert flowc("airflow", "create", "flow.py", "-o", "out/", *env).code == bool(codes)
    assert (folder / "out").exists() is not bool(codes)
