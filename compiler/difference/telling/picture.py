"""The graph of a flow as a mermaid picture in which what is new and what is gone is marked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from compiler.difference.comparing import FlowDifference
from compiler.difference.parts.graphs import transition_targets, with_names
from compiler.ir.flow import End, Flow, Foreach, Gang, Goto, Split, Step, Switch
from compiler.ir.text import value_text
from compiler.legible import mermaid_text

MOST = 100
"""Steps of a picture: a larger one is no picture any more, and GitHub draws at most 500 edges."""

_CLASSES = (
    "classDef new fill:#dafbe1,stroke:#1a7f37,color:#1f2328",
    "classDef gone fill:#ffebe9,stroke:#cf222e,color:#1f2328,stroke-dasharray:4",
    "classDef other fill:#fff8c5,stroke:#9a6700,color:#1f2328",
)


def picture(found: FlowDifference) -> str | None:
    """The lines of a flowchart: `new`, `gone` and changed steps have their colours, new ways are thick and those that are gone dotted.

    None where the graph is the same, one side has none, or it has too many steps.
    """
    if found.old is None or found.new is None:
        return None
    old, new = with_names(found.old.flow, found.same), found.new.flow
    steps = {**new.steps, **old.steps}
    if len(steps) > MOST or (_edges(old) == _edges(new) and all(one == other for one, other in found.same.items())):
        return None
    ids = {name: f"s{at}" for at, name in enumerate(steps)}
    renamed = {now: before for before, now in found.same.items() if before != now}
    lines = ["flowchart TD"]
    lines += [f"    {_node(ids[name], name, renamed, old, new)}" for name in steps]
    lines += [f"    {line}" for line in _ways(_edges(old), _edges(new), ids)]
    return "\n".join([*lines, *(f"    {each}" for each in _CLASSES)]) + "\n"


def _node(node: str, name: str, renamed: Mapping[str, str], old: Flow, new: Flow) -> str:
    if name not in new.steps:
        return f'{node}["gone: {label(name)}"]:::gone'
    if name not in old.steps:
        return f'{node}["new: {label(name)}"]:::new'
    if name in renamed:
        return f'{node}["{label(name)}, before: {label(renamed[name])}"]:::other'
    return f'{node}["{label(name)}"]'


_Edges = dict[tuple[str, str], str]
"""What is written on each way from a step to another."""


def _edges(flow: Flow) -> _Edges:
    return {
        (name, target): _written(step, target)
        for name, step in flow.steps.items()
        for target in transition_targets(step)
    }


def _written(step: Step, target: str) -> str:
    match step.next:
        case Foreach(items=items):
            return f"each of {items}"
        case Gang(width=width):
            return f"{value_text(width)} nodes"
        case Switch(cases=cases):
            return ", ".join(value_text(case.key) for case in cases if case.target == target)
        case Goto() | Split() | End():
            return ""


def _ways(old: _Edges, new: _Edges, ids: Mapping[str, str]) -> Iterator[str]:
    for (one, other), text in {**new, **old}.items():
        now = new.get((one, other), text)
        arrow = "-.->" if (one, other) not in new else "==>" if (one, other) not in old else "-->"
        yield f"{ids[one]} {arrow}{f'|{chr(34)}{label(now)}{chr(34)}|' if now else ''} {ids[other]}"


_LONGEST = 40


def label(text: str) -> str:
    """Text as mermaid shows it."""
    return mermaid_text(text, _LONGEST)
