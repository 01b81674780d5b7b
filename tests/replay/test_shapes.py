"""Every shape of a task, done again: equal, or failed as it had."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.replay.calls import Said, is_as_before, run, unlike_before

FLOWS = Path(__file__).parents[1] / "flows"

SHAPES = {
    "foreach in foreach": ("deep.py", "", ()),
    "a split and its join": ("merging.py", "", ()),
    "a switch": ("switches.py", "SwitchFlow", ()),
    "a switch in a foreach": ("switches.py", "SwitchInsideFlow", ()),
    "a switch around": ("switches.py", "SwitchAroundFlow", ()),
    "iterations": ("recursion.py", "RepeatFlow", ()),
    "iterations in a foreach": ("recursion.py", "RepeatInsideFlow", ()),
    "decorators of steps": ("decorated.py", "", ()),
    "cards": ("cards.py", "", ()),
    "a failed task": ("failing.py", "", ()),
    "a flow of one step": ("one_step.py", "", ()),
}


@pytest.mark.every(3)
@pytest.mark.parametrize("shape", SHAPES)
def test_each_task_of_a_shape_is_as_before(shape: str, tmp_path: Path) -> None:
    file, flow, words = SHAPES[shape]
    found = run(tmp_path, FLOWS / file, *words, flow=flow).replay_all()
    assert found
    assert unlike_before(found) == {}


def test_a_node_of_a_gang_is_refused_and_the_rest_is_as_before(tmp_path: Path) -> None:
    found = run(tmp_path, FLOWS / "gang.py").replay_all()
    nodes = {task: said for task, said in found.items() if task.startswith("add/")}
    assert nodes
    for said in nodes.values():
        assert said.code == 2
        assert "nodes do their part together" in said.err
        assert "--resume r --from start" in said.err
    assert unlike_before({task: said for task, said in found.items() if task not in nodes}) == {}


INPUTS = """
import os, time
from pathlib import Path
from flowc import Config, FlowSpec, IncludeFile, JSONType, Parameter, catch, current, environment, retry, secrets, step, timeout


class InputsFlow(FlowSpec):
    alpha = Parameter("alpha-beta", type=float, default=0.5)
    made = Parameter("made", default=lambda context: str(time.time()))
    table = Parameter("table", type=JSONType, default=None)
    text = IncludeFile("text")
    settings = Config("settings", default_value={"deep": {"rate": 3}})

    @secrets(sources=["db"])
    @environment(vars={"MODE": "fast"})
    @step
    def start(self):
        self.seen = (self.alpha, self.made, self.table, self.text, self.settings.deep.rate)
        self.env = os.environ["MODE"], len(os.environ["DB_PASSWORD"])
        self.where = current.pathspec, current.run_id, current.task_id, sorted(current.tags)
        self.next(self.unlucky)

    @catch(var="failure")
    @retry(times=2, minutes_between_retries=0)
    @timeout(seconds=50)
    @step
    def unlucky(self):
        self.tries = current.retry_count
        self.fail()
        self.next(self.lucky)

    @retry(times=1, minutes_between_retries=0)
    @step
    def lucky(self):
        if current.retry_count == 0:
            raise RuntimeError("not yet")
        self.count = current.retry_count
        self.next(self.end)

    @catch(var="killed")
    @retry(times=1, minutes_between_retries=0)
    @step
    def end(self):
        self.tags = sorted({"a", "bb", "ccc"})
        self.bag = {"a", "bb", "ccc", frozenset({"x", "y"})}
        if current.retry_count < 2:
            os.kill(os.getpid(), 9)

    def fail(self):
        raise ValueError(f"try {current.retry_count}")
"""

SECRET = {"FLOWC_SECRET_DB": '{"DB_PASSWORD": "open sesame"}'}


def test_a_task_has_the_inputs_that_it_had_whatever_the_world_says_now(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("once\x1b[2J")
    table = json.dumps({"a": [1, {"b": None}]})
    ran = run(tmp_path, INPUTS, "--alpha-beta", "0.25", "--table", table, "--text", "note.txt", variables=SECRET)
    (tmp_path / "note.txt").unlink()
    for task in ran.tasks():
        said = ran.replay(task, "--json", variables=SECRET)
        assert is_as_before(said), said.out + said.err
        assert "open sesame" not in said.out + said.err


def test_each_attempt_can_be_the_one_that_is_done_again(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("once")
    ran = run(tmp_path, INPUTS, "--text", "note.txt", variables=SECRET)
    assert _told(ran.replay("unlucky", "--json", "--attempt", 1)) == ("failed", "try 0")
    assert _told(ran.replay("unlucky", "--json", "--attempt", 2)) == ("failed", "try 1")
    assert _told(ran.replay("unlucky", "--json")) == ("caught", "try 2")
    assert _told(ran.replay("lucky", "--json", "--attempt", 1)) == ("failed", "not yet")
    assert _told(ran.replay("lucky", "--json", "--attempt", 2)) == ("done", None)


def _told(said: Said) -> tuple[str, str | None]:
    """How the replay ended and what it raised; it is as before."""
    assert is_as_before(said), said.out + said.err
    now = said.document["now"]
    return now["state"], now["failure"] and now["failure"]["exception"]


def test_an_attempt_that_was_killed_is_killed_again(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("once")
    ran = run(tmp_path, INPUTS, "--text", "note.txt", variables=SECRET)
    again = ran.replay("end", "--json", "--attempt", 2)
    assert (again.code, again.document["before"]["state"], again.document["now"]["state"]) == (1, "killed", "killed")
    assert again.document["differences"] == []
    assert "killed by SIGKILL" in again.err
    lives = ran.replay("end", "--attempt", 3)
    assert lives.code == 0
    assert "equal to attempt 3" in lives.out
