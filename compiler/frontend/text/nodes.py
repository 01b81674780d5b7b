"""The parts of a node, for walks that meet each node of a flow."""

from __future__ import annotations

import ast

_PLAIN = frozenset(("ctx", "op", "ops", "kind", "type_comment", "conversion", "id", "arg", "attr", "level"))
_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {
    kind: tuple(name for name in kind._fields if name not in _PLAIN)
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
}
"""The fields of each kind of node that may hold nodes, in their order."""

_WALKED = frozenset(_FIELDS) - {ast.Constant}
"""All kinds of nodes but the commonest, which holds nothing."""


def children(node: ast.AST) -> list[ast.AST]:
    """A node's children in their order, without constants, operators and contexts."""
    found: list[ast.AST] = []
    for name in _FIELDS[node.__class__]:
        value = getattr(node, name, None)
        if isinstance(value, list):
            found += [each for each in value if each.__class__ in _WALKED]
        elif isinstance(value, ast.AST) and value.__class__ in _WALKED:
            found.append(value)
    return found
