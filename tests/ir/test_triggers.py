"""What starts and ends a run, and what its steps need, as the plan prints it."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.diagnostics import Report
from compiler.ir.planner import plan
from compiler.ir.text import plan_text
from compiler.pipeline import read_flow

_HEAD = "from metaflow import *\ndef tell(run): pass\ndef shout(): pass\n"
_FLOW = """
class F(FlowSpec):
    alpha = Parameter("alpha-beta", default=1)
{step}
    @step
    def start(self):
        self.next(self.end)
    @step
    def end(self):
        pass
"""

CASES = {
    "@trigger(event='e')": "starts on event e, alpha-beta from alpha-beta",
    "@trigger(event={'name': 'e', 'parameters': {'alpha': 'x'}})": "starts on event e, alpha-beta from x",
    "@trigger(events=['e', {'name': 'f', 'parameters': [('alpha-beta', 'x')]}])": (
        "starts on event e · starts on event f, alpha-beta from x"
    ),
    "@trigger(event=namespaced_event_name('e'))": "starts on event mfns.e, alpha-beta from alpha-beta",
    "@project(name='p')\n@trigger(event={'name': namespaced_event_name('e')})": (
        "starts on event mfns.p.user.shared.e, alpha-beta from alpha-beta"
    ),
    "@trigger_on_finish(flow='Other')": "starts after Other",
    "@project(name='p', production=True)\n@trigger_on_finish(flow='Other')": "starts after p.prod.Other",
    "@trigger_on_finish(flows=['q.test.b.Other', {'name': 'G', 'project': 'q', 'project_branch': 'prod'}])": (
        "starts after q.test.b.Other · starts after q.prod.G"
    ),
    "@exit_hook(on_error=[tell, 'a.b.c'])\n@exit_hook(on_success=[shout], options={'image': 'i'})": (
        "on success shout in i · on error tell · on error a.b.c"
    ),
    "@pypi_base(packages={'a': '1', 'b': '>=2'}, python='3.11')\n@conda_base(packages={'c': ''})": (
        "packages python 3.11, conda c, pypi a==1 b>=2"
    ),
}


@pytest.mark.parametrize("decorators", CASES)
def test_what_starts_and_ends_a_run(decorators: str, tmp_path: Path) -> None:
    """The head of the plan says it, one line a decision."""
    lines = _planned(tmp_path, f"{_HEAD}{decorators}{_FLOW.format(step='')}").split("\n\n")[0].split("\n")[1:]
    said = " · ".join(line.strip() for line in lines if not line.strip().startswith(("feature", "project")))
    assert said == CASES[decorators]


NEEDS = {
    "@secrets(sources=['db', 'aws-secrets-manager.a.b'], role='r')": (
        "secret db, role r · secret aws-secrets-manager.a.b, role r"
    ),
    "@secrets(sources=[{'type': 'kubernetes', 'id': 'k', 'role': 'q', 'options': {'json': False, 'env_var_name': 'K'}}])": (
        "secret kubernetes.k, role q, as text, in K"
    ),
    "@pypi(packages={'b': '3', 'd': ''})": "packages pypi a==1 b==3 d, in the image of start",
    "@conda(packages={'c': '4'}, python='3.12')": "packages python 3.12, conda c==4, pypi a==1 b>=2, in the image of start",
    "@pypi(disabled=True)": "packages none, in the image of start",
    "@pypi(packages={'b': '>=2'})": "",
}


@pytest.mark.parametrize("decorator", NEEDS)
def test_what_a_step_needs(decorator: str, tmp_path: Path) -> None:
    """A step's own packages go over the flow's; an image of its own only where they differ."""
    base = f"@pypi_base(packages={{'a': '1', 'b': '>=2'}}){_FLOW.format(step=f'    {decorator}')}"
    task = _planned(tmp_path, _HEAD + base).split("\n\n")[1].split("\nend")[0].split("\n")
    assert (
        " · ".join(line.strip() for line in task if line.strip().startswith(("secret", "packages"))) == NEEDS[decorator]
    )


def _planned(folder: Path, text: str) -> str:
    path, report = folder / "flow_file.py", Report()
    path.write_text(text)
    flow = read_flow(path, report)
    assert flow is not None, [found.rule.code for found in report]
    return plan_text(plan(flow))
