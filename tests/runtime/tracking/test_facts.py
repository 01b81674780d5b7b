"""What is told of values: numbers that are numbers, and texts that stay short whatever they are made of."""

from __future__ import annotations

import enum
import sys
from typing import Any

import numpy as np
import pytest
from flowc.artifacts.address import RunAddress
from flowc.artifacts.manifest import RunRecord
from flowc.tracking.facts import (
    Code,
    metrics,
    number_of,
    parameters,
    short,
    tags,
    tags_of_run,
    tags_of_task,
    target_of,
)
from hypothesis import given
from hypothesis import strategies as st


class _Level(enum.IntEnum):
    HIGH = 3


class _Odd(int):
    def __float__(self) -> float:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3.0),
        (-0.5, -0.5),
        (_Level.HIGH, 3.0),
        (np.float32(0.5), 0.5),
        (np.float64(0.25), 0.25),
        (np.int8(-3), -3.0),
        (np.uint64(2**63), float(2**63)),
        (True, None),
        (np.bool_(True), None),
        (10**400, None),
        ("3", None),
        ([1], None),
        (np.zeros(1), None),
        (np.array(1.0), None),
        (np.complex128(1), None),
        (1j, None),
        (None, None),
        (_Odd(1), 1.0),
    ],
    ids=repr,
)
def test_a_number_is_an_int_or_a_float(value: Any, expected: float | None) -> None:
    assert number_of(value) == expected


def test_what_is_no_finite_number_is_a_word() -> None:
    rows = metrics({"a": float("nan"), "b": float("inf"), "c": float("-inf"), "d": 1.5}, 12.3456, 2)
    assert [row["value"] for row in rows] == ["NaN", "Infinity", "-Infinity", 1.5]
    assert {(row["timestamp"], row["step"]) for row in rows} == {(12345, 2)}


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
)


@given(_VALUES)
def test_every_value_is_a_short_text_that_a_database_keeps(value: Any) -> None:
    (row,) = parameters({"p": value})
    assert len(row["value"]) <= 500
    row["value"].encode()
    assert "\0" not in row["value"]
    if isinstance(value, str) and len(value) <= 500 and "\0" not in value:
        assert row["value"] == value


def test_of_a_large_value_only_the_beginning_is_looked_at() -> None:
    class Watched(list[int]):
        seen = 0

        def __iter__(self) -> Any:
            for each in range(sys.maxsize):
                type(self).seen += 1
                yield each

    large = Watched([0] * 100_000)
    assert len(short(large)) <= 500
    assert Watched.seen < 1000
    assert short("\ud800x") == "?x"


def test_tags_say_where_a_run_is_and_what_it_runs() -> None:
    record = RunRecord("F", "sfn-m-1'2", "o", 1.0, ("a", "b"), (), "start", "ada", "p.test", origin="sfn-m-0")
    code = Code("flows/f.py", "12ab", "c" * 40)
    run = tags_of_run(record, code)
    assert (run["flowc.target"], run["flowc.resumed_from"], run["flowc.tags"]) == ("step-functions", "sfn-m-0", "a, b")
    assert run["flowc.open"] == "flowc open 'F/sfn-m-1'\"'\"'2'"
    assert run["mlflow.source.git.commit"] == "c" * 40
    task = tags_of_task(RunAddress("F", "r").task("fit", "2.0"), "ada", code, has_cards=True)
    assert (task["flowc.step"], task["flowc.index"], task["flowc.pathspec"]) == ("fit", "2.0", "F/r/fit/fit-2.0")
    assert task["flowc.card"] == "flowc card view F/r/fit/2.0"
    first = tags_of_task(RunAddress("F", "r").task("start"), "ada", code, has_cards=False)
    assert first["mlflow.note.content"].splitlines()[3:] == [
        "",
        "~~~~~~",
        "flowc logs F/r/start",
        "flowc inspect F/r/start",
        "~~~~~~",
    ]
    assert {row["key"] for row in tags({"a": "", "b": "x"})} == {"b"}
    assert len(tags({"a": "x" * 99999})[0]["value"]) == 5000


@pytest.mark.parametrize(
    ("run", "target"), [("argo-ns-wf", "argo"), ("airflow-d-r", "airflow"), ("local-1", "local"), ("mine", "mine")]
)
def test_a_runs_name_says_its_target(run: str, target: str) -> None:
    assert target_of(run) == target
