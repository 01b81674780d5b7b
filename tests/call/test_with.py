"""`--with`: decorators that a call adds to every step."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stages.command_line import Flowc


def test_the_files_hold_what_is_added(flowc: Flowc, folder: Path) -> None:
    create = ("argo", "create", "--image", "i:0")
    plain = flowc(*create, "flow.py").out
    added = flowc(*create, "--with", "retry:times=4,minutes_between_retries=0", "flow.py").out
    assert "FLOWC_WITH" not in plain
    assert 'FLOWC_WITH, value: \'{"retry": [{"times": 4, "minutes_between_retries": 0}]}\'' in added
    (folder / "pyproject.toml").write_text('[tool.flowc]\nwith = ["retry:times=4,minutes_between_retries=0"]\n')
    assert flowc(*create, "flow.py").out == added


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ("retyr", "did you mean `retry`?"),
        ("retry:tims=1", "@retry has no argument `tims`"),
        ("retry:1", "@retry has no argument `1`"),
        ("schedule", "no decorator of steps is called `schedule`"),
        ("parallel", "no decorator of steps is called `parallel`"),
    ],
)
def test_what_is_no_decorator_is_a_mistake_of_the_call(spec: str, text: str, flowc: Flowc, folder: Path) -> None:
    for command in (("check",), ("run",), ("airflow", "create")):
        ended = flowc(*command, "--with", spec, "flow.py")
        assert (ended.code, ended.out) == (2, "")
        assert text in ended.err


def test_a_wrong_value_is_found_at_each_step(flowc: Flowc, folder: Path) -> None:
    ended = flowc("check", "--with", "retry:times=x", "flow.py")
    assert ended.code == 1
    assert (ended.err + ended.out).count("FC510") == 4


def test_a_decorator_of_the_step_itself_counts(flowc: Flowc, folder: Path) -> None:
    text = (folder / "flow.py").read_text().replace("import FlowSpec", "import retry, FlowSpec")
    (folder / "flow.py").write_text(
        text.replace("    @step\n    def join", "    @retry(times=9)\n    @step\n    def join")
    )
    planned = flowc("ir", "--plan", "flow.py").out
    assert planned.count('"times": 9') >= 1
    made = flowc("argo", "create", "--with", "retry:times=1", "flow.py").out
    assert ("limit: 9" in made or 'limit: "9"' in made, "limit: 1" in made or 'limit: "1"' in made) == (True, True), (
        made
    )
