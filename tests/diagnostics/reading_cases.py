"""What is no flow, and heads of steps (FC1xx, FC21x, FC22x)."""

CASES = {
    "no flow in the file": """
import os
^ FC105
""",
    "a flow whose FlowSpec is not imported": """
class SquaresFlow(FlowSpec):
      ^^^^^^^^^^^ FC105
    pass
""",
    "steps in classes that are no flows": """
from metaflow import Parameter, step

class Plain:
      ^^^^^ FC122
    alpha = Parameter("alpha", default=1)

    @step
    def start(self):
        pass

class Old(object):
      ^^^ FC122
    @step
    def start(self):
        pass

class Without(dict):
    def start(self):
        pass
""",
    "a base that nobody can read": """
from metaflow import step
from company.flows import BaseFlow

class F(BaseFlow):
        ^^^^^^^^ FC107
    @step
    def start(self):
        pass
""",
    "a syntax error": """
from metaflow import FlowSpec, step

class F(FlowSpec)
                 ^ FC103
    pass
""",
    "an open bracket": """
x = (1,
    ^ FC103
y = 2
""",
    "names of steps": """
from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.next(self._hidden)

    @step
    def _hidden(self):
        ^^^^^^^ FC210
        self.next(self.trainModel)

    @step
    def trainModel(self):
        ^^^^^^^^^^ FC210
        self.next(self.input)

    @step
    def input(self):
        ^^^^^ FC211
        self.next(self.end)

    @step
    def end(self):
        pass
""",
    "arguments of steps": """
from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start():
        ^^^^^ FC212
        self.next(self.end)

    @step
    def end(self, *inputs):
        ^^^ FC212
        pass
""",
    "a step that is a coroutine": """
from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    async def start(self):
              ^^^^^ FC213
        pass
""",
    "the same step twice": """
from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def start(self):
        ^^^^^ FC214
        self.next(self.end)

    @step
    def end(self):
        pass
""",
    "a parameter with the name of a step": """
from metaflow import FlowSpec, Parameter, step

class F(FlowSpec):
    end = Parameter("end-day", default=1)

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        ^^^ FC214
        pass
""",
    "a step under a condition": """
import sys
from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    if sys.platform == "linux":
        @step
        def end(self):
            ^^^ FC215
            pass
""",
    "a decorator below step": """
from metaflow import FlowSpec, retry, step

class F(FlowSpec):
    @step
    @retry(times=2)
     ^^^^^^^^^^^^^^ FC216
    def start(self):
        pass
""",
    "neither a first nor a last step": """
from metaflow import FlowSpec, step

class F(FlowSpec):
      ^ FC217
      ^ FC218
    @step
    def begin(self):
        self.next(self.finish)

    @step
    def finish(self):
        pass
""",
    "two first and two last steps": """
from metaflow import FlowSpec, step

class F(FlowSpec):
    @step(start=True)
    def a(self):
        self.next(self.y)

    @step
    def start(self):
        ^^^^^ FC219
        self.next(self.y)

    @step(end=True)
    def y(self):
        pass

    @step(end=True)
    def z(self):
        ^ FC220
        pass
""",
    "options of step": """
from metaflow import FlowSpec, step

class F(FlowSpec):
    @step(first=True)
          ^^^^^^^^^^ FC221
    def start(self):
        pass
""",
}
