"""What brings decorators of the language without being one (FC58x, FC661): told at its line, or understood."""

from __future__ import annotations

from tests.diagnostics.option_cases import _step


def _flow(head: str, tail: str = "", body: str = "") -> str:
    """A flow of one step; `head` stands before the class, `body` in it and `tail` behind it, with their marks."""
    lines = ["from metaflow import *", "", *head.strip("\n").split("\n"), "class F(FlowSpec):"]
    lines += ["    @step", "    def start(self):", "        pass", *body.strip("\n").split("\n")]
    return "\n".join([*lines, *tail.strip("\n").split("\n"), ""])


def _below(*decorators: str) -> str:
    """A flow with a step for each decorator, which stands below `@step`; the code behind one is found there."""
    lines = [*_BELOW.strip("\n").split("\n"), "class F(FlowSpec):"]
    names = ["start", *(f"s{at}" for at in range(1, len(decorators))), "end"]
    for name, following, decorator in zip(names, names[1:], decorators, strict=False):
        code = decorator[-5:] if decorator[-5:].startswith("FC") else ""
        text = decorator.removesuffix(code).rstrip()
        lines += ["    @step", f"    @{text}", *([f"     {'^' * len(text)} {code}"] if code else [])]
        lines += [f"    def {name}(self):", f"        self.next(self.{following})"]
    return "\n".join([*lines, "    @step", "    def end(self):", "        pass", ""])


_BELOW = """
import functools, typing, tenacity, company.tools
from contextlib import contextmanager
from functools import update_wrapper, wraps as keeping
from metaflow import *
def bare(function):
    def inner(self):
        return function(self)
    return inner
def by_hand(function):
    def inner(self):
        return function(self)
    inner.__dict__.update(function.__dict__)
    return inner
def nothing(function):
    print(function)
class Held:
    def __init__(self, function):
        update_wrapper(self, function)
def applies(function):
    return batch(cpu=1)(wrapped(function))
def unclear(count):
    return KNOWN[count]
@user_step_decorator
def user(step_name, flow, inputs):
    yield
def wrapped(function):
    @keeping(function)
    def inner(*args):
        return function(*args)
    return inner
def deep(word):
    def decorate(function):
        if word:
            return wrapped(function)
        else:
            return function
    return decorate
class Made:
    def __init__(self, count):
        self.count = count
    def __call__(self, function):
        def inner(flow):
            function(flow)
        update_wrapper(inner, function)
        return inner
    def on(self, function):
        return functools.update_wrapper(wrapped(function), function)
made = Made(2)
def optional(function=None, *, word=""):
    if function is None:
        return lambda inner: optional(inner, word=word)
    return functools.wraps(function)(lambda self: function(self))
def handed(function):
    inner = company.tools.make(function)
    inner.__wrapped__ = function
    return inner
@contextmanager
def within():
    yield
identity = lambda function: function
partly = functools.partial(optional, word="b")
"""

CASES = {
    "a decorator within another's call": _step(
        "«enable_decorator(kubernetes(gpu=1, image='i'), flag=os.environ)» FC661",
        "«enable_decorator(card)» FC661",
        "«when(True, then=[secrets])» FC661",
        "«when(True, then=[Adds])» FC661",
        head="""
from company.tools import enable_decorator
class Adds(StepMutator):
    def mutate(self, mutable_step):
        mutable_step.add_decorator("retry:times=1")
def when(flag, then):
    return then[0] if flag else None
""",
    ),
    "what a name, a list or a dict keeps": _step(
        "«put(gpu)» FC661",
        "«put(*BOTH)» FC661",
        "«BY_NAME['late']» FC661",
        "«first» FC661",
        "«each(times=1)» FC661",
        "«matched» FC661",
        head="""
from company.tools import put
gpu = kubernetes(gpu=1)
BOTH = [catch, timeout(minutes=5)]
BY_NAME = {}
BY_NAME["late"] = retry(times=3)
first, second = resources(cpu=2), None
for each in (batch,):
    pass
match len(BOTH):
    case 2:
        matched = card(type="blank")
    case _:
        matched = put
""",
    ),
    "functions and classes that lead to one": _step(
        "«directly» FC661",
        "«Kept(2)» FC661",
        "«kept.on» FC661",
        "«for_itself» FC661",
        "«over_two» FC661",
        head="""
import importlib
BIG = resources(cpu=8)
def over_two(function):
    return directly(function)
def directly(function):
    return BIG(function)
class Kept:
    def __init__(self, count):
        self.count = count
    def __call__(self, function):
        return batch(cpu=self.count)(function)
    def on(self, function):
        return self(function)
kept = Kept(1)
def for_itself(function):
    from metaflow import kubernetes as pods
    return pods(cpu=1)(function)
""",
    ),
    "the language by a text": _step(
        "«getattr(metaflow, 'retry')(times=2)» FC661",
        "«mf.timeout(seconds=5)» FC661",
        "«globals()['batch']» FC661",
        head="""
import importlib
import metaflow
mf = importlib.import_module("metaflow")
""",
    ),
    "a name that an import had before": _step(
        "«timeout()» FC661",
        "«later» FC661",
        names="FlowSpec, step",
        head="""
import functools
from metaflow import retry, timeout
timeout = functools.partial(timeout, seconds=5)
(later := retry(times=2))
""",
    ),
    "decorators put together": _step(
        "«both» FC661",
        "«compose(card, secrets(sources=['a']))» FC661",
        "(«lambda function: batch(cpu=1)(function)») FC661",
        head="""
from company.tools import compose
both = compose(retry(times=1), timeout(seconds=5))
""",
    ),
    "a flow's decorator within another's call": """
from metaflow import FlowSpec, schedule, project, step
from company.tools import enable

@enable(schedule(daily=True))
 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ FC661
class F(FlowSpec):
    @step
    def start(self):
        pass
""",
    "decorators that the text alone tells": _step(
        "PRESETS['gpu'][0]",
        "(catch if LATE else retry)(var='error')",
        "sized(image='i')",
        "Named.soon",
        "sturdy(2)",
        "(plain if LATE else batch)",
        head="""
from functools import partial
LATE = 1 + 1 == 2
PRESETS = {"gpu": [resources(gpu=1)]}
sized = partial(kubernetes, cpu=2)
class Named:
    soon = timeout(seconds=60)
def sturdy(times, **more):
    '''Tries again.'''
    return retry(times=times, **more)
def plain(function):
    return function
""",
    ),
    "mistakes in decorators that the text alone tells": """
from metaflow import FlowSpec, retry, resources, step

MORE = {"times": -1}

def sturdy(**options):
    return retry(**options)
                 ^^^^^^^^^ FC511

class F(FlowSpec):
    @sturdy(**MORE)
     ^^^^^^^^^^^^^^ FC661
    @step
    def start(self):
        self.next(self.end)

    @sturdy(times=-1)
    @step
    def end(self):
        pass
""",
    "what the language has under the same names is no decorator": _step(
        "shown",
        "counted",
        head="""
import functools
import company
def shown(function):
    @functools.wraps(function)
    def wrapped(self):
        function(self)
        current.card.append(company.batch, current.trigger, company.retry)
    return wrapped
class counted:
    def __init__(self, function):
        functools.update_wrapper(self, function)
        self.batch = self.retry = function
    def __get__(self, instance, owner):
        return functools.partial(self.batch, instance)
""",
    ),
    "a decorator that a call puts on": _flow(
        "from company import tools",
        """
retry(times=3)(F.start)
^^^^^^^^^^^^^^^^^^^^^^^ FC580
for name in ("start",):
    setattr(F, name, timeout(minutes=1)(getattr(F, name)))
                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ FC580
tools.apply(F, [schedule(daily=True)])
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ FC580
tools.apply(F, "daily")
""",
    ),
    "calls that put nothing on": _flow(
        """
def sturdy(function):
    return retry(times=1)(function)
late = lambda function: timeout(minutes=1)(function)
ALL = [sturdy, late, catch(var="error")]
print(len(ALL))
""",
        """
if __name__ == "__main__":
    F()
""",
    ),
    "a function that puts one on": _flow(
        """
def enable(flow):
    return schedule(daily=True)(flow)
""",
        """
enable(F)
^^^^^^^^^ FC580
""",
    ),
    "a call that nobody runs": _flow(
        "PRODUCTION = True",
        """
if __name__ == "__main__":
    if PRODUCTION:
        schedule(daily=True)(F)
        ^^^^^^^^^^^^^^^^^^^^^^^ FC581
    F()
""",
    ),
    "a step that is none by the text": _flow(
        "PLAIN = None",
        body="""
    def _end(self):
        pass
    end = step(_end)
          ^^^^^^^^^^ FC581
""",
    ),
    "a class that a call stands for": """
from metaflow import FlowSpec, project, step

class F(FlowSpec):
    @step
    def start(self):
        pass

F = project(name="films")(F)
^^^^^^^^^^^^^^^^^^^^^^^^^^^^ FC581
""",
    "bases that decorate what derives from them": """
from metaflow import FlowSpec, retry, step

class Sturdy(FlowSpec):
    def __init_subclass__(cls, **more):
        ^^^^^^^^^^^^^^^^^ FC580
        retry(times=2)(cls.start)

class F(Sturdy):
    @step
    def start(self):
        pass
""",
    "decorators below step that lose the function": _below(
        "bare FC216",
        "by_hand FC216",
        "nothing FC216",
        "Held FC216",
        "applies FC216",
        "unclear(1) FC216",
        "functools.lru_cache FC216",
        "property FC216",
        "timeout(seconds=5) FC216",
        "user FC216",
    ),
    "decorators below step that keep the function": _below(
        "wrapped",
        "deep('a')",
        "Made(1)",
        "made.on",
        "optional",
        "optional(word='a')",
        "handed",
        "within()",
        "identity",
        "partly",
        "tenacity.retry(stop=1)",
        "company.tools.traced",
        "typing.no_type_check",
    ),
}
