"""The flow that prepared pairs edit, and what a pair is."""

from __future__ import annotations

from dataclasses import dataclass

FLOW = '''from metaflow import (
    Config, FlowSpec, Parameter, batch, card, catch, conda_base, environment, exit_hook, kubernetes, project, pypi, resources,
    retry, schedule, secrets, step, timeout, trigger,
)

LIMIT = 3


def tidy(value):
    return value + 1


def told(run):
    print(run)


# above the class
class TrainFlow(FlowSpec):
    """Train a model."""

    alpha = Parameter("alpha", help="How fast.", default=0.5)
    rows = Parameter("rows", help="How many.", type=int, default=10)
    kind = Parameter("kind", help="Which.", default="big")

    # above start
    @step
    def start(self):
        self.items = [1, 2]
        self.source = "here"
        self.next(self.left, self.right)

    # above left
    @step
    def left(self):
        """The left one."""
        self.a = tidy(self.rows) * 3
        self.next(self.join)

    # above right
    @step
    def right(self):
        self.b = [self.alpha, self.kind, LIMIT]
        self.next(self.join)

    # above join
    @step
    def join(self, inputs):
        self.merge_artifacts(inputs)
        self.next(self.each, foreach="items")

    # above each
    @step
    def each(self):
        self.y = self.input
        self.next(self.gather)

    # above gather
    @step
    def gather(self, inputs):
        self.total = sum(one.y for one in inputs)
        self.next(self.end)

    # above end
    @step
    def end(self):
        print(self.total)
'''


@dataclass(frozen=True)
class Case:
    """`edits` replace one text by another, each once; `before` are those that the old side has, too. `told` is all that differs."""

    name: str
    edits: tuple[tuple[str, str], ...]
    told: tuple[tuple[object, str], ...]
    before: tuple[tuple[str, str], ...] = ()
    settings: str = ""


def edited(edits: tuple[tuple[str, str], ...]) -> str:
    """The flow with the edits made."""
    text = FLOW
    for old, new in edits:
        assert text.count(old) == 1, (old, text.count(old))
        text = text.replace(old, new)
    return text


def above(place: str, decorator: str) -> tuple[str, str]:
    """A decorator above a step, or above `the class`."""
    indent = "" if place == "the class" else "    "
    return f"{indent}# above {place}\n", f"{indent}{decorator}\n"
