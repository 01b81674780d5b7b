"""Prepared pairs whose steps, ways and code differ: what is edited, and exactly what that means."""

from __future__ import annotations

from compiler.difference.changes import (
    FlowDocChanged,
    FlowRenamed,
    StepAdded,
    StepRemoved,
    StepRenamed,
    TransitionAdded,
    TransitionChanged,
    TransitionRemoved,
)
from compiler.difference.part_changes import (
    ArtifactRead,
    ArtifactSet,
    ArtifactUnread,
    ArtifactUnset,
    DecoratorAdded,
    HelpersChanged,
    JoinCarries,
    JoinLoses,
    StepCodeChanged,
    StepDocChanged,
)
from tests.difference.prepared import Case

PLAN = (
    Case(
        "comments and formatting",
        (("# above the class", "# another\n\n"), ("[1, 2]", "[\n            1,\n            2,\n        ]")),
        (),
    ),
    Case(
        "a step is renamed",
        (("def left", "def port"), ("self.next(self.left,", "self.next(self.port,")),
        ((StepRenamed("left", "port"), "step `left` is called `port` now"),),
    ),
    Case(
        "a step is renamed and its code is another",
        (
            ("def left", "def port"),
            ("self.next(self.left,", "self.next(self.port,"),
            ("tidy(self.rows) * 3", "tidy(self.rows) * 4"),
        ),
        (
            (StepRenamed("left", "port"), "step `left` is called `port` now"),
            (StepCodeChanged("port"), "the code of `port` is another"),
        ),
    ),
    Case(
        "a step comes in between",
        (
            (
                "self.next(self.end)",
                "self.next(self.clean)\n\n    @retry(times=2)\n    @step\n    def clean(self):\n"
                "        self.done = self.total > 1\n        self.next(self.end)",
            ),
        ),
        (
            (StepAdded("clean"), "step `clean` is new"),
            (TransitionAdded("gather", "clean"), "`gather` now goes on to `clean`"),
            (TransitionRemoved("gather", "end"), "`gather` no longer goes on to `end`"),
            (TransitionAdded("clean", "end"), "`clean` now goes on to `end`"),
            (DecoratorAdded("clean", "@retry(times=2)"), "`clean` now has `@retry(times=2)`"),
        ),
    ),
    Case(
        "a branch goes",
        (
            ("self.next(self.left, self.right)", "self.next(self.left)"),
            (
                "        self.a = tidy(self.rows) * 3\n        self.next(self.join)",
                '        self.a = tidy(self.rows) * 3\n        self.next(self.each, foreach="items")',
            ),
            (
                """    # above right
    @step
    def right(self):
        self.b = [self.alpha, self.kind, LIMIT]
        self.next(self.join)

    # above join
    @step
    def join(self, inputs):
        self.merge_artifacts(inputs)
        self.next(self.each, foreach="items")

""",
                "",
            ),
        ),
        (
            (StepRemoved("right"), "step `right` is gone"),
            (StepRemoved("join"), "step `join` is gone"),
            (TransitionRemoved("start", "right"), "`start` no longer goes on to `right`"),
            (
                TransitionChanged("start", "-> left, right", "-> left"),
                "`start` goes on otherwise: `-> left`, before `-> left, right`",
            ),
            (TransitionAdded("left", "each"), "`left` now goes on to `each`"),
            (TransitionRemoved("left", "join"), "`left` no longer goes on to `join`"),
            (
                TransitionChanged("left", "-> join", "-> each for each of items"),
                "`left` goes on otherwise: `-> each for each of items`, before `-> join`",
            ),
            (TransitionRemoved("right", "join"), "`right` no longer goes on to `join`"),
            (TransitionRemoved("join", "each"), "`join` no longer goes on to `each`"),
            (ArtifactRead("left", "items"), "`left` now reads `items`"),
        ),
    ),
    Case(
        "the branches change places",
        (("self.next(self.left, self.right)", "self.next(self.right, self.left)"),),
        (
            (
                TransitionChanged("start", "-> left, right", "-> right, left"),
                "`start` goes on otherwise: `-> right, left`, before `-> left, right`",
            ),
        ),
    ),
    Case(
        "a foreach over another artifact",
        (('foreach="items"', 'foreach="many"'), ("self.items = [1, 2]", "self.many = [1, 2]")),
        (
            (
                TransitionChanged("join", "-> each for each of items", "-> each for each of many"),
                "`join` goes on otherwise: `-> each for each of many`, before `-> each for each of items`",
            ),
            (ArtifactSet("start", "many"), "`start` now sets `many`"),
            (ArtifactUnset("start", "items"), "`start` no longer sets `items`"),
            (ArtifactRead("join", "many"), "`join` now reads `many`"),
            (ArtifactUnread("join", "items"), "`join` no longer reads `items`"),
            (JoinCarries("join", "many"), "the join `join` now carries `many` on"),
            (JoinLoses("join", "items"), "the join `join` no longer carries `items` on"),
            (StepCodeChanged("start"), "the code of `start` is another"),
        ),
    ),
    Case(
        "methods stand in another order",
        (
            (
                """    # above right
    @step
    def right(self):
        self.b = [self.alpha, self.kind, LIMIT]
        self.next(self.join)

""",
                "",
            ),
            (
                "    # above left\n",
                """    @step
    def right(self):
        self.b = [self.alpha, self.kind, LIMIT]
        self.next(self.join)

    # above left
""",
            ),
        ),
        (),
    ),
    Case(
        "the code of a step",
        (("tidy(self.rows) * 3", "tidy(self.rows) * 30"),),
        ((StepCodeChanged("left"), "the code of `left` is another"),),
    ),
    Case(
        "a function beside the steps",
        (("return value + 1", "return value + 2"),),
        ((HelpersChanged(("tidy",)), "code beside the steps is another: `tidy`"),),
    ),
    Case(
        "a name beside the steps, and an import",
        (("LIMIT = 3", "LIMIT = 4\nimport json"),),
        ((HelpersChanged(("the imports", "LIMIT")), "code beside the steps is another: `the imports`, `LIMIT`"),),
    ),
    Case(
        "the docstrings",
        (('"""Train a model."""', '"""Train it."""'), ('"""The left one."""', '"""Left."""')),
        (
            (FlowDocChanged("TrainFlow"), "the description of `TrainFlow` is another"),
            (StepDocChanged("left"), "the description of `left` is another"),
        ),
    ),
    Case(
        "the flow is renamed",
        (("class TrainFlow", "class FitFlow"),),
        ((FlowRenamed("TrainFlow", "FitFlow"), "flow `TrainFlow` is called `FitFlow` now"),),
    ),
)
