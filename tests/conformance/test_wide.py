"""The program that runs wide foreaches, with few children: that an engine leaves the same, and that a difference is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.conformance.wide import differences, engine_named
from tests.engines import FlowCase, Outcome


@pytest.mark.parametrize("name", ["argo", "step-functions"])
def test_a_foreach_leaves_the_same_on_an_engine(name: str, tmp_path: Path) -> None:
    said: list[str] = []
    with engine_named(name) as engine:
        assert differences(engine, 23, tmp_path, said.append) == []
    assert [line.partition(" tasks")[0] for line in said] == ["local: 26", "engine: 26"]


def test_a_child_that_is_missing_is_told(tmp_path: Path) -> None:
    with engine_named("argo") as engine:

        def narrower(case: FlowCase, folder: Path) -> Outcome:
            return engine(replace(case, parameters={"width": 3}), folder)

        found = differences(narrower, 4, tmp_path, lambda _: None)
    assert any("square" in each and "3" in each for each in found)
