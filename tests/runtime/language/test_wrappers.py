"""User step decorators: in which order they act, what they may swallow, replace and leave out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stages.task import Stage

FLOW = """
import functools
from flowc import FlowSpec, USER_SKIP_STEP, UserStepDecorator, catch, retry, step, timeout, user_step_decorator

def said(flow, word):
    flow.said = [*flow.__dict__.get("said", []), word]

@user_step_decorator
def around(step_name, flow, inputs, attributes):
    word = attributes.get("word", step_name)
    said(flow, f"+{word}")
    try:
        yield
    except ValueError as error:
        said(flow, f"took {error}")
    said(flow, f"-{word}")

@user_step_decorator
def skipped(step_name, flow, inputs):
    yield USER_SKIP_STEP

@user_step_decorator
def silent(step_name, flow, inputs):
    if flow is None:
        yield

@user_step_decorator
def twice(step_name, flow, inputs):
    yield
    yield

@user_step_decorator
def raises(step_name, flow, inputs):
    yield
    raise KeyError("after")

@user_step_decorator
def cleans(step_name, flow, inputs):
    try:
        yield
    finally:
        said(flow, "cleaned")

def instead(returned, goes_on=False):
    @user_step_decorator
    def decorator(step_name, flow, inputs):
        def other(flow):
            said(flow, "other")
            if goes_on:
                flow.next(flow.end)
            return returned
        yield other
    return decorator

class Plain(UserStepDecorator):
    def init(self, word="plain"):
        self.word = word
    def pre_step(self, step_name, flow, inputs=None):
        said(flow, f"+{self.word}")
    def post_step(self, step_name, flow, exception=None):
        said(flow, f"-{self.word} {type(exception).__name__}")
        return exception

class Inherits(Plain):
    pass

class Swallows(UserStepDecorator):
    def post_step(self, step_name, flow, exception=None):
        pass

class Skips(UserStepDecorator):
    def pre_step(self, step_name, flow, inputs=None):
        self.skip_step = True

class SkipsEmpty(UserStepDecorator):
    def pre_step(self, step_name, flow, inputs=None):
        self.skip_step = USER_SKIP_STEP

class Odd(UserStepDecorator):
    def post_step(self, step_name, flow, exception=None):
        return 3

class NoInit(UserStepDecorator):
    pass

def wrapped(function):
    @functools.wraps(function)
    def inner(self):
        said(self, "wrapped")
        function(self)
    return inner

class F(FlowSpec):
    DECORATORS
    @step
    def start(self):
        said(self, "start")
        BODY
        self.next(self.end)
    @step
    def end(self):
        pass
"""


def _stage(folder: Path, decorators: str, body: str = "pass") -> Stage:
    return Stage(folder, FLOW.replace("DECORATORS", decorators.replace(" @", "\n    @")).replace("BODY", body))


@pytest.mark.parametrize(
    ("decorators", "body", "expected"),
    [
        ("@around @Plain", "pass", ["+start", "+plain", "start", "-plain NoneType", "-start"]),
        ("@Plain @around(word='w')", "pass", ["+plain", "+w", "start", "-w", "-plain NoneType"]),
        ("@around @wrapped", "pass", ["+start", "wrapped", "start", "-start"]),
        ("@wrapped @around", "pass", ["+start", "wrapped", "start", "-start"]),
        ("@retry(times=1) @around() @catch(var='x')", "pass", ["+start", "start", "-start"]),
        ("@Plain(word='a') @Inherits(word='b')", "pass", ["+a", "+b", "start", "-b NoneType", "-a NoneType"]),
        (
            "@around @Plain",
            "raise ValueError(1)",
            ["+start", "+plain", "start", "-plain ValueError", "took 1", "-start"],
        ),
        ("@Plain @around", "raise ValueError(1)", ["+plain", "+start", "start", "took 1", "-start", "-plain NoneType"]),
        ("@Swallows", "raise KeyError", ["start"]),
        ("@skipped", "pass", []),
        ("@skipped @around", "pass", []),
        ("@around @skipped", "pass", ["+start", "-start"]),
        ("@Plain @Skips", "pass", ["+plain", "-plain NoneType"]),
        ("@SkipsEmpty", "pass", []),
        ("@silent", "pass", []),
        ("@instead(True)", "pass", ["other"]),
        ("@around @instead({}) @Plain", "pass", ["+start", "other", "-start"]),
        ("@instead(None, goes_on=True)", "pass", ["other"]),
        ("@instead(False, goes_on=True)", "pass", ["other"]),
        ("@around @raises @Swallows", "pass", None),
        ("@Swallows @raises", "pass", ["start"]),
    ],
)
def test_they_act_from_the_outside_in_and_back(
    tmp_path: Path, decorators: str, body: str, expected: list[str] | None
) -> None:
    stage = _stage(tmp_path, decorators, body)
    if expected is None:
        assert stage.do("start").exit_code == 1
        return
    left = stage.done("start")
    assert (left["said"] if "said" in left.names else []) == expected
    stage.done("end", "start")


@pytest.mark.parametrize(
    ("decorators", "body", "text"),
    [
        ("@twice", "pass", "YieldedTwice: @twice yields more than once"),
        ("@Swallows @twice", "pass", "yields more than once"),
        ("@raises", "pass", "KeyError: 'after'"),
        ("@Odd", "pass", "post_step returns an exception, None, or a pair"),
        ("@NoInit(word='x')", "pass", "has no method `init`"),
        ("@skipped(word='x')", "pass", "does not take `attributes`"),
        ("@instead({'foreach': 'xs'})", "pass", "gives self.next 'foreach', which the step's own does not have"),
        ("@instead(3)", "pass", "gives self.next 3"),
        ("@instead(None)", "pass", "ended without self.next"),
        ("@around @Plain", "raise KeyError('x')", "KeyError: 'x'"),
    ],
)
def test_what_fails_the_step(tmp_path: Path, decorators: str, body: str, text: str) -> None:
    reported = _stage(tmp_path, decorators, body).do("start")
    assert reported.exit_code == 1
    assert reported.failure is not None
    assert text in reported.failure.stacktrace


def test_a_timeout_cannot_be_swallowed_but_is_seen(tmp_path: Path) -> None:
    stage = _stage(tmp_path, "@Swallows @cleans @Plain @timeout(seconds=1)", "__import__('time').sleep(20)")
    reported = stage.do("start")
    assert reported.exit_code == 1
    assert reported.failure is not None
    assert reported.failure.type == "flowc.exceptions.TimeoutException"


def test_catch_sees_what_the_decorators_let_through(tmp_path: Path) -> None:
    stage = _stage(tmp_path, "@catch(var='problem', print_exception=False) @Plain", "raise KeyError('x')")
    left = stage.done("start")
    assert left["said"] == ["+plain", "start", "-plain KeyError"]
    assert left["problem"].type == "builtins.KeyError"


def test_a_step_left_out_takes_its_own_foreach_and_switch(tmp_path: Path) -> None:
    stage = Stage(
        tmp_path,
        FLOW[: FLOW.index("class F")]
        + """
class F(FlowSpec):
    @step
    def start(self):
        self.items, self.way = [1, 2, 3], "b"
        self.next(self.fan)
    @skipped
    @step
    def fan(self):
        self.next(self.body, foreach="items")
    @skipped
    @step
    def body(self):
        self.next({"a": self.one, "b": self.two}, condition="way")
    @step
    def one(self):
        self.next(self.join)
    @step
    def two(self):
        self.next(self.join)
    @skipped
    @step
    def join(self, inputs):
        self.next(self.end)
    @step
    def end(self):
        pass
""",
    )
    stage.done("start")
    assert stage.do("fan", "start").fan == 3
    assert stage.do("body", "foreach:fan", "1").case == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("@user_step_decorator\ndef plain(step_name, flow, inputs): pass", "must stand above a function that yields"),
        ("@user_step_decorator\ndef few(flow): yield", "few: a user step decorator takes step_name, flow, inputs"),
        ("class D(UserStepDecorator): pass\nD(3)", "takes its arguments by name"),
        ("class D(UserStepDecorator): pass\nD()(lambda self: 1)", "must stand above @step"),
    ],
)
def test_what_is_no_user_step_decorator_says_so(text: str, words: str) -> None:
    from flowc.exceptions import MetaflowException

    with pytest.raises(MetaflowException, match=words):
        exec(f"from flowc import UserStepDecorator, user_step_decorator\n{text}", {"__name__": "x"})
