"""Decorators and their options (FC39x, FC50x to FC52x)."""


def _step(*decorators: str, head: str = "", names: str = "*", flow: tuple[str, ...] = (), body: str = "") -> str:
    """A flow of two steps, the second with these decorators; `flow` are the class's. Marks follow their lines after `|`."""
    lines = [f"from metaflow import {names}", *head.strip("\n").split("\n"), "import os"]
    lines += [line for decorator in flow for line in _marked(decorator, "")]
    lines += ["class F(FlowSpec):", "    @step", "    def start(self):", "        self.next(self.a)"]
    lines += [line for decorator in decorators for line in _marked(decorator, "    ")]
    lines += ["    @step", "    def a(self):", *(body or "        self.next(self.end)").strip("\n").split("\n")]
    return "\n".join([*lines, "    @step", "    def end(self):", "        pass", ""])


def _marked(text: str, indent: str) -> list[str]:
    """`retry(times=<-1>) FC511`: the part between the signs is what the finding covers."""
    code = text[-5:] if text[-5:].startswith("FC") else ""
    text = text.removesuffix(code).rstrip()
    start = text.find("«")
    plain = text.replace("«", "").replace("»", "")
    lines = [f"{indent}@{plain}"]
    if code:
        width = text.find("»") - start - 1
        lines.append(" " * (len(indent) + 1 + start) + "^" * width + f" {code}")
    return lines


CASES = {
    "a value that only run time knows": _step("resources(«memory=os.cpu_count()») FC501"),
    "options that only run time knows": _step("resources(«**dict(os.environ)») FC502"),
    "an option by position": _step("retry(«3») FC503"),
    "a misspelt option": _step("retry(«time=3») FC504"),
    "an option of another decorator": _step("timeout(hours=1, «times=3») FC504"),
    "a misspelt decorator": _step("«retri(times=3)» FC505", names="FlowSpec, step, retri"),
    "a decorator that is not imported": _step("«retry» FC506", names="FlowSpec, step"),
    "a decorator of an extension": _step("«checkpoint» FC507", names="FlowSpec, step, checkpoint"),
    "a flow decorator on a step": _step("«schedule(daily=True)» FC508"),
    "a step decorator on a flow": _step(flow=("«retry(times=2)» FC508",)),
    "a decorator twice": _step("retry(times=2)", "«retry(times=3)» FC509"),
    "times that are a text": _step("retry(«times='many'») FC510"),
    "times that are a fraction": _step("retry(«times=1.5») FC510"),
    "negative retries": _step("retry(«times=-1») FC511"),
    "a negative pause": _step("retry(times=1, «minutes_between_retries=-2») FC511"),
    "memory that is no number": _step("resources(«memory='lots'») FC510"),
    "memory with a unit": _step("kubernetes(«memory='4Gi'») FC510"),
    "no memory at all": _step("batch(«memory=0») FC511"),
    "no cpu at all": _step("resources(«cpu=0») FC511"),
    "an image that is a number": _step("kubernetes(«image=3») FC510"),
    "labels that are a list": _step("kubernetes(«labels=['a']») FC510"),
    "a flag that is a text": _step("catch(var='x', «print_exception='no'») FC510"),
    "a swappiness beyond its range": _step("batch(«swappiness=200») FC511"),
    "an environment value that is a number": _step("environment(vars={'A': '1', 'B': «2»}) FC510"),
    "an environment that is a list": _step("environment(«vars=['A=1']») FC510"),
    "a name of a variable": _step("environment(vars={'A B': «'1'»}) FC527"),
    "catch on a foreach": _step(
        "«catch(var='x')» FC512",
        body="""
        self.xs = [1]
        self.next(self.b, foreach="xs")
    @step
    def b(self):
        self.next(self.j)
    @step
    def j(self, inputs):
        self.next(self.end)
""",
    ),
    "catch on a switch": _step(
        "«catch(var='x')» FC512",
        body="""
        self.v = 1
        self.next({1: self.b, 2: self.end}, condition="v")
    @step
    def b(self):
        self.next(self.end)
""",
    ),
    "a timeout without a time": _step("«timeout» FC513"),
    "a timeout of nothing": _step("«timeout(seconds=0)» FC513"),
    "a name to catch in": _step("catch(«var='my problem'») FC514"),
    "a cron of four fields": _step(flow=("schedule(«cron='0 6 * *'») FC520",)),
    "an hour that there is not": _step(flow=("schedule(«cron='0 26 * * *'») FC520",)),
    "six fields without a question mark": _step(flow=("schedule(«cron='0 6 * * 1 *'») FC520",)),
    "a time zone that there is not": _step(flow=("schedule(daily=True, «timezone='Europe/Berlim'») FC521",)),
    "two schedules": _step(flow=("schedule(cron='0 6 * * *', «hourly=True») FC522",)),
    "no schedule": _step(flow=("«schedule(daily=False)» FC523",)),
    "a project's name": _step(flow=("project(«name='My Project'») FC524",)),
    "a project's branch": _step(flow=("project(name='p', «branch='feature/x'») FC524",)),
    "a project without a name": _step(flow=("«project(branch='b')» FC525",)),
    "a secret in the source": _step("secrets(«sources=[{'type': 'inline', 'options': {'A': '1'}}]») FC526"),
    "secrets that are one text": _step("secrets(«sources='a'») FC510"),
    "a mutator": _step("«grow» FC393", head="class grow(StepMutator):\n    pass"),
    "a mutator that derives from another": _step(
        "«grow(by=2)» FC393", head="class plant(StepMutator):\n    pass\nclass grow(plant):\n    pass"
    ),
    "a mutator under another name": _step(
        "«grown» FC393", head="class grow(StepMutator):\n    pass\ngrown = grow(by=3)"
    ),
    "a flow mutator": _step(head="class grow(FlowMutator):\n    pass", flow=("«grow» FC393",)),
    "a flow mutator on a step": _step("«grow» FC508", head="class grow(FlowMutator):\n    pass"),
    "a step mutator on a flow": _step(head="class grow(StepMutator):\n    pass", flow=("«grow» FC508",)),
    "a user step decorator on a flow": _step(
        head="@user_step_decorator\ndef timed(name, flow, inputs):\n    yield", flow=("«timed» FC508",)
    ),
    "user step decorators, twice, and unknown artifacts": _step(
        "timed",
        "timed(unit='s')",
        "Guard",
        head="""
@user_step_decorator
def timed(name, flow, inputs, attributes):
    yield
class Guard(UserStepDecorator):
    pass
""",
        body="        print(self.by_guard)\n        self.next(self.end)",
    ),
    "a decorator that puts on others": _step(
        "«big» FC661", head="def big(function):\n    return resources(memory=64000)(function)"
    ),
    "a decorator that hides the step": _step(
        "«timed» FC662",
        "«noted('a')» FC662",
        "«Kept» FC662",
        head="""
def timed(function):
    def wrapped(self):
        return function(self)
    return wrapped
def noted(word):
    def decorate(function):
        def wrapped(self):
            self.word = word
            return function(self)
        return wrapped
    return decorate
class Kept:
    def __init__(self, function):
        self.function = function
    def __call__(self, flow):
        return self.function(flow)
""",
    ),
    "decorators that keep the step, or may": _step(
        "timed",
        "noted('a')",
        "marked",
        "Kept",
        "given",
        "Made(3)",
        head="""
import functools
def timed(function):
    @functools.wraps(function)
    def wrapped(self):
        return function(self)
    return wrapped
def noted(word):
    def decorate(function):
        def wrapped(self):
            return function(self)
        return functools.update_wrapper(wrapped, function)
    return decorate
def marked(function):
    print(function.__name__)
    return function
class Kept:
    def __init__(self, function):
        functools.update_wrapper(self, function)
    def __get__(self, flow, owner=None):
        return self.function.__get__(flow)
def given(function):
    if os.environ.get("TIMED"):
        def wrapped(self):
            return function(self)
        return wrapped
    return function
class Made:
    def __init__(self, count):
        self.count = count
    def __call__(self, function):
        return function
""",
    ),
    "environment read at import": """
import os
from metaflow import FlowSpec, environment, step

TOKEN = os.environ["TOKEN"]
        ^^^^^^^^^^^^^^^^^^^ FC528
os.environ["HOME_URL"] = "x"
URL = os.environ["HOME_URL"]
KIND = os.environ["KIND"]

class F(FlowSpec):
    @environment(vars={"KIND": "a"})
    @step
    def start(self):
        self.token = os.environ["TOKEN"]
""",
}
