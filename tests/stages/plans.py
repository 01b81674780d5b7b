"""Flows written as tables: `{"start": "a b", …}` without any source, to test the graph alone."""

from __future__ import annotations

import random
import re

import networkx as nx

from compiler.ir.flow import Case, Dynamic, End, Flow, Foreach, Gang, Goto, Span, Split, Step, Switch, Transition

SPAN = Span("flow.py", 1, 1, 1, 2)


def flow(**steps: str) -> Flow:
    """A flow from its transitions: `a` goto, `a, b` split, `a*` foreach, `a^3` gang (`a^n`: of a width
    that only run time knows), `a | b` switch, `` end; `+` at the front marks a join."""
    made = {name: _step(name, text) for name, text in steps.items()}
    return Flow(
        name="F",
        path="flow.py",
        root=".",
        start="start",
        end="end",
        steps=made,
        parameters=(),
        decorators=(),
        constants=(),
        doc=None,
        span=SPAN,
    )


def _step(name: str, text: str) -> Step:
    return Step(name, _transition(text.lstrip("+ ")), text.startswith("+"), (), (), (), None, SPAN)


def _transition(text: str) -> Transition:
    names = re.findall(r"\w+", text)
    if "|" in text:
        return Switch("v", tuple(Case(str(at), target) for at, target in enumerate(names)), SPAN)
    if "," in text:
        return Split(tuple(names), SPAN)
    if "^" in text:
        target, _, width = text.partition("^")
        return Gang(target, int(width) if width.isdecimal() else Dynamic(width, SPAN), SPAN)
    if "*" in text:
        return Foreach(names[0], "items", SPAN)
    return Goto(names[0], SPAN) if names else End(SPAN)


def random_switches(seed: int, size: int) -> Flow:
    """A single level of gotos and switches that leads from `start` to `end`, arms meeting anywhere."""
    draw = random.Random(seed)
    names = ["start", *(f"s{at}" for at in range(size)), "end"]
    text = {"end": ""}
    for at, name in enumerate(names[:-1]):
        later = names[at + 1 : at + 5]
        width = min(draw.choice([1, 1, 2, 3]), len(later))
        picked = draw.choices(later, k=width)
        text[name] = " | ".join(picked) if len(set(picked)) > 1 else picked[0]
    graph = nx.DiGraph([(name, target) for name, line in text.items() for target in line.replace("|", "").split()])
    alive = {"start", *nx.descendants(graph, "start")}
    return flow(**{name: text[name] for name in names if name in alive})


LINEAR = flow(start="a", a="end", end="")
SPLIT = flow(start="b, a", a="j", b="c", c="j", j="+end", end="")
NESTED = flow(
    start="outer*", outer="x, y", x="inner*", inner="leaf", leaf="ij", ij="+xy", y="xy", xy="+oj", oj="+end", end=""
)
SWITCH = flow(start="a | b", a="m", b="b1 | b2", b1="m", b2="m", m="end", end="")
BODY = flow(start="body*", body="l | r", l="j", r="r2", r2="j", j="+end", end="")
ARMS = flow(start="p, q", p="p1 | p2", p1="j", p2="j", q="f*", f="g", g="fj", fj="+j", j="+end", end="")
