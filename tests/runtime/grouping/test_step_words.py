"""What the compiler writes of a container is what the container reads."""

from __future__ import annotations

import pytest
from flowc.exceptions import CallMistake
from flowc.grouping.step_words import StepWord, parse_step_word
from hypothesis import given
from hypothesis import strategies as st

from compiler.backends.command import step_word
from compiler.ir.flow import Span
from compiler.ir.plan import Begin, Chunk, Resources, Task
from compiler.slotted_class import replaced

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True)
SPAN = Span("flow.py", 1, 1, 1, 1)


def _task(step: str, *, repeats: bool = False) -> Task:
    return Task(
        step, (), (), Begin(), 0, None, False, None, None, False, None, Resources(), (), (), None, SPAN, repeats=repeats
    )


@given(
    st.lists(st.tuples(NAMES, st.booleans()), min_size=1, max_size=4),
    st.none() | st.builds(Chunk, st.integers(1, 10**6), st.integers(1, 64)),
    st.integers(1, 10**6),
)
def test_a_word_says_what_the_plan_has(steps: list[tuple[str, bool]], chunk: Chunk | None, counts_by: int) -> None:
    tasks = tuple(_task(name, repeats=repeats) for name, repeats in steps)
    group = tasks if len(tasks) > 1 or chunk else ()
    word = step_word(replaced(tasks[0], group=group, chunk=chunk, counts_by=counts_by))
    assert parse_step_word(word) == StepWord(
        tuple(f"{name}~" if repeats else name for name, repeats in steps),
        chunk.size if chunk else 0,
        chunk.workers if chunk else 1,
        counts_by,
    )


@pytest.mark.parametrize(
    "word",
    [
        "",
        "+",
        "a+",
        "a*0",
        "a*",
        "a:4",
        "a/0",
        "a//2",
        "a*2:0",
        "a~~",
        "a*2*3",
        "a/2+b",
        "a*²",
        "a*٣",
        "~",
        "a~b",
        "a+~",
        "a:1*2",
        "a/2*3",
    ],
)
def test_other_words_are_refused(word: str) -> None:
    with pytest.raises(CallMistake, match="no step"):
        parse_step_word(word)


@given(st.integers(1, 1000), st.integers(1, 50))
def test_portions_hold_all_members(fan: int, size: int) -> None:
    """As many portions as are told have all members, and each has one."""
    portions = StepWord(("a",), counts_by=size).width(fan)
    assert portions is not None
    assert (portions - 1) * size < fan <= portions * size
