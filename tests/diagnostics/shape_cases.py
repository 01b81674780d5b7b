"""The graph (FC20x, FC26x, FC270)."""


def _flow(*steps: str) -> str:
    """A flow of steps written `name: transition` or `name(inputs): transition`; marks go under the transition's line."""
    lines = ["from metaflow import FlowSpec, parallel, step", "", "class F(FlowSpec):"]
    for step in steps:
        head, _, rest = step.partition(":")
        name, _, inputs = head.partition("(")
        decorators = [f"    @{word}" for word in name.split()[:-1]]
        name = name.split()[-1]
        arguments = "self, inputs" if inputs else "self"
        mark, _, body = rest.strip().rpartition("§")
        lines += [*decorators, "    @step", f"    def {name}({arguments}):"]
        if mark:
            lines.append(f"        {'^' * len(name)} {mark}")
        body, *marks = body.split("!")
        lines.append(f"        {body}")
        lines += [f"        {'^' * len(body)} {code}" for code in marks]
    return "\n".join(lines) + "\n"


_SET = "self.xs = [1]; "
_END = "end: pass"

CASES = {
    "a foreach that is never joined": """
from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.xs = [1]
        self.next(self.a, foreach="xs")
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ FC202

    @step
    def a(self):
        self.next(self.end)

    @step
    def end(self):
        pass
""",
    "a split that is never joined": _flow(
        "start: self.next(self.a, self.b)!FC203", "a: self.next(self.end)", "b: self.next(self.end)", _END
    ),
    "two splits, one in the other, and no join": _flow(
        "start: self.next(self.a, self.b)!FC203",
        "a: self.next(self.c, self.d)!FC203",
        "b: self.next(self.end)",
        "c: self.next(self.end)",
        "d: self.next(self.end)",
        _END,
    ),
    "a gang that is never joined": _flow(
        "start: self.next(self.a, num_parallel=2)!FC204", "parallel a: self.next(self.end)", _END
    ),
    "a join without a split": _flow("start: self.next(self.a)", "a(inputs): FC205§self.next(self.end)", _END),
    "the first step is a join": _flow("start(inputs): FC205§self.next(self.end)", _END),
    "a join of an inner and an outer branch": _flow(
        "start: self.next(self.a, self.b)",
        "a: self.next(self.c, self.d)",
        "c: self.next(self.j)",
        "d: self.next(self.j)",
        "b: self.next(self.j)",
        "j(inputs): FC206§self.next(self.end)",
        _END,
    ),
    "a branch that goes to the last step, past the join": _flow(
        "start: self.next(self.a, self.b, self.c)",
        "a: self.next(self.j)",
        "b: self.next(self.end)!FC207",
        "c: self.next(self.j)",
        "j(inputs): self.next(self.end)",
        _END,
    ),
    "the last step is the join": _flow(
        "start: self.next(self.a, self.b)",
        "a: self.next(self.end)",
        "b: self.next(self.end)",
        "end(inputs): FC208§pass",
    ),
    "branches that meet in a step": _flow(
        "start: self.next(self.a, self.b)",
        "a: self.next(self.c)",
        "b: self.next(self.c)",
        "c: FC209§self.next(self.j)",
        "j(inputs): self.next(self.end)",
        _END,
    ),
    "a step inside and outside of a foreach": """
from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.v = 1
        self.next({1: self.a, 2: self.c}, condition="v")

    @step
    def a(self):
        self.xs = [1]
        self.next(self.b, foreach="xs")

    @step
    def b(self):
        self.next(self.c)

    @step
    def c(self):
        ^ FC260
        self.next(self.j)

    @step
    def j(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
""",
    "one body for two foreaches": """
from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.v = 1
        self.xs = [1]
        self.next({1: self.a, 2: self.b}, condition="v")

    @step
    def a(self):
        self.next(self.c, foreach="xs")

    @step
    def b(self):
        self.next(self.c, foreach="xs")

    @step
    def c(self):
        ^ FC261
        self.next(self.j)

    @step
    def j(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
""",
    "one join for two splits side by side": """
from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.v = 1
        self.xs = [1]
        self.next({1: self.a, 2: self.b}, condition="v")

    @step
    def a(self):
        self.next(self.c, foreach="xs")

    @step
    def b(self):
        self.next(self.d, foreach="xs")

    @step
    def c(self):
        self.next(self.j)

    @step
    def d(self):
        self.next(self.j)

    @step
    def j(self, inputs):
        ^ FC261
        self.next(self.end)

    @step
    def end(self):
        pass
""",
    "branches joined in two places": _flow(
        "start: self.next(self.a, self.b)",
        "a: self.next(self.j)",
        "b: self.next(self.k)",
        "j(inputs): self.next(self.end)",
        "k(inputs): FC262§self.next(self.end)",
        _END,
    ),
    "a foreach straight into a join": """
from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.xs = [1]
        self.next(self.j, foreach="xs")
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ FC263

    @step
    def j(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
""",
    "a branch straight into the join": _flow(
        "start: self.next(self.a, self.j)!FC263", "a: self.next(self.j)", "j(inputs): self.next(self.end)", _END
    ),
    "a case straight into a join": """
from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.v = 1
        self.next(self.a, self.b)

    @step
    def a(self):
        self.next({1: self.j, 2: self.c}, condition="v")
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ FC264

    @step
    def b(self):
        self.next(self.j)

    @step
    def c(self):
        self.next(self.j)

    @step
    def j(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
""",
    "a circle": _flow(
        "start: self.next(self.a)", "a: self.next(self.b)", "b: self.next(self.c)", "c: self.next(self.a)!FC265", _END
    ),
    "a step that follows itself": _flow("start: self.next(self.a)", "a: self.next(self.a)!FC265", _END),
    "a loop of two steps through a switch": """
from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.next(self.a)

    @step
    def a(self):
        self.v = 1
        self.next(self.b)

    @step
    def b(self):
        self.next({1: self.a, 2: self.end}, condition="v")
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ FC265

    @step
    def end(self):
        pass
""",
    "steps that nothing leads to": _flow(
        "start: self.next(self.end)", "lost: FC266§self.next(self.found)", "found: self.next(self.end)", _END
    ),
    "back to the first step": _flow(
        "start: self.next(self.a)", "a: self.next(self.b, self.start)!FC267", "b: self.next(self.end)", _END
    ),
    "a join that repeats itself": """
from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.next(self.a, self.b)

    @step
    def a(self):
        self.next(self.j)

    @step
    def b(self):
        self.next(self.j)

    @step
    def j(self, inputs):
        self.v = 1
        self.next({1: self.j, 2: self.end}, condition="v")
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ FC268

    @step
    def end(self):
        pass
""",
    "a gang into a plain step": _flow(
        "start: self.next(self.a, num_parallel=2)!FC269",
        "a: self.next(self.j)",
        "j(inputs): self.next(self.end)",
        _END,
    ),
    "a parallel step without a gang": _flow("start: self.next(self.a)!FC270", "parallel a: self.next(self.end)", _END),
    "nodes of a gang that repeat": """
from metaflow import FlowSpec, parallel, step

class F(FlowSpec):
    @step
    def start(self):
        self.next(self.a, num_parallel=2)

    @parallel
    @step
    def a(self):
        self.v = 1
        self.next({1: self.a, 2: self.b}, condition="v")
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ FC631

    @step
    def b(self):
        self.next(self.j)

    @step
    def j(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
""",
    "a gang with @retry around it, and a step that repeats behind its nodes": """
from metaflow import FlowSpec, parallel, retry, step

class F(FlowSpec):
    @retry
    @step
    def start(self):
        self.next(self.a, num_parallel=2)

    @parallel
    @step
    def a(self):
        self.v = 1
        self.next(self.b)

    @retry
    @step
    def b(self):
        self.next({1: self.b, 2: self.c}, condition="v")

    @step
    def c(self):
        self.next(self.j)

    @step
    def j(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
""",
}
