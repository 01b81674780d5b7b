"""Random edits, a thousand in the sample: nothing is said only where nothing differs, and the two directions say the same."""

from __future__ import annotations

import random
from itertools import count
from pathlib import Path

import pytest

from compiler.difference.comparing import FlowDifference, compare
from compiler.difference.sides import State
from compiler.difference.telling.sentences import kind
from compiler.ir.text import plan_text
from tests.conformance.plan import SHORT
from tests.difference.edits import IMPORTS, Edited, edit
from tests.difference.opposites import opposite
from tests.difference.states import NOW, of_plan, side
from tests.mutation.drawing import source

CHUNKS, FLOWS, EDITS = 2 if SHORT else 10, 10, 10
TARGETS = ("airflow", "argo", "step-functions")


def _facts(state: State) -> tuple[object, ...]:
    """The plan and what each target gets."""
    made = [(target, each.files, [found.message for found in each.refused]) for target, each in state.emitted.items()]
    return plan_text(state.plan), made


def _compared(one: State, other: State) -> list[FlowDifference]:
    return [each for each in compare([one], [other], NOW) if each.changes]


def _wrong(before: State, after: State, edited: Edited) -> str:
    """What is wrong with what is said of an edit; nothing where all is well."""
    there, back = _compared(before, after), _compared(after, before)
    if edited.is_form and there:
        return f"said {there[0].changes} of an edit of the form alone"
    if not there and _facts(before) != _facts(after):
        return "said nothing, and plan or files differ"
    kinds = [{_kind(change) for change in of_plan(found)} for found in (there, back)]
    if {opposite(each) for each in kinds[0]} != kinds[1]:
        return f"said {kinds[0]} in one direction and {kinds[1]} in the other"
    return ""


def _kind(change: object) -> str:
    return kind(type(change)).replace("required-parameter", "parameter")


def _right(rng: random.Random, folder: Path) -> tuple[str, State]:
    """A flow without mistakes: some of those that are drawn need a file beside them."""
    for attempt in count():
        text = IMPORTS + source(rng)
        found = side(folder / str(attempt), {"flow.py": text}, TARGETS)
        if not found.report.failed:
            return text, found.states[0]
    raise AssertionError


@pytest.mark.sampled
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_an_edit_is_told_wherever_anything_differs(chunk: int, tmp_path: Path) -> None:
    wrong, told, silent = list[str](), 0, 0
    for number in range(FLOWS):
        rng = random.Random(f"edits {chunk} {number}")
        text, before = _right(rng, tmp_path / str(number))
        assert not _compared(before, before)
        for at in range(EDITS):
            edited = edit(text, rng)
            while edited is None:
                edited = edit(text, rng)
            after = side(tmp_path / f"{number}-{at}", {"flow.py": edited.text}, TARGETS)
            if after.report.failed:
                continue
            told += 1
            silent += not _compared(before, after.states[0])
            if found := _wrong(before, after.states[0], edited):
                wrong.append(f"chunk {chunk}, flow {number}, edit {at} ({edited.kind}): {found}")
    assert not wrong, "\n".join(wrong)
    assert told > silent > 0
