"""Outputs of a compile are never part of a package: every file that any target writes is known by its text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from compiler.backends.targets import BUILT_IN
from compiler.workspace.closure.data import is_data
from compiler.workspace.marks import MARKS
from tests.stages.command_line import Flowc
from tests.workspace.closure.repositories import archive

EVERYTHING = """from metaflow import FlowSpec, Parameter, schedule, step, trigger
{decorator}
class F(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
DECORATORS = ("", "@schedule(cron='0 1 * * *')", "@trigger(event='arrived')")
SETTINGS = """[tool.flowc]
store = 's3://b/p'
[tool.flowc.step-functions]
queue = 'q'
sam = true
policy = true
"""
"""Whatever makes a target write one more file."""


@pytest.mark.parametrize("target", BUILT_IN)
@pytest.mark.parametrize("decorator", DECORATORS)
def test_what_any_target_writes_is_no_part_wherever_it_lies(
    target: str, decorator: str, flowc: Flowc, tmp_path: Path
) -> None:
    """Beside the flow, below it and as `create` finds it again: the second call writes the same."""
    (tmp_path / "team").mkdir()
    flow = tmp_path / "team" / "flow.py"
    flow.write_text(EVERYTHING.format(decorator=decorator))
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    before = archive(tmp_path, "team/flow.py")
    for place in ("team", "team/deploy", "deploy"):
        words = (target, "create", flow, "-o", f"{tmp_path / place}/")
        ended = flowc(*words)
        assert ended.code == 0, ended.err
        assert archive(tmp_path, "team/flow.py") == before
        assert flowc(*words, "--check").code == 0


def test_each_kind_of_file_has_a_mark() -> None:
    """By the ends of the names in the source of the targets: a new kind of file needs its mark."""
    root = Path(__file__).parents[3] / "compiler" / "backends"
    texts = "\n".join(path.read_text(encoding="utf-8") for path in root.rglob("*.py"))

    ends = re.findall(r'OutputFile\(\s*f?"[^"]*?((?:\.[a-z-]+)+)"', texts)
    assert {".asl.json", ".jobs.json", ".policy.json", ".sam.json", ".schedule.json", ".events.json"} <= set(ends)
    assert {end for end in ends if not end.endswith(tuple(mark.suffix for mark in MARKS))} == set()


@pytest.mark.parametrize(
    ("name", "is_it"),
    [
        ("a.csv", True),
        ("a.sql", True),
        ("a.txt", True),
        ("config.yaml", True),
        ("vocabulary", True),
        ("lib.so", True),
        ("model.json", True),
        ("template.html.j2", True),
        ("a.py", False),
        ("a.pyi", False),
        ("a.pyc", False),
        ("fast.cpython-311-x86_64-linux-gnu.so", False),
        ("README", False),
        ("README.txt", False),
        ("LICENSE", False),
        ("notes.md", False),
        ("a.ipynb", False),
        (".env.example", False),
        ("Makefile", False),
        ("Dockerfile.train", False),
        ("docker-compose.yml", False),
        ("poetry.lock", False),
        ("requirements-dev.txt", False),
    ],
)
def test_what_is_data_of_the_modules_beside_it(name: str, is_it: bool) -> None:
    assert is_data(name) is is_it
