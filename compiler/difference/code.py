"""The code of a flow without what does not change what it does, and what the plan tells of.

Comments and formatting do not; the plan tells of docstrings of steps, transitions and decorators.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from compiler.ir.flow import Flow, Step
from compiler.reading import SOURCE, read_file
from compiler.slotted_class import fresh, mutable, record

Function = ast.FunctionDef | ast.AsyncFunctionDef
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@record
class FlowCode:
    """`bodies` of the steps and `helpers` beside them, by their names, as text that is equal where the code is.

    `merges` says of each join that calls `merge_artifacts` what it takes.
    """

    bodies: Mapping[str, str]
    helpers: Mapping[str, str]
    merges: Mapping[str, Merging]


@record
class Merging:
    """What `merge_artifacts` carries on: all but `exclude`, or `include` alone where that is not empty; None where only run time knows."""

    exclude: frozenset[str] | None = frozenset()
    include: frozenset[str] | None = frozenset()


@mutable
class Trees:
    """The files of one side, each read and parsed once."""

    _found: dict[str, ast.Module | None] = fresh(default_factory=dict)
    _functions: dict[str, dict[tuple[str, int], Function]] = fresh(default_factory=dict)

    def function(self, step: Step) -> Function | None:
        """The method that a step is; None where its file does not show it."""
        path = step.span.path
        if path not in self._functions:
            tree = self.of(path)
            found = (node for node in ast.walk(tree) if isinstance(node, _FUNCTIONS)) if tree else ()
            self._functions[path] = {(node.name, node.lineno): node for node in found}
        return self._functions[path].get((step.name, step.span.line))

    def of(self, path: str) -> ast.Module | None:
        """The tree of a file; None where it cannot be read or is no Python."""
        if path not in self._found:
            try:
                self._found[path] = parsed(read_file(Path(path), SOURCE))
            except OSError:
                self._found[path] = None
        return self._found[path]


def parsed(data: bytes) -> ast.Module | None:
    """The tree of a source; None where it is no Python."""
    try:
        with warnings.catch_warnings(action="ignore"):
            return ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def without_form(data: bytes) -> str | None:
    """Text that is equal where two sources differ in comments and formatting alone; None where it is no Python."""
    tree = parsed(data)
    return ast.dump(tree) if tree else None


def read_code(flow: Flow, others: Collection[str], trees: Trees) -> FlowCode:
    """The code of a flow; `others` are the names of the other flows of its file, whose classes are not its own."""
    bodies: dict[str, str] = {}
    merges: dict[str, Merging] = {}
    for step in flow.steps.values():
        function = trees.function(step)
        bodies[step.name] = _body(function, step) if function else ""
        merging = _merging(function) if function and step.is_join else None
        if merging:
            merges[step.name] = merging
    tree = trees.of(flow.span.path)
    helpers = dict(_helpers(tree, flow, others)) if tree else {}
    return FlowCode(bodies, helpers, merges)


def renamed_inputs(body: str, names: Mapping[str, str]) -> str:
    """The body of a join as it would be if the steps had these names: `inputs.left` of a step that is renamed."""
    for old, new in names.items():
        body = body.replace(f"{_INPUT}, attr='{old}'", f"{_INPUT}, attr='{new}'")
    return body


_INPUT = "Attribute(value=Name(id='inputs')"


def _body(function: Function, step: Step) -> str:
    """The statements but the docstring and a last `self.next(…)`, the arguments, and the decorators that are no part of the plan."""
    statements = list(function.body)
    if ast.get_docstring(function, clean=False) is not None:
        del statements[0]
    if statements and _is_transition(statements[-1]):
        del statements[-1]
    known = {"step", *(decorator.name for decorator in step.decorators)}
    own = [mark for mark in function.decorator_list if _name(mark) not in known]
    arguments = [ast.dump(each) for each in function.args.args[1:]]
    return "\n".join([*arguments, *map(_plain, own), *map(_plain, statements)])


def _plain(node: ast.AST) -> str:
    return ast.dump(node).replace(", ctx=Load()", "")


def _is_transition(statement: ast.stmt) -> bool:
    call = statement.value if isinstance(statement, ast.Expr) else None
    return (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "next"
        and isinstance(call.func.value, ast.Name)
    )


def _name(mark: ast.expr) -> str:
    inner = mark.func if isinstance(mark, ast.Call) else mark
    return inner.attr if isinstance(inner, ast.Attribute) else inner.id if isinstance(inner, ast.Name) else ""


def _merging(function: ast.AST) -> Merging | None:
    """The call of `merge_artifacts` in a join; None without one."""
    calls = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "merge_artifacts"
    ]
    if not calls:
        return None
    given = dict(zip(("exclude", "include"), calls[0].args[1:], strict=False))
    given |= {keyword.arg: keyword.value for keyword in calls[0].keywords if keyword.arg}
    return Merging(_names(given.get("exclude")), _names(given.get("include")))


def _names(node: ast.expr | None) -> frozenset[str] | None:
    if node is None:
        return frozenset()
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    return frozenset(map(str, value)) if isinstance(value, (list, tuple, set)) else None


def _helpers(tree: ast.Module, flow: Flow, others: Collection[str]) -> Iterator[tuple[str, str]]:
    """What stands in the flow's file beside its steps, parameters and other flows, by its name."""
    found: dict[str, list[str]] = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == flow.name:
            for name, text in _members(node, flow):
                found.setdefault(name, []).append(text)
        elif not (isinstance(node, ast.ClassDef) and node.name in others) and not _is_text(node):
            found.setdefault(_named(node), []).append(_plain(node))
    for name, texts in found.items():
        yield name, "\n".join(texts).replace(f"id='{flow.name}'", "id='the flow'")


def _members(node: ast.ClassDef, flow: Flow) -> Iterator[tuple[str, str]]:
    told = {*flow.steps, *(each.attribute for each in flow.parameters), *(each.attribute for each in flow.configs)}
    yield "its bases", "\n".join(map(_plain, [*node.bases, *node.keywords]))
    for member in node.body:
        if not _is_text(member) and _named(member) not in told:
            yield _named(member), _plain(member)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _named(node: ast.stmt) -> str:
    """What a reader calls a statement: the name that it defines, or what it is."""
    if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
        return node.name
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return "the imports"
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    return ", ".join(names) or "other statements"
