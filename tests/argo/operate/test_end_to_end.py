"""From a compiled flow to a green run and to nothing: each verb of the engine, on the stand-in by both ways and on a real cluster."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.backends.operating import NotThereError
from tests.conformance.results import against_local, read_result
from tests.engines import FlowCase
from tests.engines.argo_place import Place
from tests.engines.local import run_local
from tests.stages.operated import task, written

FLOW = """
from flowc import FlowSpec, Parameter, retry, step

class HostileFlow(FlowSpec):
    text = Parameter("text", default="x")
    wide = Parameter("wide", default=2)
    unsaid = Parameter("unsaid", default=None, type=str)

    @step
    def start(self):
        print("said: start")
        self.xs = list(range(self.wide))
        self.next(self.each_one, foreach="xs")

    @retry(times=1, minutes_between_retries=0)
    @step
    def each_one(self):
        print("said:", self.input, "é")
        self.doubled = self.input * 2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.all = [i.doubled for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        self.length = len(self.text)
        self.same = self.text
"""

HOSTILE = (
    'it\'s "q" {{workflow.name}} {{inputs.parameters.x}} ${HOME} $(HOME) $$ %s `id`\nline two\tö\U0001f600 open {{ only '
    + "k" * 60 * 1024
)


def _case(folder: Path, /, **parameters: object) -> FlowCase:
    return written(folder, FLOW, "HostileFlow", **parameters)


def test_a_flow_is_deployed_run_looked_at_and_removed(place: Place, tmp_path: Path) -> None:
    case = _case(tmp_path)
    name = place.deploy(case)
    deployed = place.engine.deployment(name)
    assert deployed.record is not None
    assert (deployed.name, deployed.record.flow, deployed.problem) == ("hostile-flow", "flow.py:HostileFlow", "")
    assert set(deployed.parameters) == {"text", "wide", "unsaid"}
    run = place.start(name, text=HOSTILE, wide=3)
    assert run.run.startswith("argo-")
    assert run.deployment == name
    ended = place.over(run.run)
    assert ended.phase == "succeeded", ended
    local = run_local(_case(tmp_path, text=HOSTILE, wide=3), tmp_path / "local")
    code = tmp_path / "code"
    assert not list(against_local(read_result(local, code), read_result(place.outcome(case, ended), code)))
    assert {(each.step, each.index): each.phase for each in ended.tasks} == {
        ("start", "-"): "succeeded",
        ("each_one", "0"): "succeeded",
        ("each_one", "1"): "succeeded",
        ("each_one", "2"): "succeeded",
        ("join", "-"): "succeeded",
        ("end", "-"): "succeeded",
    }
    assert "said: 1 é" in place.log(run.run, task(ended, "each_one", "1"))
    assert [each.own for each in place.engine.runs(name, 5)] == [run.own]
    place.engine.delete(name)
    with pytest.raises(NotThereError):
        place.engine.deployment(name)
    assert place.engine.run(run.run).phase == "succeeded"
