"""`@exit_hook`: the functions that it names, as their dotted names in the flow's module or as import paths."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from compiler.diagnostics import Report
from compiler.frontend.findings import fc5xx
from compiler.frontend.findings.suggest import did_you_mean, slip
from compiler.frontend.text.modules import Import
from compiler.frontend.text.respelling import respelt
from compiler.frontend.values.evaluator import evaluate
from compiler.frontend.values.scope import Scope
from compiler.ir.flow import Decorator, Value

_DOTTED = r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*"
LISTS = ("on_success", "on_error")


def functions(scope: Scope, node: ast.expr, report: Report) -> Value:
    """The names that a list of functions holds; what is no function is reported and left out."""
    elements = node.elts if isinstance(node, ast.List | ast.Tuple) else [node]
    if isinstance(node, ast.Constant) and node.value is None:
        return ()
    found = [_function(scope, element, report) for element in elements]
    return tuple(name for name in found if name is not None)


def _function(scope: Scope, node: ast.expr, report: Report) -> str | None:
    text = scope.module.source.segment(node)
    if _is_function(scope, node):
        return text
    value = evaluate(scope, node)
    if isinstance(value, str) and re.fullmatch(_DOTTED, value) and _may_exist(scope, value):
        return value
    wanted = value if isinstance(value, str) else text
    known = [name for name, bound in scope.module.names.items() if isinstance(bound, ast.FunctionDef)]
    span, hint = scope.module.source.span(node), did_you_mean(wanted, known)
    fix = respelt(span if isinstance(node, ast.Name) and not isinstance(value, str) else None, slip(wanted, known))
    report.add(fc5xx.HOOK_NOT_FUNCTION, span, *fix, text=wanted, hint=hint)
    return None


def _is_function(scope: Scope, node: ast.expr) -> bool:
    """Whether a dotted name means a function, as far as text can tell: what another package brings may be one."""
    root = node
    while isinstance(root, ast.Attribute):
        root = root.value
    if not isinstance(root, ast.Name):
        return False
    origin = scope.modules.origin(scope.module, node)
    if origin.bound is not None and not isinstance(origin.bound, Import):
        return isinstance(origin.bound, ast.FunctionDef)
    bound = scope.module.names.get(root.id)
    return origin.ours is None and isinstance(bound, Import) and not (root is node and bound.name is None)


def _may_exist(scope: Scope, name: str) -> bool:
    """A text with a dot is an import path, which the image must hold; one without is a function of the module."""
    return "." in name or isinstance(scope.module.names.get(name), ast.FunctionDef | Import)


def check_hooks(decorator: Decorator, report: Report) -> None:
    """Report an exit hook that calls nothing, and options that it does not have."""
    if not any(name in LISTS for name, _ in decorator.arguments):
        report.add(fc5xx.NO_HOOK, decorator.span)
    options = decorator.get("options")
    for key in options if isinstance(options, Mapping) else ():
        if key != "image":
            hint = did_you_mean(key, ("image",)) or "; there is `image`"
            report.add(fc5xx.UNKNOWN_OPTION, decorator.span_of("options"), name="exit_hook", option=key, hint=hint)
