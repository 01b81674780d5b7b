"""A piece of a log where the task ends between two questions, on a server that is made up: no real one can be asked at that moment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest

from compiler.backends.airflow.operate import logs
from compiler.backends.airflow.operate.api.protocol import Api, Chunk, Instance, Row
from compiler.backends.operating import EngineTask

ROW = Row("F", "r", "running", None, None, None, "")
TASK = EngineTask("start", "-", "running", "start", 0)


class Ending:
    """A server on which the task has these states, one for each question, and whose log is at its end or not."""

    def __init__(self, states: Iterator[str], token: str) -> None:
        self.states, self.token = states, token

    def instance(self, dag: str, run: str, task: str, map_index: int) -> Instance:
        return Instance(task, map_index, next(self.states), 1, None, None)

    def log(self, *_: Any) -> Chunk:
        return Chunk(((1.0, "line"),), self.token, not self.token)


@pytest.mark.parametrize(
    ("states", "token", "is_whole"),
    [
        (["running", "success"], "", True),
        (["running", "up_for_retry"], "", True),
        (["running", "running"], "", False),
        (["running"], "more", False),
        (["success"], "", True),
        (["success"], "more", False),
    ],
)
def test_a_log_that_has_ended_is_read_once(states: list[str], token: str, is_whole: bool) -> None:
    """Airflow gives no token with the last piece: what is asked for behind it begins anew."""
    part = logs.part(cast("Api", Ending(iter(states), token)), ROW, TASK, "")
    assert (part.is_whole, [line.text for line in part.lines]) == (is_whole, ["line"])
