"""The command line in this process: what it prints, and its exit code."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from compiler.cli import run

FLOW = '''"""A flow for the tests of the command line."""

from flowc import FlowSpec, Parameter, step


class SumFlow(FlowSpec):
    """Add squares."""

    top = Parameter("top", help="How far.", type=int, default=3)
    words = Parameter("key-words", help="Some words.", multiple=True, type=str)

    @step
    def start(self):
        self.numbers = list(range(self.top))
        self.next(self.square, foreach="numbers")

    @step
    def square(self):
        """One square."""
        self.result = self.input**2
        print("square of", self.input)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(each.result for each in inputs)
        self.next(self.end)

    @step
    def end(self):
        print("total", self.total, *(self.words or ()))
'''

BROKEN = FLOW.replace("self.next(self.join)", "self.next(self.jion)").replace("SumFlow", "BrokenFlow")

FAILING = FLOW.replace("SumFlow", "FailingFlow").replace(
    "self.result = self.input**2", "self.result = 1 / (self.input - 1)"
)


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command left."""

    code: int
    out: str
    err: str


Flowc = Callable[..., Ended]


@pytest.fixture
def flowc(capsys: pytest.CaptureFixture[str]) -> Iterator[Flowc]:
    """`flowc("check", "flow.py")`."""

    def call(*arguments: object) -> Ended:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Ended(code, printed.out, printed.err)

    yield call
    gc.enable()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project with one flow, as the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flow.py").write_text(FLOW)
    return tmp_path
