"""What surrounds the code of a step: its environment, and `current`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flowc import current

from tests.stages.container import contain, write
from tests.stages.one_step import left_by, write_one


def test_the_environment_is_there_before_the_module(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        import os
        from flowc import FlowSpec, environment, step
        AT_IMPORT = os.environ["LITERAL"]
        class F(FlowSpec):
            @environment(vars={"COMPUTED": AT_IMPORT + "!", "LITERAL": "{{x}} $HOME"})
            @step
            def start(self):
                self.seen = (AT_IMPORT, os.environ["COMPUTED"], os.environ["LITERAL"])
        """,
    )
    ended = contain(tmp_path, "start", FLOWC_ENVIRONMENT=json.dumps({"LITERAL": "{{x}} $HOME"}))
    assert ended.returncode == 0, ended.stderr
    assert left_by(tmp_path)["seen"] == ("{{x}} $HOME", "{{x}} $HOME!", "{{x}} $HOME")


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ("{-3: 'a'}", "-3 is no name for a variable"),
        ("{'A=B': 'a'}", "'A=B' is no name for a variable"),
        ("{'': 'a'}", "'' is no name for a variable"),
        ("{'A': 'a' + chr(0)}", "the variable 'A' holds a NUL"),
    ],
)
def test_what_no_environment_takes_fails_where_it_stands(variables: str, told: str, tmp_path: Path) -> None:
    write(
        tmp_path,
        f"""
        from flowc import FlowSpec, environment, step
        class F(FlowSpec):
            @environment(vars=dict({variables}))
            @step
            def start(self):
                pass
        """,
    )
    ended = contain(tmp_path, "start")
    assert ended.returncode == 1
    assert f"@environment: {told}" in ended.stderr
    assert "@environment(vars=dict(" in ended.stderr


@pytest.mark.language("current.identity")
def test_current_knows_the_task(tmp_path: Path) -> None:
    start = "; ".join(
        [
            "self.names = [current.flow_name, current.run_id, current.step_name, current.task_id, current.pathspec]",
            "self.retry = current.retry_count",
            "self.project = [current.project_name, current.branch_name, current.project_flow_name, current.is_production]",
            "self.parameters = current.parameter_names",
            "self.tags = current.tags",
            "self.tags.update(['own'])",
            "self.tags = sorted(self.tags - {'own'})",
            "self.folder = current.tempdir",
            "self.was = os.path.isdir(current.tempdir)",
            "self.running = current.is_running_flow and 'run_id' in current and current.get('nothing', 5) == 5",
        ]
    )
    write_one(tmp_path, start)
    ended = contain(tmp_path, "start", retry=2, FLOWC_PROJECT="mine.test.b", FLOWC_TAGS='["b", "a"]', USER="me")
    assert ended.returncode == 0, ended.stderr
    left = left_by(tmp_path)
    assert left["names"] == ["F", "r", "start", "start", "F/r/start/start"]
    assert left["project"] == ["mine", "test.b", "mine.test.b.F", False]
    assert (left["retry"], left["parameters"], left["tags"], left["was"], left["running"]) == (
        2,
        ["p"],
        ["a", "b"],
        True,
        True,
    )
    assert not Path(left["folder"]).exists()


def test_outside_a_task_current_is_empty() -> None:
    assert (current.is_running_flow, current.run_id, current.tempdir, current.get("run_id")) == (
        False,
        None,
        ".",
        None,
    )
    assert "run_id" not in current
    with pytest.raises(AttributeError):
        _ = current.project_name
    with pytest.raises(AttributeError):
        current.run_id = "x"
