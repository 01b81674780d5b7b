"""`os.environ["K"]` while the module is imported: a warning, because every container runs that line."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from compiler.diagnostics import Report
from compiler.frontend.findings import fc5xx
from compiler.frontend.text.modules import Import, Module
from compiler.ir.flow import Flow

_GUARDS = (ast.If, ast.Try, ast.TryStar, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.While)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def check_environ(module: Module, flows: Iterable[Flow], report: Report) -> None:
    """Warn of variables that importing the module needs and that nothing shown here sets."""
    if "environ[" not in module.source.text or "load_dotenv" in module.names:
        return
    given = {name for flow in flows for name in _given(flow)}
    for node in _import_time(module.tree):
        if isinstance(node, ast.Subscript) and _is_environ(module, node.value):
            name = node.slice.value if isinstance(node.slice, ast.Constant) else None
            if not isinstance(node.ctx, ast.Load):
                given.add(str(name))
            elif str(name) not in given:
                report.add(fc5xx.ENVIRON_AT_IMPORT, module.source.span(node), text=module.source.segment(node))


def _given(flow: Flow) -> set[str]:
    """The variables that `@environment` sets in every step, before the module is imported."""
    found: set[str] | None = None
    for step in flow.steps.values():
        names: set[str] = set()
        for decorator in step.decorators:
            variables = decorator.get("vars") if decorator.name == "environment" else None
            if isinstance(variables, dict):
                names.update(variables)
        found = names if found is None else found & names
    return found or set()


def _import_time(tree: ast.Module) -> Iterator[ast.AST]:
    """Every node that importing the module surely runs, in order: no function's body, nothing under a guard."""
    stack: list[ast.AST] = list(reversed(tree.body))
    while stack:
        node = stack.pop()
        if isinstance(node, _FUNCTIONS):
            stack.extend(reversed(node.decorator_list))
        elif not isinstance(node, _GUARDS):
            yield node
            stack.extend(reversed(list(ast.iter_child_nodes(node))))


def _is_environ(module: Module, node: ast.expr) -> bool:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return node.attr == "environ" and module.names.get(node.value.id) == Import("os", None, 0)
    return isinstance(node, ast.Name) and module.names.get(node.id) == Import("os", "environ", 0)
