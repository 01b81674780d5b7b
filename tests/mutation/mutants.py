"""One change to the text of a flow, drawn from a seeded random; everything else stays as the author wrote it."""

from __future__ import annotations

import ast
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """The changed source, and what was changed in which line."""

    source: str
    kind: str
    line: int


@dataclass(frozen=True)
class Edit:
    """Replace the text between two places (lines from 1, columns in characters from 0) by another."""

    start: tuple[int, int]
    end: tuple[int, int]
    text: str


Change = Callable[["Anatomy", random.Random], tuple[Edit, ...] | None]


class Anatomy:
    """What of a source can be changed."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.lines = source.split("\n")
        self.tree = ast.parse(source)
        self.steps = [
            node
            for each in self.tree.body
            if isinstance(each, ast.ClassDef)
            for node in each.body
            if isinstance(node, ast.FunctionDef) and any(_is_step(mark) for mark in node.decorator_list)
        ]

    def inside(self) -> Iterator[ast.AST]:
        """Every node of every step."""
        for step in self.steps:
            yield from ast.walk(step)

    def text(self, node: ast.AST) -> str:
        """The source of a node."""
        return ast.get_source_segment(self.source, node) or ""

    def transitions(self) -> list[ast.Call]:
        """The calls of `self.next`."""
        return [node for node in self.inside() if isinstance(node, ast.Call) and self.text(node.func) == "self.next"]


def _is_step(mark: ast.expr) -> bool:
    named = mark.func if isinstance(mark, ast.Call) else mark
    return isinstance(named, ast.Name) and named.id == "step"


def mutate(source: str, rng: random.Random) -> Mutant | None:
    """A mutant of a source; None where the drawn kind of change finds nothing to change."""
    anatomy = Anatomy(source)
    kind = rng.choice(sorted(CHANGES))
    edits = CHANGES[kind](anatomy, rng)
    if not edits:
        return None
    changed = _edited(anatomy.lines, edits)
    return None if changed == source else Mutant(changed, kind, edits[0].start[0])


def _edited(lines: list[str], edits: tuple[Edit, ...]) -> str:
    text = "\n".join(lines)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    for edit in sorted(edits, key=lambda each: each.start, reverse=True):
        start = starts[edit.start[0] - 1] + edit.start[1]
        end = starts[edit.end[0] - 1] + edit.end[1]
        text = text[:start] + edit.text + text[end:]
    return text


def _replace(anatomy: Anatomy, node: ast.expr | ast.stmt | ast.arg | ast.keyword, text: str) -> Edit:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    start = _column(anatomy, node.lineno, node.col_offset)
    return Edit((node.lineno, start), (node.end_lineno, _column(anatomy, node.end_lineno, node.end_col_offset)), text)


def _column(anatomy: Anatomy, line: int, offset: int) -> int:
    return len(anatomy.lines[line - 1].encode()[:offset].decode())


def _rename_step(anatomy: Anatomy, rng: random.Random) -> tuple[Edit, ...] | None:
    step = rng.choice(anatomy.steps)
    at = anatomy.lines[step.lineno - 1].index(step.name)
    return (Edit((step.lineno, at), (step.lineno, at + len(step.name)), step.name + "_x"),)


def _swap_steps(anatomy: Anatomy, rng: random.Random) -> tuple[Edit, ...] | None:
    if len(anatomy.steps) < 2:
        return None
    one, other = rng.sample(anatomy.steps, 2)
    return tuple(
        Edit((step.lineno, at), (step.lineno, at + len(step.name)), name)
        for step, name in ((one, other.name), (other, one.name))
        for at in [anatomy.lines[step.lineno - 1].index(step.name)]
    )


def _rename_artifact(anatomy: Anatomy, rng: random.Random) -> tuple[Edit, ...] | None:
    steps = {step.name for step in anatomy.steps}
    found = [
        node
        for node in anatomy.inside()
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
        and node.attr not in steps
        and node.attr != "next"
    ]
    if not found:
        return None
    node = rng.choice(found)
    return (_replace(anatomy, node, f"self.{node.attr}_x"),)


def _retarget(anatomy: Anatomy, rng: random.Random) -> tuple[Edit, ...] | None:
    names = [step.name for step in anatomy.steps]
    targets = [
        node
        for call in anatomy.transitions()
        for argument in call.args
        for node in ast.walk(argument)
        if isinstance(node, ast.Attribute) and node.attr in names
    ]
    if not targets:
        return None
    return (_replace(anatomy, rng.choice(targets), f"self.{rng.choice(names)}"),)


def _swap_targets(anatomy: Anatomy, rng: random.Random) -> tuple[Edit, ...] | None:
    calls = [call for call in anatomy.transitions() if len(call.args) > 1]
    if not calls:
        return None
    one, other = rng.sample(rng.choice(calls).args, 2)
    return _replace(anatomy, one, anatomy.text(other)), _replace(anatomy, other, anatomy.text(one))


def _drop_keyword(anatomy: Anatomy, rng: random.Random) -> tuple[Edit, ...] | None:
    found = [(call, keyword) for call in anatomy.transitions() for keyword in call.keywords]
    if not found:
        return None
    call, keyword = rng.choice(found)
    rest = [anatomy.text(each) for each in (*call.args, *call.keywords) if each is not keyword]
    return (_replace(anatomy, call, f"self.next({', '.join(rest)})"),)


def _drop_statement(anatomy: Anatomy, rng: random.Random) -> tuple[Edit, ...] | None:
    statements = [node for node in anatomy.inside() if isinstance(node, ast.stmt) and node not in anatomy.steps]
    return (_replace(anatomy, rng.choice(statements), "pass"),) if statements else None


def _drop_decorator(anatomy: Anatomy, rng: random.Random) -> tuple[Edit, ...] | None:
    marks = [mark for step in anatomy.steps for mark in step.decorator_list]
    edit = _replace(anatomy, rng.choice(marks), "")
    return (Edit((edit.start[0], edit.start[1] - 1), edit.end, ""),)


def _swap_statements(anatomy: Anatomy, rng: random.Random) -> tuple[Edit, ...] | None:
    pairs = [pair for step in anatomy.steps for pair in zip(step.body, step.body[1:], strict=False)]
    if not pairs:
        return None
    one, other = rng.choice(pairs)
    return _replace(anatomy, one, anatomy.text(other)), _replace(anatomy, other, anatomy.text(one))


def _change_arguments(anatomy: Anatomy, rng: random.Random) -> tuple[Edit, ...] | None:
    step = rng.choice(anatomy.steps)
    arguments = step.args.args
    if len(arguments) == 1:
        return (_replace(anatomy, arguments[0], f"{arguments[0].arg}, inputs"),)
    if len(arguments) != 2:
        return None
    first, second = (_replace(anatomy, each, each.arg) for each in arguments)
    return (Edit(first.end, second.end, ""),)


def _change_constant(anatomy: Anatomy, rng: random.Random) -> tuple[Edit, ...] | None:
    constants = [node for node in anatomy.inside() if isinstance(node, ast.Constant) and node.value is not ...]
    plain = [node for node in constants if "\n" not in anatomy.text(node) and anatomy.text(node)[:1] not in "fF"]
    if not plain:
        return None
    return (_replace(anatomy, rng.choice(plain), rng.choice(("0", "1", "'x'", "None", "-3", "[]"))),)


def _return_early(anatomy: Anatomy, rng: random.Random) -> tuple[Edit, ...] | None:
    statement = rng.choice(rng.choice(anatomy.steps).body)
    indent = " " * statement.col_offset
    edit = _replace(anatomy, statement, "")
    return (Edit(edit.start, edit.start, f"if self:\n{indent}    return\n{indent}"),)


CHANGES: dict[str, Change] = {
    "rename step": _rename_step,
    "swap steps": _swap_steps,
    "rename artifact": _rename_artifact,
    "retarget": _retarget,
    "swap targets": _swap_targets,
    "drop keyword": _drop_keyword,
    "drop statement": _drop_statement,
    "drop decorator": _drop_decorator,
    "swap statements": _swap_statements,
    "change arguments": _change_arguments,
    "change constant": _change_constant,
    "return early": _return_early,
}
