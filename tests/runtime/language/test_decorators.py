"""`@step`: which function it marks, also above decorators of the author's own."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest
from flowc.exceptions import BadStepDecoratorException
from flowc.language.decorators import marks_of, retry, step
from flowc.language.flowspec import FlowSpec, steps_of


def _kept(function: Any) -> Any:
    @functools.wraps(function)
    def wrapped(*args: Any) -> Any:
        return function(*args)

    return wrapped


def _by_update(function: Any) -> Any:
    return functools.update_wrapper(lambda self, inputs: function(self, inputs), function)  # noqa: PLW0108 - another function


def _bare(function: Any) -> Any:
    def other(*args: Any) -> Any:
        return function(*args)

    return other


@pytest.mark.parametrize("decorator", [_kept, _by_update, lambda function: _kept(_by_update(function))])
def test_a_step_below_which_others_wrap_is_told_by_its_own_function(decorator: Callable[[Any], Any]) -> None:
    class Flow(FlowSpec):
        @retry(times=1)
        @step
        @decorator
        def join(self: Any, inputs: Any) -> Any:
            return inputs

    marks = steps_of(Flow)["join"]
    assert (marks.name, marks.join, marks.code.co_name) == ("join", True, "join")
    assert [each.name for each in marks.decorators] == ["retry"]
    assert Flow.join(None, 3) == 3


def test_another_function_in_its_place_is_told_when_the_flow_is_read() -> None:
    class Flow(FlowSpec):
        @step
        @_bare
        def start(self: Any) -> None:
            pass

    with pytest.raises(BadStepDecoratorException, match="'start' returns another function, 'other'"):
        steps_of(Flow)


@pytest.mark.parametrize("found", [functools.lru_cache(len), functools.partial(len), 5])
def test_what_is_no_function_is_refused_at_once(found: object) -> None:
    with pytest.raises(BadStepDecoratorException):
        step(found)


def test_a_function_that_names_itself_ends_the_search() -> None:
    def own(self: Any) -> None: ...

    own.__wrapped__ = own  # type: ignore[attr-defined]
    found = marks_of(step(own))
    assert found is not None
    assert found.code is own.__code__
