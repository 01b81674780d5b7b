"""Two flows of one deployment name are one mistake, on every target, whatever they have in common."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.backends.targets import BUILT_IN
from tests.stages.command_line import FLOW, Flowc


def _in_project(name: str) -> str:
    return FLOW.replace("class SumFlow", f"@project(name='{name}')\nclass SumFlow").replace(
        ", step", ", project, step", 1
    )


FLOWS = {
    "one class name": (FLOW, FLOW, set(BUILT_IN)),
    "case": (FLOW, FLOW.replace("SumFlow", "SUMflow"), {"airflow", "step-functions"}),
    "words": (FLOW, FLOW.replace("SumFlow", "Sum_Flow"), {"argo"}),
    "one project": (_in_project("p"), _in_project("p"), set(BUILT_IN)),
    "two projects": (_in_project("p"), _in_project("q"), set()),
}
"""Two files, and the targets on which both flows have one name."""


@pytest.mark.parametrize("name", FLOWS)
@pytest.mark.parametrize("target", BUILT_IN)
def test_two_flows_of_one_name_are_told_with_both_files(flowc: Flowc, folder: Path, target: str, name: str) -> None:
    first, second, targets = FLOWS[name]
    for place, text in (("risk", first), ("ops", second)):
        (folder / place).mkdir()
        (folder / place / "train.py").write_text(text)
    created = flowc(target, "create", "risk/train.py", "ops/train.py", "-o", "out/")
    checked = flowc("check", "risk/train.py", "ops/train.py", "--target", target)
    is_wrong = target in targets
    assert (created.code, (folder / "out").exists(), checked.code) == (is_wrong, not is_wrong, is_wrong)
    for told in (created.err, checked.out):
        assert told.count("error[FC860]") == is_wrong
        assert ("risk/train.py" in told and "ops/train.py" in told) or not is_wrong


def test_a_flow_that_is_named_twice_is_one(flowc: Flowc, folder: Path) -> None:
    (folder / "link.py").symlink_to("flow.py")
    words = ["flow.py", "./flow.py", "flow.py:SumFlow", str(folder / "flow.py"), "link.py"]
    assert flowc("argo", "create", *words, "-o", "out/").err.splitlines()[-1] == "1 written"
    assert flowc("check", "--target", "all", *words).code == 0


def test_flows_of_one_name_in_two_calls_are_nobodys_mistake(flowc: Flowc, folder: Path) -> None:
    (folder / "other.py").write_text(FLOW)
    assert flowc("check", "flow.py", "other.py").code == 0, "without a target nothing is deployed"
    for name in ("flow.py", "other.py"):
        assert flowc("argo", "create", name, "-o", "out/").code == 0


def test_a_name_of_the_command_line_is_one_for_all(flowc: Flowc, folder: Path) -> None:
    (folder / "other.py").write_text(FLOW.replace("SumFlow", "OtherFlow"))
    assert "error[FC860]" in flowc("argo", "create", "flow.py", "other.py", "--name", "x", "-o", "out/").err
