"""Gangs raise the limit of their DAG where its nodes could wait for each other for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.airflow.stage import emitted, written

GANG = """
@step
def start(self):
    self.next(self.node, num_parallel={width})

@parallel
@step
def node(self):
    self.next(self.join)

@step
def join(self, inputs):
    self.next(self.end)

@step
def end(self):
    pass
"""


@pytest.mark.parametrize(("width", "line"), [(16, False), (17, True)])
def test_a_wide_gang_makes_the_dag_wide(tmp_path: Path, width: int, line: bool) -> None:
    text = emitted(written(tmp_path, GANG.format(width=width)))
    assert (f"    max_active_tasks={width},\n" in text) == line


BESIDE = """
@step
def start(self):
    self.next(self.left, self.right)

@step
def left(self):
    self.next(self.one, num_parallel=9)

@parallel
@step
def one(self):
    self.next(self.ones)

@step
def ones(self, inputs):
    self.next(self.join)

@step
def right(self):
    self.next(self.two, num_parallel=8)

@parallel
@step
def two(self):
    self.next(self.twos)

@step
def twos(self, inputs):
    self.next(self.join)

@step
def join(self, inputs):
    self.next(self.end)

@step
def end(self):
    pass
"""


def test_gangs_beside_each_other_have_room_for_all_of_their_nodes(tmp_path: Path) -> None:
    """Airflow starts some nodes of each: half of either would fill a narrower DAG."""
    assert "    max_active_tasks=17,\n" in emitted(written(tmp_path, BESIDE))
