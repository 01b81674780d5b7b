"""A repository with a policy, and the command line in it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.stages.command_line import Flowc

FLOW = """from flowc import *


{head}class PricesFlow(FlowSpec):
{first}    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.fit, foreach="items")

{body}    @step
    def fit(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
TARGETS = ("airflow", "argo", "step-functions")


def write(folder: Path, settings: str, *, head: str = "", body: str = "", first: str = "") -> None:
    """`flow.py` with decorators of the flow, of `fit` and of `start`, and the settings."""
    text = FLOW.format(
        head="".join(f"{each}\n" for each in head.splitlines()),
        body="".join(f"    {each}\n" for each in body.splitlines()),
        first="".join(f"    {each}\n" for each in first.splitlines()),
    )
    (folder / "flow.py").write_text(text)
    (folder / "pyproject.toml").write_text(settings)


def told(flowc: Flowc, *words: str) -> list[tuple[str, int]]:
    """Code and line of what `flowc check` finds, and that its exit code says so."""
    ended = flowc("check", "flow.py", "--format", "json", *words)
    found = json.loads(ended.out)
    assert ended.code == (1 if found["errors"] else 0)
    return [(each["code"], each["span"]["line"]) for each in found["diagnostics"]]


def codes(flowc: Flowc, *words: str) -> set[str]:
    """The codes alone."""
    return {code for code, _ in told(flowc, *words)}
