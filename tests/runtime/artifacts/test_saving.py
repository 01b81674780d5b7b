"""What is an artifact, who sees it, and what cannot be one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from flowc.artifacts.manifest import attempts
from flowc.task.call import FAILED, Reported

from tests.stages.task import Stage

LINE = """
from flowc import FlowSpec, Parameter, JSONType, step
import threading
class Thing:
    pass
def function():
    pass
class F(FlowSpec):
    limit = Parameter("limit", default=3)
    settings = Parameter("settings", type=JSONType, default={{"a": [1]}})
    WORDS = ["constant"]
    LOCK = threading.Lock()
    _private = "of the class"
    class Inner:
        pass
    @property
    def twice(self):
        return self.limit * 2
    @step
    def start(self):
        {start}
        self.next(self.middle)
    @step
    def middle(self):
        {middle}
        self.next(self.end)
    @step
    def end(self):
        {end}
"""


def _line(folder: Path, start: str = "pass", middle: str = "pass", end: str = "pass") -> Stage:
    return Stage(folder, LINE.format(start=start, middle=middle, end=end))


def _run(stage: Stage, **more: Any) -> Reported:
    """All three steps, or up to the first that fails."""
    for name, load in (("start", ""), ("middle", "start"), ("end", "middle")):
        reported = stage.do(name, load, **(more if not load else {}))
        if reported.exit_code:
            return reported
    return reported


def _artifacts(stage: Stage, step: str) -> dict[str, Any]:
    left = stage.left(step)
    return {name: left[name] for name in left.names if name not in (*left.parameters, *left.constants)}


@pytest.mark.parametrize(
    ("start", "middle", "expected"),
    [
        ("self.x = 1", "pass", {"x": 1}),
        ("self.x = 1", "self.x = 2", {"x": 2}),
        ("self.x = 1", "self.y = self.x + 1", {"x": 1, "y": 2}),
        ("self._private = 5", "assert self._private == 5", {"_private": 5}),
        ("self.__x = 5", "assert not hasattr(self, '_F__x')", {}),
        ("setattr(self, '__y', 5)", "assert not hasattr(self, '__y')", {}),
        ("self.x = []", "self.x.append(1)", {"x": [1]}),
        ("self.x = {'k': []}", "self.x['k'].append(1)", {"x": {"k": [1]}}),
        ("self.x = [1]", "self.x", {"x": [1]}),
        ("self.x = self.y = [1]", "self.x.append(2)", {"x": [1, 2], "y": [1]}),
        ("self.x = 1", "del self.x", {"x": 1}),
        ("self.x = 1; del self.x", "assert not hasattr(self, 'x')", {}),
        ("self.x = None", "assert self.x is None", {"x": None}),
        ("self.x = Thing", "assert self.x is Thing", {}),
        ("self.x = range(3)", "assert self.x == range(3)", {"x": range(3)}),
        ("object.__setattr__(self, 'x', 1)", "pass", {"x": 1}),
        ("a, self.x, *self.y = 1, 2, 3, 4", "pass", {"x": 2, "y": [3, 4]}),
        ("pass", "assert not hasattr(self, 'nothing')", {}),
        ("pass", "assert self.index is None and self.input is None and self.foreach_stack() == []", {}),
        ("pass", "assert getattr(self, 'nothing', 7) == 7", {}),
    ],
)
@pytest.mark.filterwarnings("ignore:del self.x")
def test_what_a_step_sets_every_later_step_sees(
    tmp_path: Path, start: str, middle: str, expected: dict[str, Any]
) -> None:
    stage = _line(tmp_path, start, middle)
    assert _run(stage).exit_code == 0
    found = _artifacts(stage, "end")
    found.pop("x", None) if "Thing" in start else None
    assert found == expected


@pytest.mark.parametrize(
    "middle",
    [
        "self.limit = 4",
        "del self.limit",
        "self.WORDS = []",
        "del self.WORDS",
        "self.index = 1",
        "self.input = 1",
        "self.twice = 1",
        "self.nothing",
    ],
)
@pytest.mark.language("artifact.constants", "foreach.item")
def test_what_is_not_the_steps_to_change_is_an_attribute_error(tmp_path: Path, middle: str) -> None:
    reported = _run(_line(tmp_path, middle=middle))
    assert reported.exit_code == FAILED
    assert reported.failure is not None
    assert reported.failure.type == "builtins.AttributeError"


@pytest.mark.language("artifact.constant-changes")
def test_changes_of_parameters_and_constants_are_not_carried_on(tmp_path: Path) -> None:
    change = "self.settings['a'].append(2); self.WORDS.append('more'); self.seen = (self.settings, self.WORDS)"
    stage = _line(tmp_path, change, f"assert self.settings == {{'a': [1]}} and self.WORDS == ['constant']; {change}")
    assert _run(stage).exit_code == 0
    left = stage.left("end")
    assert (left["settings"], left["WORDS"]) == ({"a": [1]}, ["constant"])
    assert left["seen"] == ({"a": [1, 2]}, ["constant", "more"])


def test_parameters_and_constants_are_artifacts_of_every_task(tmp_path: Path) -> None:
    stage = _line(tmp_path, end="assert self.twice == 10 and self.LOCK.acquire(False)")
    assert _run(stage, parameters={"limit": "5"}).exit_code == 0
    left = stage.left("end")
    assert left["limit"] == 5
    assert (left.parameters, left.constants) == (("limit", "settings"), ("WORDS",))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("(n for n in [1])", "generator"),
        ("threading.Lock()", "lock"),
        ("self", "F"),
        ("[self]", "list"),
        ("{'k': threading.Lock()}", "dict"),
        ("__import__('sys').__stdout__", "TextIOWrapper"),
    ],
)
@pytest.mark.language("artifact.unpicklable")
def test_what_cannot_be_saved_is_named_with_its_type_and_step(tmp_path: Path, value: str, kind: str) -> None:
    stage = _line(tmp_path, f"self.bad = {value}")
    reported = stage.do("start")
    assert reported.exit_code == FAILED
    assert reported.failure is not None
    assert "'bad'" in reported.failure.exception
    assert "'start'" in reported.failure.exception
    assert kind in reported.failure.exception
    assert stage.store.size("F/r/start/-/manifest") is None


@pytest.mark.parametrize("value", ["function", "lambda: 1", "self.start", "self.next"])
@pytest.mark.language("artifact.functions")
def test_functions_are_not_saved_with_a_warning(tmp_path: Path, value: str) -> None:
    stage = _line(tmp_path, f"self.f = {value}", "assert not hasattr(self, 'f')")
    with pytest.warns(UserWarning, match=r"self\.f is a function"):
        assert _run(stage).exit_code == 0


@pytest.mark.language("artifact.delete")
def test_del_of_an_earlier_steps_artifact_warns(tmp_path: Path) -> None:
    stage = _line(tmp_path, "self.x = 1", "del self.x")
    with pytest.warns(UserWarning, match=r"del self\.x"):
        assert _run(stage).exit_code == 0
    assert stage.left("end")["x"] == 1


def test_artifacts_of_a_failed_attempt_are_never_seen(tmp_path: Path) -> None:
    stage = _line(tmp_path, "from flowc import current; self.x = current.retry_count; assert self.x")
    assert stage.do("start").exit_code == FAILED
    assert stage.store.size("F/r/start/-/manifest") is None
    assert stage.do("start", retry=1).exit_code == 0
    left = stage.left("start")
    assert (left["x"], left.attempt) == (1, 2)
    first, second = attempts(stage.store, left.address)
    assert first.failure is not None
    assert first.failure.type == "builtins.AssertionError"
    assert second.failure is None


@pytest.mark.language("real.members")
def test_the_author_s_init_is_not_run(tmp_path: Path) -> None:
    stage = Stage(
        tmp_path,
        """
        from flowc import FlowSpec, step
        class F(FlowSpec):
            def __init__(self):
                raise SystemError
            @step
            def start(self):
                self.x = 1
        """,
    )
    assert stage.done("start")["x"] == 1


def test_steps_constants_and_parameters_are_inherited(tmp_path: Path) -> None:
    stage = Stage(
        tmp_path,
        """
        from flowc import FlowSpec, Parameter, step
        class Mixin:
            FROM_MIXIN = 1
        class Base(FlowSpec):
            p = Parameter("p-p", default="x")
            FROM_BASE = 2
            @step
            def start(self):
                self.next(self.end)
        class F(Base, Mixin):
            FROM_BASE = 3
            @step
            def end(self):
                self.seen = (self.FROM_MIXIN, self.FROM_BASE, self.p, F.FROM_BASE)
        """,
    )
    stage.done("start", parameters={"p-p": "y"})
    assert stage.done("end", "start")["seen"] == (1, 3, "y", 3)


def test_decorators_of_the_author_wrap_steps(tmp_path: Path) -> None:
    stage = Stage(
        tmp_path,
        """
        import functools
        from flowc import FlowSpec, retry, step
        def louder(function):
            @functools.wraps(function)
            def wrapper(self, *inputs):
                self.before = 1
                function(self, *inputs)
                self.after = self.x + 1
            return wrapper
        class F(FlowSpec):
            @louder
            @retry(times=1)
            @louder
            @step
            def start(self):
                self.x = 1
                self.next(self.end)
            @step
            def end(self):
                pass
        """,
    )
    left = stage.done("start")
    assert (left["before"], left["x"], left["after"], left.next) == (1, 1, 2, ("end",))


def test_any_name_may_be_a_parameter_and_name_is_the_flow_s_else(tmp_path: Path) -> None:
    source = """
        from flowc import FlowSpec, Parameter, step
        class F(FlowSpec):
            {declared}
            @step
            def start(self):
                self.seen = self.name
        """
    assert Stage(tmp_path, source.format(declared="")).done("start")["seen"] == "F"
    stage = Stage(tmp_path, source.format(declared="name = Parameter('name', default='x')"))
    assert stage.done("start", run="s")["seen"] == "x"


@pytest.mark.language("artifact.cloudpickle")
def test_what_only_cloudpickle_takes_is_saved_by_value(tmp_path: Path) -> None:
    stage = _line(tmp_path, "self.f = [lambda n: n + 1]", "self.y = self.f[0](1)")
    assert _run(stage).exit_code == 0
    assert stage.left("end")["y"] == 2


def test_without_cloudpickle_the_error_says_what_pickle_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cloudpickle", None)
    reported = _line(tmp_path, "self.f = [lambda n: n + 1]").do("start")
    assert reported.failure is not None
    assert "lambda" in reported.failure.exception
