"""The one command of a step, and text that no engine may rewrite."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.backends import Options
from compiler.backends.command import argv, environment, inert_json, loads_text, step_environment
from compiler.backends.targets import BUILT_IN, load_backend
from compiler.ir.plan import Load, Task
from compiler.ir.planner import plan
from tests.stages.plans import ARMS, BODY, NESTED, SPLIT, SWITCH, flow

FOREIGN = re.compile(r"\{\{|\}\}|\{%|\{#|\$|`|%|'|Ref::|[^\x20-\x7e]|\.(sh|bash)$")
HOSTILE = st.text() | st.sampled_from(
    ["{{x}}", "{%raw%}", "{#", "${A}", "$(A)", "$$", "`x`", "Ref::x", "run.sh", "'\"", "\\u007b{", "\x00", "é", "𝄞", ""]
)


def with_environment(values: dict[str, str]) -> Task:
    task = plan(flow(start="")).tasks["start"]
    fields = {name: getattr(task, name) for name in Task.__slots__}
    return Task(**{**fields, "environment": tuple(values.items())})


@given(st.dictionaries(HOSTILE, HOSTILE | st.lists(HOSTILE) | st.none() | st.integers()))
def test_inert_json_says_the_same_and_holds_nothing_foreign(value):
    text = inert_json(value)
    assert json.loads(text) == value
    assert not FOREIGN.search(text)


@given(st.dictionaries(st.from_regex(r"[A-Z][A-Z0-9_]{0,5}", fullmatch=True), HOSTILE))
def test_step_environment_carries_every_value_and_shows_nothing_foreign(values):
    carried = step_environment(with_environment(values))
    hidden = json.loads(carried.pop("FLOWC_ENVIRONMENT", "{}"))
    assert {**carried, **hidden} == values
    assert not any(FOREIGN.search(value) for value in carried.values())


def test_values_that_no_engine_rewrites_are_readable():
    assert step_environment(with_environment({"A": "eu-west-1", "B": "a b, c=d"})) == {
        "A": "eu-west-1",
        "B": "a b, c=d",
    }


@given(HOSTILE, st.lists(HOSTILE))
def test_where_runs_are_told_travels_as_a_value(experiment, metrics):
    told = {"uri": "https://mlflow.example.com/a", "experiment": experiment, "metrics": metrics, "required": True}
    text = environment(plan(SPLIT), Options("i", mlflow=told), "dir:/x")["FLOWC_MLFLOW"]
    assert json.loads(text) == told
    assert not FOREIGN.search(text)
    assert "FLOWC_MLFLOW" not in environment(plan(SPLIT), Options("i"), "dir:/x")


@pytest.mark.parametrize("target", BUILT_IN)
def test_every_target_hands_it_to_its_containers(target):
    backend = load_backend(target)
    assert backend is not None
    for told in ({}, {"uri": "https://mlflow.example.com"}):
        files = backend.emit(plan(SPLIT), Options("i", store="s3://b/x", mlflow=told))
        assert any("https://mlflow.example.com" in file.text for file in files) == bool(told)


def test_the_first_step_takes_owner_and_parameters_and_every_other_its_loads():
    tasks = plan(SPLIT).tasks
    words = argv(tasks["start"], run="R", index="-", retry="0", owner="O", parameters="P")
    assert " ".join(words) == "python -m flowc step start --run R --index - --retry 0 --owner O --parameters P"
    words = argv(tasks["j"], run="R", index="-", retry="1")
    assert " ".join(words) == "python -m flowc step j --run R --index - --retry 1 --load merge:start/b>c;a"


@pytest.mark.parametrize("given_flow", [SPLIT, NESTED, SWITCH, BODY, ARMS])
def test_the_shim_reads_loads_as_the_plan_meant_them(given_flow):
    from flowc.artifacts.address import parse_loads  # the shim's own reader is what is tested here

    for task in plan(given_flow).tasks.values():
        theirs, ours = parse_loads(loads_text(task.loads)), task.loads
        assert type(theirs).__name__ == type(ours).__name__
        assert _plain(theirs) == _plain(ours)


def _plain(value: object) -> object:
    """Named tuples and records alike as nested tuples."""
    if isinstance(value, Load):
        return _plain(value.choices)
    if hasattr(value, "__match_args__") and not isinstance(value, tuple):
        return tuple(_plain(getattr(value, name)) for name in value.__match_args__)
    return tuple(_plain(each) for each in value) if isinstance(value, tuple) else value
