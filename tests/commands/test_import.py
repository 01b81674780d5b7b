"""`--import` and `import = true`: what every command that reads a flow takes over from its module."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stages.command_line import Flowc

MUTATED = """from flowc import FlowMutator, FlowSpec, resources, step


class Larger(FlowMutator):
    def mutate(self, mutable_flow):
        for _, each in mutable_flow.steps:
            each.add_decorator(resources, deco_kwargs={"memory": 12345})


@Larger
class LargeFlow(FlowSpec):
    @step
    def start(self):
        print("large")
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.fixture(autouse=True)
def _flow(folder: Path) -> None:
    (folder / "flow.py").write_text(MUTATED, encoding="utf-8")


COMMANDS = ("check", "show", "ir", "run", "argo create", "airflow create", "step-functions create")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_flow_that_needs_it_is_refused_without_it(flowc: Flowc, command: str) -> None:
    ended = flowc(*command.split(), "flow.py")
    assert ended.code == 1
    assert "FC393" in ended.out + ended.err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_takes_it(flowc: Flowc, command: str) -> None:
    assert flowc(*command.split(), "--import", "flow.py").code == 0


@pytest.mark.parametrize("command", COMMANDS)
def test_the_project_says_it_for_all_of_them(flowc: Flowc, folder: Path, command: str) -> None:
    (folder / "pyproject.toml").write_text("[tool.flowc]\nimport = true\n")
    assert flowc(*command.split(), "flow.py").code == 0


@pytest.mark.parametrize("target", ["argo", "airflow", "step-functions"])
def test_the_output_says_what_the_mutators_do_and_that_they_may(flowc: Flowc, folder: Path, target: str) -> None:
    assert flowc(target, "create", "--import", "flow.py", "-o", "out/").code == 0
    text = "".join(path.read_text(encoding="utf-8") for path in (folder / "out").iterdir())
    assert "12345" in text
    assert text.count("FLOWC_MUTATED") == 1
    assert flowc(target, "create", "--import", "flow.py", "-o", "out/", "--check").code == 0


def test_a_module_that_does_not_import_is_told_with_its_traceback(flowc: Flowc, folder: Path) -> None:
    (folder / "flow.py").write_text("import nothing_of_that_name\n" + MUTATED, encoding="utf-8")
    ended = flowc("check", "--import", "flow.py")
    assert ended.code == 1
    assert "error[FC663]: importing the module of `LargeFlow` failed: ModuleNotFoundError" in ended.out
    assert "1 | import nothing_of_that_name" in ended.out
