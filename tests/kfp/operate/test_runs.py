"""Runs of the server told as ours: each task by its step and index, whatever the loops and switches around it; its log; its repair."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.backends.operating import NotThereError, RefusedError, Start
from tests.conformance.results import against_local, read_result
from tests.engines.local import run_local
from tests.kfp.operate.stage import Server, phases
from tests.stages.operated import task, written

NESTED = """
import os
from flowc import FlowSpec, Parameter, retry, step

class NestedFlow(FlowSpec):
    text = Parameter("text", default="x")
    fails = Parameter("fails", default="")

    @step
    def start(self):
        print(self.text)
        self.letters = ["a", "b"]
        self.next(self.iteration_item, foreach="letters")

    @step
    def iteration_item(self):
        self.numbers = [1, 2, 3] if self.input == "a" else [9]
        self.next(self.executor, foreach="numbers")

    @retry(times=1, minutes_between_retries=0)
    @step
    def executor(self):
        print("said", self.input, "é")
        if self.fails and self.input == 2 and not os.path.exists(self.fails):
            raise ValueError("told to")
        self.done = self.input * 2
        self.next(self.iteration)

    @step
    def iteration(self, inputs):
        self.sums = [each.done for each in inputs]
        self.way = "some" if len(self.sums) > 1 else "none"
        self.next({"some": self.iteration_driver, "none": self.root}, condition="way")

    @step
    def iteration_driver(self):
        self.next(self.after)

    @step
    def root(self):
        self.next(self.after)

    @step
    def after(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.all = [each.sums for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass
"""
WELL = {
    ("start", "-"),
    ("iteration_item", "0"),
    ("iteration_item", "1"),
    ("executor", "0.0"),
    ("executor", "0.1"),
    ("executor", "0.2"),
    ("executor", "1.0"),
    ("iteration", "0"),
    ("iteration", "1"),
    ("iteration_driver", "0"),
    ("root", "1"),
    ("after", "0"),
    ("after", "1"),
    ("join", "-"),
    ("end", "-"),
}
HOSTILE = "{{workflow.name}} {{$.inputs}} ${HOME} $(HOME) $$ 'q' \"d\" \\ \n\x1b[2J ü 漢"


def test_a_run_is_told_by_step_and_index_and_repaired_where_it_failed(server: Server, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    case = written(tmp_path, NESTED, "NestedFlow", text=HOSTILE, fails=str(marker))
    name = server.deploy(case)
    run = server.start(name, text=HOSTILE, fails=str(marker))
    assert (run.deployment, run.own) == ("nested-flow", "nested-flow-n1")
    failed = server.over(run.run)
    assert failed.phase == "failed"
    executor = task(failed, "executor", "0.1")
    assert (executor.phase, executor.attempt) == ("failed", 1)
    assert "ValueError: told to" in server.log(run.run, executor)
    assert phases(failed) == dict.fromkeys(phases(failed), "succeeded") | {("executor", "0.1"): "failed"}
    assert HOSTILE in server.log(run.run, task(failed, "start"))
    with pytest.raises(RefusedError, match="cannot begin at a step"):
        server.engine.retry(run.run, "executor")
    marker.write_text("")
    assert server.engine.retry(run.run, None).run == run.run
    ended = server.over(run.run)
    assert ended.phase == "succeeded", ended
    assert phases(ended) == dict.fromkeys(WELL, "succeeded")
    local = run_local(case, tmp_path / "local")
    code = tmp_path / "code"
    differences = against_local(read_result(local, code), read_result(server.outcome(case, ended), code))
    assert [each for each in differences if "attempts" not in each] == []
    with pytest.raises(RefusedError, match="has succeeded"):
        server.engine.retry(run.run, None)
    server.engine.terminate(run.run)
    server.engine.delete(name)
    after = server.engine.run(run.run)
    assert (after.phase, after.tasks, "its deployment is gone" in after.cure) == ("succeeded", (), True)


HOLDING = """
import os, time
from flowc import FlowSpec, Parameter, step

class HoldingFlow(FlowSpec):
    held = Parameter("held", type=str, required=True)

    @step
    def start(self):
        print("begun", flush=True)
        while not os.path.exists(self.held):
            time.sleep(0.05)
        print("let go")
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_a_log_is_read_as_it_comes_and_an_ended_run_says_that_it_was_ended(server: Server, tmp_path: Path) -> None:
    held = tmp_path / "held"
    name = server.deploy(written(tmp_path, HOLDING, "HoldingFlow"))
    with pytest.raises(RefusedError, match="must be given"):
        server.start(name)
    first, second = (server.engine.trigger(name, Start(each, {"held": str(held)}, ("a b",))) for each in "ab")
    engine = server.engine
    server.until(first.run, lambda run: "begun" in _printed(server, run.run))
    begun = task(engine.run(first.run), "start")
    part = engine.log(first.run, begun)
    assert ([line.text for line in part.lines], part.is_whole) == (["begun"], False)
    with pytest.raises(RefusedError, match="is not over"):
        engine.retry(first.run, None)
    engine.terminate(second.run)
    engine.terminate(second.run)
    ended = server.over(second.run)
    assert (ended.phase, ended.tags, ended.own) == ("terminated", ("a b",), "holding-flow-b")
    held.write_text("")
    over = server.over(first.run)
    rest = engine.log(first.run, task(over, "start"), part.position)
    assert ([line.text for line in rest.lines], rest.is_whole) == (["let go"], True)
    assert ({each.own for each in engine.runs(name, 5)}, len(engine.runs(name, 1))) == ({first.own, second.own}, 1)
    server.world.swept = True
    with pytest.raises(NotThereError, match="has no log of start"):
        engine.log(first.run, task(over, "start"))
    for unknown in ("kfp-none", "argo-x", "kfp-", "kfp-..", "kfp-a/b", "kfp-{{x}}\n"):
        with pytest.raises(NotThereError):
            engine.run(unknown)


def _printed(server: Server, run: str) -> str:
    found = [each for each in server.engine.run(run).tasks if each.step == "start"]
    return server.log(run, found[0]) if found else ""
