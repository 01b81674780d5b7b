"""What a policy asks of a flow on a target: each key broken, and kept, on each."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.backends import Options
from compiler.backends.targets import load_backend
from compiler.diagnostics import Report
from compiler.ir.planner import plan
from compiler.pipeline import read_flow
from compiler.policy.held import Held
from compiler.policy.table import read_policy
from compiler.policy.target import check_target, registry_of
from compiler.workspace.settings import read_settings
from tests.policy.stage import TARGETS, codes, told, write
from tests.stages.command_line import Flowc

_TAGS = {
    "airflow": 'tags = ["team:risk", "tier"]',
    "argo": 'labels = { team = "risk", tier = "1" }',
    "step-functions": 'tags = { team = "risk", tier = "1" }',
}
_OWNER = {
    "airflow": 'owner = "risk"',
    "argo": 'labels = { owner = "risk" }',
    "step-functions": 'tags = { owner = "risk" }',
}

BROKEN: dict[str, tuple[str, str, str]] = {
    "the flow's image": ("", 'images = ["reg.io/*"]', "FC705"),
    "another registry": ('registry = "evil.io"', 'registries = ["reg.io"]', "FC706"),
    "an image of the settings": ('image = "evil.io/x:1"', 'registries = ["reg.io"]', "FC706"),
    "a tag": ("", 'tags = ["team"]', "FC707"),
    "another tag": ("%TAGS", 'tags = ["cost"]', "FC707"),
    "another value of a tag": ("%TAGS", 'tags = ["team=ops*"]', "FC707"),
    "no owner": ("", "owner = true", "FC708"),
    "another owner": ("%OWNER", 'owner = ["ops", "team-*"]', "FC708"),
    "the target": ("", 'forbidden_targets = ["airflow", "argo", "stepfunctions"]', "FC710"),
}
KEPT: dict[str, tuple[str, str]] = {
    "an image by its registry": (
        'registry = "reg.io/team"',
        'images = ["reg.io/team/pricesflow:*"]\nregistries = ["reg.io"]',
    ),
    "an image of the settings": ('image = "reg.io/x:1"', 'images = ["reg.io/x:1"]'),
    "tags": ("%TAGS", 'tags = ["team", "team=risk", "team=r*", "tier"]'),
    "an owner": ("%OWNER", "owner = true"),
    "one of the owners": ("%OWNER", 'owner = ["ops", "ri*"]'),
    "no catchup": ("", "catchup = false"),
}


def _settings(target: str, said: str, policy: str) -> str:
    if said.startswith("%"):
        table = (_TAGS if said == "%TAGS" else _OWNER)[target]
        return f"[tool.flowc.{target}]\n{table}\n[tool.flowc.policy]\n{policy}\n"
    return f"[tool.flowc]\n{said}\n[tool.flowc.policy]\n{policy}\n"


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_on_a_target_is_found_at_the_flow(flowc: Flowc, folder: Path, name: str, target: str) -> None:
    """By `check` for it, and by `create`, which then writes nothing. Without a target nobody can tell."""
    said, policy, code = BROKEN[name]
    write(folder, _settings(target, said, policy))
    assert codes(flowc) == set()
    assert told(flowc, "--target", target) == [(code, 4)]
    ended = flowc(target, "create", "flow.py", "-o", "out/")
    assert (ended.code, f"error[{code}]" in ended.err, (folder / "out").exists()) == (1, True, False)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", KEPT)
def test_what_is_kept_on_a_target_is_not_found(flowc: Flowc, folder: Path, name: str, target: str) -> None:
    said, policy = KEPT[name]
    write(folder, _settings(target, said, policy))
    assert told(flowc, "--target", target) == []
    assert flowc(target, "create", "flow.py", "-o", "out/").code == 0


@pytest.mark.parametrize("target", TARGETS)
def test_the_image_that_a_step_really_gets_counts(flowc: Flowc, folder: Path, target: str) -> None:
    """That of the settings for it, or the one with its packages: at the step."""
    settings = '[tool.flowc]\nimage = "reg.io/x:1"\n[tool.flowc.images]\nfit = "evil.io/y:1"\n'
    write(folder, settings + '[tool.flowc.policy]\nregistries = ["reg.io"]\n')
    lines = (folder / "flow.py").read_text().splitlines()
    assert told(flowc, "--target", target) == [("FC706", lines.index("    def fit(self):") + 1)]
    write(folder, '[tool.flowc.policy]\nregistries = ["reg.io"]\n', body="@pypi(packages={'pandas': '2.2'})")
    lines = (folder / "flow.py").read_text().splitlines()
    assert ("FC706", lines.index("    def fit(self):") + 1) in told(flowc, "--target", target)


def test_steps_without_a_container_have_no_image(flowc: Flowc, folder: Path) -> None:
    """Airflow's bash operator runs them where its worker is."""
    write(folder, '[tool.flowc.airflow]\noperator = "bash"\n[tool.flowc.policy]\nregistries = ["reg.io"]\n')
    assert told(flowc, "--target", "airflow") == []


def test_what_a_target_gives_a_step_that_asks_for_nothing_counts(flowc: Flowc, folder: Path) -> None:
    """AWS Batch has to be told a size; the others are asked for none."""
    write(folder, "[tool.flowc.policy]\nmemory = 4095\n")
    assert codes(flowc, "--target", "step-functions") == {"FC704"}
    assert codes(flowc, "--target", "argo", "--target", "airflow") == set()
    write(folder, "[tool.flowc.policy]\nmemory = 4096\ncpu = 1\n")
    assert codes(flowc, "--target", "all") == set()


def test_a_finding_that_all_targets_share_is_told_once(flowc: Flowc, folder: Path) -> None:
    write(folder, "[tool.flowc.policy]\ncpu = 1\nimages = ['reg.io/*']\n", body="@resources(cpu=2)")
    assert [code for code, _ in told(flowc, "--target", "all")] == ["FC705", "FC704"]


@pytest.mark.parametrize(("catchup", "found"), [(True, ["FC711"]), (False, []), (None, [])])
def test_missed_runs_are_forbidden_where_a_target_would_start_them(
    folder: Path, catchup: bool | None, found: list[str]
) -> None:
    """None of ours has the option."""
    write(folder, "[tool.flowc.policy]\ncatchup = false\n", head="@schedule(daily=True)")
    report, settings, backend = Report(), read_settings(folder), load_backend("airflow")
    flow = read_flow(folder / "flow.py", report)
    assert flow
    assert backend
    policy = read_policy(settings.policy, lambda key: settings.line_of("policy", key), report)
    given = {} if catchup is None else {"catchup": catchup}
    check_target(plan(flow), backend, Options("x:1", target=given), Held(policy, report))
    assert [each.rule.code for each in report] == found


REGISTRIES = {
    "python": "docker.io",
    "python:3.12": "docker.io",
    "library/python": "docker.io",
    "ghcr.io/a/b:1": "ghcr.io",
    "GHCR.io/a/b:1": "ghcr.io",
    "localhost/a": "localhost",
    "localhost:5000/a": "localhost:5000",
    "registry:5000/a@sha256:0": "registry:5000",
    "Team/a": "team",
    "123.dkr.ecr.eu-west-1.amazonaws.com/a": "123.dkr.ecr.eu-west-1.amazonaws.com",
}


@pytest.mark.parametrize("image", REGISTRIES)
def test_a_registry_is_read_as_runtimes_read_it(image: str) -> None:
    assert registry_of(image) == REGISTRIES[image]
