"""Files beside the flow that are named as modules of the standard library answer no import of ours."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.stages.container import contain, write

FLOW = """
from flowc import FlowSpec, step, card, catch, current, environment, timeout
class F(FlowSpec):
    @step
    def start(self):
        self.xs, self.big = [1, 2], bytes({size})
        self.next(self.body, foreach="xs")
    {decorator}
    @step
    def body(self):
        self.x = self.input
        {line}
        self.next(self.join)
    @step
    def join(self, inputs):
        self.n = sum(each.x for each in inputs)
        self.next(self.end)
    @step
    def end(self):
        pass
"""

USES = {
    "a failure": ("", "raise ValueError('mine')", 1),
    "a failure that is caught": ("@catch(var='error')", "raise ValueError('mine')", 0),
    "a folder of the task": ("", "assert current.tempdir", 0),
    "a large artifact": ("", "assert len(self.big) == 3_000_000", 0),
    "a time limit": ("@timeout(seconds=60)", "", 0),
    "a card": ("@card", "", 0),
    "the graph": ("", "assert current.graph", 0),
}


@pytest.mark.parametrize("use", USES)
def test_a_file_beside_the_flow_answers_no_import_of_ours(use: str, tmp_path: Path) -> None:
    decorator, line, code = USES[use]
    write(tmp_path, FLOW.format(decorator=decorator, line=line or "pass", size=3_000_000 if "big" in line else 1))
    for name in sys.stdlib_module_names - set(sys.builtin_module_names):
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit({name!r})\n", encoding="utf-8")
    more = {"PYTHONSAFEPATH": "1"}
    tasks = (("start", "", "-"), ("body", "foreach:start", "0"), ("body", "foreach:start", "1"))
    ended = [contain(tmp_path, *task, **more) for task in tasks]
    assert [each.returncode for each in ended] == [0, code, code], ended
    if not code:
        joined = contain(tmp_path, "join", "gather:start/body", **more)
        assert joined.returncode == 0, joined.stderr
