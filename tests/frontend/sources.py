"""Flows of any size, as text."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from compiler.diagnostics import Report
from compiler.frontend import parse
from compiler.ir.flow import Flow

HEAD = "from metaflow import *\n\n\nclass F(FlowSpec):\n"


def step(name: str, body: str, *, join: bool = False) -> str:
    """One step; `body` is its lines, or the targets of its transition where it begins with `>`."""
    lines = body.split("\n")
    if body.startswith(">"):
        lines = ["self.next(" + body[1:] + ")"]
    arguments = "self, inputs" if join else "self"
    return f"    @step\n    def {name}({arguments}):\n" + "".join(f"        {line}\n" for line in lines)


def flow(steps: Iterable[str]) -> str:
    """A flow of these steps."""
    return HEAD + "\n".join(steps)


def chain(count: int) -> str:
    """Steps in a row."""
    names = ["start", *(f"s{at}" for at in range(count)), "end"]
    return flow(
        [
            *(step(name, f"self.x{at} = 1\nself.next(self.{names[at + 1]})") for at, name in enumerate(names[:-1])),
            step("end", "pass"),
        ]
    )


def diamonds(count: int) -> str:
    """Splits of two arms, one behind the other."""
    steps = [step("start", ">self.d0")]
    for at in range(count):
        after = f"d{at + 1}" if at + 1 < count else "end"
        steps += [
            step(f"d{at}", f">self.l{at}, self.r{at}"),
            step(f"l{at}", f">self.j{at}"),
            step(f"r{at}", f">self.j{at}"),
        ]
        steps.append(step(f"j{at}", f">self.{after}", join=True))
    return flow([*steps, step("end", "pass")])


def wide(count: int) -> str:
    """One split of many arms."""
    arms = [f"a{at}" for at in range(count)]
    head = step("start", ">" + ", ".join(f"self.{arm}" for arm in arms))
    return flow([head, *(step(arm, ">self.j") for arm in arms), step("j", ">self.end", join=True), step("end", "pass")])


def nested(count: int) -> str:
    """A foreach in a foreach in a foreach …"""
    names = ["start", *(f"f{at}" for at in range(1, count)), "body"]
    steps = [
        step(name, f"self.xs = [1]\nself.next(self.{names[at + 1]}, foreach='xs')")
        for at, name in enumerate(names[:-1])
    ]
    joins = [*(f"j{at}" for at in range(count)), "end"]
    steps.append(step("body", ">self.j0"))
    steps += [step(name, f">self.{joins[at + 1]}", join=True) for at, name in enumerate(joins[:-1])]
    return flow([*steps, step("end", "pass")])


def switches(count: int) -> str:
    """Switches of two arms, one behind the other: 2 ** count paths."""
    steps = [step("start", "self.v = 1\nself.next(self.w0)")]
    for at in range(count):
        after = f"w{at + 1}" if at + 1 < count else "end"
        steps.append(step(f"w{at}", f">{{1: self.l{at}, 2: self.r{at}}}, condition='v'"))
        steps += [step(f"l{at}", f">self.{after}"), step(f"r{at}", f">self.{after}")]
    return flow([*steps, step("end", "pass")])


def parsed(folder: Path, source: str, name: str = "flow_file.py") -> tuple[tuple[Flow, ...], Report]:
    """The flows of a source, and what was found."""
    path = folder / name
    path.write_text(source, encoding="utf-8")
    report = Report()
    return parse(path, report), report


def only(folder: Path, source: str) -> Flow:
    """The one flow of a source in which nothing is wrong."""
    flows, report = parsed(folder, source)
    assert [(found.rule.code, found.message) for found in report] == []
    (found,) = flows
    return found


def loops(count: int) -> str:
    """Steps that repeat, one after the other."""
    steps = [
        step(
            f"s{n}",
            f"self.v = 1\nself.next({{1: self.s{n}, 2: self.{f's{n + 1}' if n < count - 1 else 'end'}}}, condition='v')",
        )
        for n in range(count)
    ]
    return flow([step("start", ">self.s0"), *steps, step("end", "pass")])


def foreaches(count: int) -> str:
    """Foreaches one after the other."""
    steps: list[str] = []
    for n in range(count):
        after = f">self.s{n + 1}" if n < count - 1 else ">self.end"
        steps += [step(f"s{n}", f"self.xs = [1]\nself.next(self.g{n}, foreach='xs')")]
        steps += [step(f"g{n}", f">self.j{n}"), step(f"j{n}", after, join=True)]
    return flow([step("start", ">self.s0"), *steps, step("end", "pass")])


def gangs(count: int) -> str:
    """Gangs one after the other."""
    text = foreaches(count).replace("foreach='xs'", "num_parallel=2")
    return text.replace("    @step\n    def g", "    @parallel\n    @step\n    def g")


def parameters(count: int) -> str:
    """A step with many parameters."""
    lines = "".join(f"    p{n} = Parameter('p{n}', default={n}, help='what')\n" for n in range(count))
    return HEAD + lines + step("start", "print(self.p0)")


def artifacts(count: int) -> str:
    """Two steps: one sets many artifacts, the other reads them."""
    sets = "\n".join(f"self.x{n} = {n}" for n in range(count))
    reads = "\n".join(f"print(self.x{n})" for n in range(count))
    return flow([step("start", f"{sets}\nself.next(self.end)"), step("end", reads)])
