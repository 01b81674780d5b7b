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


ASKS = "[tool.flowc]\nimport = true\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_project_that_the_caller_trusts_says_it_for_all_of_them(
    flowc: Flowc, folder: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "pyproject.toml").write_text(ASKS)
    monkeypatch.setenv("FLOWC_IMPORT", str(folder.parent))
    assert flowc(*command.split(), "flow.py").code == 0
    assert flowc(*command.split(), "--no-import", "flow.py").code == 1


READING = [each for each in COMMANDS if each != "run"] + ["image", "runs", "check --target all", "check --format json"]
OTHERS = ["package --list", "package --list --json", "config", "fix", "fix --json"]


@pytest.mark.parametrize("command", [*READING, *OTHERS])
def test_no_project_says_it_for_itself(flowc: Flowc, folder: Path, command: str) -> None:
    """Nothing of it runs; what the command does without is done, and how to allow it is told once."""
    (folder / "flow.py").write_text(f"open('ran', 'w')\n{MUTATED}", encoding="utf-8")
    (folder / "pyproject.toml").write_text(ASKS)
    ended = flowc(*command.split(), "flow.py")
    assert not (folder / "ran").exists()
    asked = "pyproject.toml asks to import its modules, which runs its code; only you can allow that: --import"
    told = ended.err.count(asked)
    assert told == (1 if command in (*READING, "config") else 0), ended.err
    assert "asks to import" not in ended.out


@pytest.mark.parametrize("command", READING)
def test_who_says_no_is_not_told_again(flowc: Flowc, folder: Path, command: str) -> None:
    (folder / "pyproject.toml").write_text(ASKS)
    assert "asks to import" not in flowc(*command.split(), "--no-import", "flow.py").err


@pytest.mark.parametrize("place", [".flowc", ".config/flowc", "flowc"])
def test_no_file_in_the_repository_allows_it(
    flowc: Flowc, folder: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative XDG_CONFIG_HOME would lead there; HOME does not."""
    monkeypatch.setenv("XDG_CONFIG_HOME", ".config")
    monkeypatch.setenv("HOME", str(folder.parent / "home"))
    (folder / "pyproject.toml").write_text(ASKS)
    (folder / place).mkdir(parents=True)
    (folder / place / "config.toml").write_text(f'import = ["{folder}"]')
    assert "asks to import" in flowc("check", "flow.py").err


def test_a_run_runs_the_code_anyway(flowc: Flowc, folder: Path) -> None:
    (folder / "pyproject.toml").write_text(ASKS)
    ended = flowc("run", "flow.py")
    assert (ended.code, "asks to import" in ended.err) == (0, False)


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
