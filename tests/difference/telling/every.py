"""A comparison that holds every kind of change, with any text in its fields."""

from __future__ import annotations

from pathlib import Path

from compiler.difference.changes import TELLING, FlowUnread
from compiler.difference.comparing import Difference, FlowDifference
from tests.difference.prepared import FLOW
from tests.difference.states import right, side


def made(kind: type, text: str) -> object:
    """A change of a kind with this text in each field."""
    hints = {name: str(kind.__annotations__[name]) for name in kind.__match_args__}  # type: ignore[attr-defined]
    values = {"str": text, "tuple[str, ...]": (text, "two"), "int": 3}
    ours = {"target": "argo", "resource": "cpu"}
    return kind(**{name: ours.get(name) or values[hint] for name, hint in hints.items()})


def every(folder: Path, text: str) -> Difference:
    """A comparison with every kind of change."""
    (state,) = right(side(folder, {"train.py": FLOW}, ["argo"]))
    changes = tuple(made(kind, text) for kind in TELLING)
    flow = FlowDifference(state, state, changes, {name: name for name in state.flow.steps})  # type: ignore[arg-type]
    return Difference(text, (flow,), 2, (FlowUnread(text, text),), (text,))
