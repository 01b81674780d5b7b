"""Where the names of steps and artifacts stand in a flow's text: `self.a`, `inputs.a`, `def a`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from compiler.frontend.text.source import alone, parsed
from compiler.ir.flow import Flow, Span
from compiler.slotted_class import fresh, mutable, record


@record
class Mention:
    """A name in the text. `kind`: the `def` of a step, `self.<name>`, or `inputs.<name>` in a join.

    `in_next`: it stands among the words of `self.next`.
    """

    name: str
    kind: str
    span: Span
    step: str
    """The step in whose body it stands, or which it is."""
    in_next: bool = False


@mutable
class Names:
    """The mentions in a text that Python reads. It is parsed when somebody first asks what stands at a place, and not at every letter."""

    text: str
    _found: dict[str, tuple[Mention, ...]] = fresh(default_factory=dict)

    def of(self, flow: Flow) -> tuple[Mention, ...]:
        """All mentions in a flow's class."""
        if flow.name not in self._found:
            self._found[flow.name] = self._read(flow)
        return self._found[flow.name]

    def _read(self, flow: Flow) -> tuple[Mention, ...]:
        try:
            with alone():
                found = parsed(self.text)
            return tuple(mentions(found, flow, lines_of(self.text)))
        except (RecursionError, MemoryError):  # the limit is raised for the parser, and only then
            return ()


def lines_of(text: str) -> tuple[str, ...]:
    """The lines of a text as editors count them."""
    return tuple(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))


def mentions(tree: ast.Module, flow: Flow, lines: Sequence[str]) -> Iterator[Mention]:
    """All mentions in the flow's class, in the text's order."""
    owner = next((each for each in tree.body if isinstance(each, ast.ClassDef) and each.name == flow.name), None)
    for method in owner.body if owner else ():
        if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _of_method(method, flow, lines)


def _of_method(method: ast.FunctionDef | ast.AsyncFunctionDef, flow: Flow, lines: Sequence[str]) -> Iterator[Mention]:
    given = [each.arg for each in method.args.args]
    if method.name in flow.steps:
        yield Mention(method.name, "def", _def_span(method, lines), method.name)
    this, inputs = (given[0] if given else ""), (given[1] if len(given) > 1 else "")
    inside = {id(each) for call in ast.walk(method) if _is_next(call, this) for each in ast.walk(call)}
    for node in ast.walk(method):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in (this, inputs):
            kind = "self" if node.value.id == this else "inputs"
            yield Mention(node.attr, kind, _attribute_span(node, lines), method.name, id(node) in inside)


def _is_next(node: ast.AST, this: str) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "next"
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == this
    )


def _attribute_span(node: ast.Attribute, lines: Sequence[str]) -> Span:
    line = node.end_lineno or node.lineno
    end = _column(lines, line, node.end_col_offset or 0)
    return Span("", line, end - len(node.attr), line, end)


def _def_span(method: ast.FunctionDef | ast.AsyncFunctionDef, lines: Sequence[str]) -> Span:
    begin = _column(lines, method.lineno, method.col_offset)
    at = lines[method.lineno - 1].find(method.name, begin + 2) + 1
    return Span("", method.lineno, at, method.lineno, at + len(method.name))


def _column(lines: Sequence[str], line: int, offset: int) -> int:
    """A column in characters, from 1, of one in bytes, from 0."""
    text = lines[line - 1] if line <= len(lines) else ""
    return len(text.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "replace")) + 1


def mention_at(found: Sequence[Mention], line: int, column: int) -> Mention | None:
    """The mention at a place, which may be right behind it."""
    return next((one for one in found if one.span.line == line and one.span.col <= column <= one.span.end_col), None)


def step_spans(found: Sequence[Mention], flow: Flow, step: str) -> list[Span]:
    """Every place that a rename of the step must change.

    Its `def`, the words of `self.next`, and `inputs.<step>` in the joins of its arms.
    """
    joins = {name for name, each in flow.steps.items() if each.is_join}
    return [
        one.span
        for one in found
        if one.name == step
        and (one.kind == "def" or (one.kind == "self" and one.in_next) or (one.kind == "inputs" and one.step in joins))
    ]
