"""`self.next(...)`: where it stands and what it says (FC23x to FC25x)."""


def _flow(body: str, *, more: str = "") -> str:
    """A flow whose `start` has this body, with steps `a`, `b`, the join `j` and `end`."""
    head = "from metaflow import FlowSpec, step\n\nclass F(FlowSpec):\n    @step\n    def start(self):\n"
    return head + body.strip("\n") + "\n" + (more or _REST)


_STEP = "\n    @step\n    def {}(self{}):\n        {}\n"
_REST = (
    _STEP.format("a", "", "self.next(self.j)")
    + _STEP.format("b", "", "self.next(self.j)")
    + _STEP.format("j", ", inputs", "self.next(self.end)")
    + _STEP.format("end", "", "pass")
)
_LINE = _STEP.format("a", "", "self.next(self.end)") + _STEP.format("end", "", "pass")
_ARMS = (
    _STEP.format("a", "", "self.next(self.end)")
    + _STEP.format("b", "", "self.next(self.end)")
    + _STEP.format("end", "", "pass")
)

CASES = {
    "no transition": """
from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        ^^^^^ FC230
        self.x = 1

    @step
    def end(self):
        pass
""",
    "a transition that is not the last statement": _flow(
        """
        self.next(self.a)
        ^^^^^^^^^^^^^^^^^ FC231
        print("bye")
""",
        more=_LINE,
    ),
    "transitions in the arms of an if": _flow(
        """
        self.x = 1
        if self.x:
            self.next(self.a)
        else:
            self.next(self.a)
            ^^^^^^^^^^^^^^^^^ FC231
""",
        more=_LINE,
    ),
    "a returned transition": _flow(
        """
        return self.next(self.a)
               ^^^^^^^^^^^^^^^^^ FC232
""",
        more=_LINE,
    ),
    "a transition in a walrus": _flow(
        """
        (x := self.next(self.a))
              ^^^^^^^^^^^^^^^^^ FC232
""",
        more=_LINE,
    ),
    "a transition in a with block": _flow(
        """
        with open("f"):
            self.next(self.a)
            ^^^^^^^^^^^^^^^^^ FC233
""",
        more=_LINE,
    ),
    "a transition in a try block": _flow(
        """
        try:
            self.x = 1
            if self.x:
                self.next(self.a)
                ^^^^^^^^^^^^^^^^^ FC233
        except ValueError:
            pass
""",
        more=_LINE,
    ),
    "a return before any transition": _flow(
        """
        if 1:
            return
            ^^^^^^ FC252
        for x in []:
            with open(x) as f:
                return None
                ^^^^^^^^^^^ FC252
        self.next(self.a)
""",
        more=_LINE,
    ),
    "right: returns that are the step's own business": _flow(
        """
        def inner():
            with open("x"):
                return 1
        class Local:
            def method(self):
                return 2
        if inner():
            self.next(self.a)
            return
        self.next(self.a)
        return
""",
        more=_LINE,
    ),
    "an early transition that goes on": _flow(
        """
        if 1:
            self.next(self.a)
            ^^^^^^^^^^^^^^^^^ FC234
        self.next(self.a)
""",
        more=_LINE,
    ),
    "an early transition to another step": _flow(
        """
        if 1:
            self.next(self.b)
            ^^^^^^^^^^^^^^^^^ FC235
            return
        self.next(self.a)
""",
        more=_LINE.replace("self.end", "self.b") + _STEP.format("b", "", "self.next(self.end)"),
    ),
    "a last step that goes on": """
from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        self.next(self.start)
        ^^^^^^^^^^^^^^^^^^^^^ FC236
""",
    "no target": _flow(
        """
        self.next()
        ^^^^^^^^^^^ FC237
""",
        more=_LINE,
    ),
    "starred targets": _flow(
        """
        self.next(*[self.a, self.b])
                  ^^^^^^^^^^^^^^^^^ FC238
"""
    ),
    "keywords out of a dict": _flow(
        """
        self.next(self.a, **{"foreach": "xs"})
                          ^^^^^^^^^^^^^^^^^^^ FC238
"""
    ),
    "a keyword that there is not": _flow(
        """
        self.xs = [1]
        self.next(self.a, for_each="xs")
                          ^^^^^^^^^^^^^ FC239
""",
        more=_LINE,
    ),
    "two keywords at once": _flow(
        """
        self.xs = [1]
        self.next(self.a, foreach="xs", num_parallel=2)
                                        ^^^^^^^^^^^^^^ FC240
""",
        more=_LINE,
    ),
    "targets that are no steps": _flow(
        """
        self.next(F.a, self.x.b, "end")
                  ^^^ FC241
                       ^^^^^^^^ FC241
                                 ^^^^^ FC241
"""
    ),
    "a step that there is not": _flow(
        """
        self.next(self.finish)
                  ^^^^^^^^^^^ FC242
""",
        more=_LINE,
    ),
    "a misspelt step": """
from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.next(self.trian)
                  ^^^^^^^^^^ FC242

    @step
    def train(self):
        self.next(self.end)

    @step
    def end(self):
        pass
""",
    "a method without step in the middle, which two steps go on to": """
from metaflow import FlowSpec, retry, step

class F(FlowSpec):
    @step
    def start(self):
        self.x = 1
        self.next({1: self.fit, 2: self.tune}, condition="x")

    @step
    def tune(self):
        self.next(self.fit)

    def fit(self):
        ^^^ FC271
        self.next(self.end)

    @step
    def end(self):
        pass
""",
    "a first step without step, where the rest is a flow of its own": """
import metaflow as mf

class F(mf.FlowSpec):
    def start(self):
        ^^^^^ FC271
        self.next(self.end)

    @mf.step
    def end(self):
        pass
""",
    "a last step without step that only its name tells": """
from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.next(self.left)

    @step
    def left(self):
        pass

    def end(self):
        ^^^ FC271
        pass
""",
    "a method that says what follows, and that nothing goes on to": """
from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    def clean(self):
        ^^^^^ FC272
        self.next(self.end)

    def sizes(self):
        return [1, 2]

    @step
    def end(self):
        pass
""",
    "the last step is missing, and a transition goes there": """
from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.next(self.end)
                  ^^^^^^^^ FC242
""",
    "a target twice": _flow(
        """
        self.next(self.a, self.b, self.a)
                                  ^^^^^^ FC243
"""
    ),
    "a foreach over two steps": _flow(
        """
        self.xs = [1]
        self.next(self.a, self.b, foreach="xs")
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ FC244
"""
    ),
    "a foreach over a value": _flow(
        """
        self.xs = [1]
        self.next(self.a, foreach=self.xs)
                                  ^^^^^^^ FC245
""",
        more=_REST.replace("def b", "def c").replace("    @step\n    def c(self):\n        self.next(self.j)\n", ""),
    ),
    "a switch without a condition": _flow(
        """
        self.next({"x": self.a, "y": self.b})
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ FC246
""",
        more=_ARMS,
    ),
    "a condition without cases": _flow(
        """
        self.v = 1
        self.next(self.a, self.b, condition="v")
                                  ^^^^^^^^^^^^^ FC247
"""
    ),
    "keys of a switch": _flow(
        """
        self.v = 1
        self.next({1.5: self.a, (1, 2): self.b, self.v: self.a}, condition="v")
                   ^^^ FC248
                                ^^^^^^ FC248
                                                ^^^^^^ FC248
""",
        more=_ARMS,
    ),
    "a key twice": _flow(
        """
        self.v = 1
        self.next({"x": self.a, "x": self.b, True: self.a, 1: self.b}, condition="v")
                                ^^^ FC249
                                                           ^ FC249
""",
        more=_ARMS,
    ),
    "one case": _flow(
        """
        self.v = 1
        self.next({"x": self.a}, condition="v")
                  ^^^^^^^^^^^^^ FC250
""",
        more=_LINE,
    ),
    "a gang of none": """
from metaflow import FlowSpec, parallel, step

class F(FlowSpec):
    @step
    def start(self):
        self.next(self.a, num_parallel=0)
                                       ^ FC251

    @parallel
    @step
    def a(self):
        self.next(self.j)

    @step
    def j(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
""",
}
