"""Whether a join can carry an artifact on without meeting two values of it: what makes that cure safe."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from compiler.frontend.dataflow.reaching_definitions import Reaching
from compiler.frontend.steps.methods import Method
from compiler.frontend.text.modules import Function
from compiler.ir.flow import Flow, Split


def can_be_carried(flow: Flow, methods: Mapping[str, Method], found: Reaching, join: str, name: str) -> bool:
    """Whether one step alone sets the artifact, and all branches that have it at the join have what that step made.

    Either the step lies before the split and no step of a branch uses the value (or it is a literal that they cannot have
    changed), or it lies in one branch of a static split: the others then have none.
    """
    if any(state.vague for state in found.after.values()):
        return False
    makers = {step for step, made in found.made if made == name}
    writers = {step.name for step in flow.steps.values() for access in step.writes if access.name == name}
    if len(makers) != 1 or writers != makers:
        return False
    if not any(found.must(found.after[end], name) for end in found.earlier[join]):
        return False
    maker, split = next(iter(makers)), found.joined[join]
    within = _between(found, split, join)
    if maker in within:
        return isinstance(flow.steps[split].next, Split) and _in_one_branch(found, join, maker, name)
    uses = [use for step in within for use in _uses(methods[step].function, name)]
    made = _literal(methods[maker].function, name)
    return not uses or (
        made is not None and (_is_of(made, _FIXED) or (_is_of(made, _PLAIN) and all(map(_looks, uses))))
    )


def _between(found: Reaching, split: str, join: str) -> set[str]:
    """The steps of the branches."""
    seen: set[str] = set()
    stack = [*found.earlier[join]]
    while stack:
        step = stack.pop()
        if step != split and step not in seen:
            seen.add(step)
            stack += found.earlier[step]
    return seen


def _in_one_branch(found: Reaching, join: str, maker: str, name: str) -> bool:
    """Whether the maker's value reaches the join by the end of one branch alone, and not out of a foreach within it."""
    ends = [end for end in found.earlier[join] if found.may(found.after[end], name)]
    opened = found.before[maker].opened
    return len(ends) == 1 and opened is not None and opened[0] == found.joined[join]


_LOOKS = frozenset(
    ("print", "len", "range", "str", "int", "float", "bool", "sum", "min", "max", "abs", "round", "repr")
)


def _uses(function: Function, name: str) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Each use of the artifact with the node around it."""
    for around in ast.walk(function):
        for node in ast.iter_child_nodes(around):
            by_name = isinstance(node, ast.Constant) and node.value == name
            if by_name or (isinstance(node, ast.Attribute) and node.attr == name):
                yield around, node


def _looks(use: tuple[ast.AST, ast.AST]) -> bool:
    around, node = use
    if isinstance(around, ast.Call):
        return around.func is not node and isinstance(around.func, ast.Name) and around.func.id in _LOOKS
    if isinstance(around, ast.If | ast.While | ast.IfExp):
        return around.test is node
    return isinstance(around, ast.BinOp | ast.Compare | ast.UnaryOp | ast.FormattedValue)


def _literal(function: Function, name: str) -> ast.expr | None:
    """What the method sets the artifact to, where it does so once."""
    stores = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute) and node.attr == name and isinstance(node.ctx, ast.Store)
    ]
    values = [each.value for each in ast.walk(function) if isinstance(each, ast.Assign) and each.targets == stores[:1]]
    return values[0] if len(stores) == len(values) == 1 else None


def _is_of(value: ast.expr, kinds: tuple[type[ast.AST], ...]) -> bool:
    return all(isinstance(node, kinds) for node in ast.walk(value))


_FIXED = (ast.Constant, ast.UnaryOp, ast.unaryop)
"""Numbers and texts, which nothing changes in place."""
_PLAIN = (*_FIXED, ast.List, ast.Tuple, ast.Dict, ast.expr_context)
"""Lists and dicts of them, whose order is the text's."""
