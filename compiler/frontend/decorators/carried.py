"""What may bring a decorator of the language without being one: functions, classes, lists, arguments, calls outside of `@`.

A decorator that is put on where nobody looks is one that a target does not have, so whatever can bring one is found here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from compiler.diagnostics import Report
from compiler.frontend.decorators.aliases import applied_by, origin_in
from compiler.frontend.findings import fc5xx
from compiler.frontend.text.modules import OURS, Import, Module, Origin, bound_names
from compiler.frontend.values.classes import Class, Lineage
from compiler.frontend.values.scope import Scope

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_MOST = 500
"""As many bindings are followed; nobody's decorator needs more."""

_ANYTHING = frozenset(("eval", "exec", "globals", "vars", "__import__", "import_module"))
"""What can name anything without its name."""


def carried(scope: Scope, node: ast.AST, language: frozenset[str]) -> str:
    """The first decorator of the language that an expression, or what it names, may bring; "" if none."""
    return _Search(language).of(scope, node)


_MUTATORS = frozenset(("StepMutator", "FlowMutator"))
"""What puts decorators on by code, where it stands itself."""


class _Search:
    """What was looked at already."""

    def __init__(self, language: frozenset[str]) -> None:
        self.language = language
        self.wanted = language | _MUTATORS
        self.seen: set[int] = set()
        self.left: list[tuple[Scope, ast.AST]] = []

    def of(self, scope: Scope, node: ast.AST) -> str:
        self.left = [(scope, node)]
        for part in _parts(node):
            if isinstance(part, ast.Name) and part.id in _ANYTHING and part.id not in scope.module.names:
                return part.id
        while self.left and len(self.seen) < _MOST:
            around, each = self.left.pop()
            if id(each) not in self.seen:
                self.seen.add(id(each))
                found = self._in(around, each)
                if found:
                    return found
        return ""

    def _in(self, scope: Scope, node: ast.AST) -> str:
        if any(_is_import_of_ours(each) for each in ast.walk(node)):
            return OURS[0]
        local = _local(node)
        for part in _parts(node):
            if isinstance(part, ast.Import | ast.ImportFrom):
                found = self._imported(scope, part)
            elif _root(part) in local:
                continue
            else:
                found = self._named(scope, part)
            if found:
                return found
        return ""

    def _named(self, scope: Scope, part: ast.expr) -> str:
        origin = origin_in(scope, part)
        if origin.ours is not None:
            return origin.ours if origin.ours in self.wanted else "" if origin.ours else OURS[0]
        root = _root(part)
        if root in scope.module.names and scope.module.names[root] is None:
            imported = _imported_as(scope.module, root)
            if imported in self.wanted:
                return imported
        if root not in scope.module.names and root not in scope.names:  # bound where nobody looks: in a `match`
            self.left += [(scope, each) for each in _more(scope.module, root, is_unclear=True)]
        while origin == Origin() and isinstance(part, ast.Attribute):
            part = part.value
            origin = origin_in(scope, part)
            if origin.ours is not None:
                return ""
        if origin.module is not None and not _is_flow(scope.within(origin.module, {}), origin.bound):
            around = scope.within(origin.module, {})
            if isinstance(origin.bound, (ast.expr, ast.ClassDef, *_FUNCTIONS)):
                self.left.append((around, origin.bound))
            name = part.id if isinstance(part, ast.Name) else part.attr if isinstance(part, ast.Attribute) else ""
            self.left += [(around, each) for each in _more(origin.module, name, is_unclear=origin.bound is None)]
        return ""

    def _imported(self, scope: Scope, node: ast.Import | ast.ImportFrom) -> str:
        """What a function imports for itself."""
        for alias in node.names:
            if isinstance(node, ast.Import):
                if alias.name.split(".")[0] in OURS:
                    return alias.name
                continue
            bound = Import(node.module or "", alias.name, node.level)
            if bound.ours:
                if alias.name in self.language or alias.name == "*":
                    return alias.name
                continue
            target = scope.modules.imported(scope.module, bound)
            if target is None:
                continue
            if alias.name == "*":
                self.left.append((scope.within(target, {}), target.tree))
            else:
                found = self._named(scope.within(target, {}), ast.Name(alias.name, ast.Load()))
                if found:
                    return found
        return ""


def _is_import_of_ours(node: ast.AST) -> bool:
    """`importlib.import_module("metaflow")`"""
    if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
        return False
    last = node.func.attr if isinstance(node.func, ast.Attribute) else _root(node.func)
    return last in ("import_module", "__import__") and str(node.args[0].value).split(".")[0] in OURS


def _is_flow(scope: Scope, node: object) -> bool:
    """Whether a class is a flow: what stands above its steps is its own."""
    return isinstance(node, ast.ClassDef) and any(
        origin_in(scope, each).ours == "step"
        for inner in node.body
        if isinstance(inner, _FUNCTIONS)
        for each in inner.decorator_list
    )


def _local(node: ast.AST) -> frozenset[str]:
    """The names that a function or class has for itself."""
    if not isinstance(node, (*_FUNCTIONS, ast.ClassDef, ast.Lambda, ast.expr)):
        return frozenset()
    names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load)}
    names.update(each.arg for each in ast.walk(node) if isinstance(each, ast.arg))
    return frozenset(names)


def _parts(node: ast.AST) -> Iterator[ast.Name | ast.Attribute | ast.Import | ast.ImportFrom]:
    """The (dotted) names that a piece of code reads, and its imports."""
    stack: list[ast.AST] = [node]
    while stack:
        each = stack.pop()
        named = isinstance(each, ast.Name | ast.Attribute) and isinstance(each.ctx, ast.Load) and _root(each)
        if named or isinstance(each, ast.Import | ast.ImportFrom):
            yield each  # type: ignore[misc]  # it is one of the four
        else:
            stack.extend(ast.iter_child_nodes(each))


def _root(node: ast.AST) -> str:
    """The first part of a dotted name; "" for what is none."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _more(module: Module, name: str, *, is_unclear: bool) -> Iterator[ast.expr]:
    """What else a module puts behind a name: the values of one that it binds more than once, and what it puts into it."""
    for node in ast.walk(module.tree):
        if is_unclear and isinstance(node, ast.stmt) and name in bound_names(node):
            yield from _sources(node)
        if is_unclear and isinstance(node, ast.NamedExpr) and node.target.id == name:
            yield node.value
        if isinstance(node, ast.Assign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(_is_inside(target, name) for target in targets):
                yield node.value
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            call = node.value
            handed = [each.id for each in call.args if isinstance(each, ast.Name)]
            if _is_inside(call.func, name) or name in handed:
                yield from (*call.args, *(each.value for each in call.keywords))


def _imported_as(module: Module, name: str) -> str:
    """What of the language a module imports under a name that it binds once more; "" if nothing."""
    for node in module.tree.body:
        if isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").split(".")[0] in OURS:
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return alias.name
    return ""


def _sources(node: ast.stmt) -> Iterator[ast.expr]:
    """The expressions that a statement takes its values from."""
    for field in ("value", "iter", "items"):
        found = getattr(node, field, None)
        if isinstance(found, ast.expr):
            yield found
        elif isinstance(found, list):
            yield from (each.context_expr for each in found)


def _is_inside(node: ast.expr, name: str) -> bool:
    """Whether an expression is a part of what a name stands for, and not the name itself."""
    inner = node
    while isinstance(inner, ast.Attribute | ast.Subscript):
        inner = inner.value
    return inner is not node and isinstance(inner, ast.Name) and inner.id == name


def check_applied(lineage: Lineage, language: frozenset[str], report: Report) -> None:
    """Report decorators of the language that a flow or its steps get otherwise than by `@`, as far as the text shows it."""
    nodes = frozenset(id(each.node) for each in lineage.classes)
    for own in lineage.classes:
        look = _Calls(own.scope, language, nodes, _step_names(own), report)
        for statement, _ in _run(own.node.body):
            look.through(statement, is_never=False)
        look.of_subclasses(own.node)
    for module in {id(each.module): each.module for each in lineage.classes}.values():
        look = _Calls(lineage.classes[0].scope.within(module, {}), language, nodes, frozenset(), report)
        for statement, is_never in _run(module.tree.body):
            look.through(statement, is_never=is_never)


def check_rebound(module: Module, scope: Scope, language: frozenset[str], report: Report) -> None:
    """Report a class that some call of the language's stands for from then on: `F = schedule(daily=True)(F)`."""
    classes = {each.name for each in module.tree.body if isinstance(each, ast.ClassDef)}
    for statement, _ in _run(module.tree.body):
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call):
            name = carried(scope, statement.value, language) if classes.intersection(bound_names(statement)) else ""
            if name:
                text = module.source.segment(statement)
                report.add(fc5xx.APPLIED_UNSEEN, module.source.span(statement), text=text, name=name)


def _step_names(own: Class) -> frozenset[str]:
    return frozenset(each.name for each in own.node.body if isinstance(each, _FUNCTIONS))


def _run(body: list[ast.stmt]) -> Iterator[tuple[ast.stmt, bool]]:
    """The statements that run with a body, and whether only `python flow.py` runs them."""
    stack = [(each, False) for each in reversed(body)]
    while stack:
        statement, is_never = stack.pop()
        yield statement, is_never
        if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        inner = is_never or (isinstance(statement, ast.If) and _is_main(statement.test))
        stack += [(each, inner) for each in getattr(statement, "body", [])]
        parts = (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ()))
        for below in (
            getattr(statement, "orelse", []),
            getattr(statement, "finalbody", []),
            *(each.body for each in parts),
        ):
            stack += [(each, is_never) for each in below]


def _is_main(test: ast.expr) -> bool:
    """`__name__ == "__main__"`"""
    sides = [test.left, *test.comparators] if isinstance(test, ast.Compare) else []
    return any(isinstance(each, ast.Name) and each.id == "__name__" for each in sides)


class _Calls:
    """The calls of one body that may put something on a flow or on its steps."""

    def __init__(
        self, scope: Scope, language: frozenset[str], flows: frozenset[int], steps: frozenset[str], report: Report
    ) -> None:
        self.scope = scope
        self.language = language
        self.flows = flows
        self.steps = steps
        self.report = report

    def through(self, statement: ast.stmt, *, is_never: bool) -> None:
        """Look at the calls of a statement's own expressions."""
        if isinstance(statement, ast.Assign) and self.steps.intersection(bound_names(statement)):
            return  # A name that is there twice, which is told already.
        if isinstance(statement, _FUNCTIONS):
            if not self.steps:
                self._calls(statement, is_deferred=True, is_never=False)
        elif not isinstance(statement, ast.ClassDef):
            for part in ast.iter_child_nodes(statement):
                if isinstance(part, ast.expr | ast.withitem):
                    self._calls(part, is_deferred=False, is_never=is_never)

    def _calls(self, node: ast.AST, *, is_deferred: bool, is_never: bool) -> None:
        stack = [(node, is_deferred)]
        while stack:
            each, later = stack.pop()
            later = later or isinstance(each, ast.Lambda)
            if isinstance(each, ast.Call):
                name = self._puts_on(each, later)
                if name:
                    self._add(each, name, is_never)
                    continue
            stack.extend((child, later) for child in ast.iter_child_nodes(each))

    def _puts_on(self, call: ast.Call, later: bool) -> str:
        """What a call puts on a flow, a step, or (where it runs at once) on anything."""
        handed = any(self._is_flows(each) for each in (*call.args, *(keyword.value for keyword in call.keywords)))
        if later and not handed:
            return ""
        name = self._applied(call)
        inner = (each for part in (*call.args, *call.keywords) for each in ast.walk(part) if isinstance(each, ast.Call))
        if name or not handed or any(self._applied(each) for each in inner):
            return name
        return carried(self.scope, call, self.language)

    def _applied(self, call: ast.Call) -> str:
        name = applied_by(self.scope, call)
        return name if name in self.language or name == "step" else ""

    def _is_flows(self, node: ast.expr) -> bool:
        """Whether an expression names the flow, or one of its steps."""
        names = (each for each in ast.walk(node) if isinstance(each, ast.Name))
        return any(each.id in self.steps or id(origin_in(self.scope, each).bound) in self.flows for each in names)

    def _add(self, node: ast.expr, name: str, is_never: bool) -> None:
        source = self.scope.module.source
        text = source.segment(node)
        if is_never or name == "step":
            self.report.add(fc5xx.APPLIED_UNSEEN, source.span(node), text=text, name=name)
        elif not self.scope.reading.has_imported:
            self.report.add(fc5xx.APPLIED_BY_CALL, source.span(node), text=text, name=name)

    def of_subclasses(self, node: ast.ClassDef) -> None:
        """A metaclass and `__init_subclass__` act on the flow without being named again."""
        hooks = [each for each in node.body if isinstance(each, _FUNCTIONS) and each.name == "__init_subclass__"]
        for hook in (*hooks, *(keyword.value for keyword in node.keywords)):
            name = carried(self.scope, hook, self.language)
            if name:
                source = self.scope.module.source
                span = source.name_span(hook) if isinstance(hook, _FUNCTIONS) else source.span(hook)
                if not self.scope.reading.has_imported:
                    self.report.add(fc5xx.APPLIED_BY_CALL, span, text=node.name, name=name)
