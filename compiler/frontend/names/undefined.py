"""Lines that fail while a module is imported: a name that nothing has bound by then, or that an earlier line has taken."""

from __future__ import annotations

import ast
import builtins
import re
import sys
from collections.abc import Callable, Iterable, Iterator

from compiler.diagnostics import Fix, Note, Report
from compiler.frontend.findings import fc5xx
from compiler.frontend.findings.suggest import did_you_mean
from compiler.frontend.names.known_values import (
    Names,
    Taken,
    bound_within,
    function_kind,
    is_filled,
    taken_by,
    taken_by_loop,
)
from compiler.frontend.names.reached import FUNCTIONS
from compiler.frontend.text.modules import Import, Module, Modules, global_names
from compiler.frontend.text.nodes import children
from compiler.frontend.text.respelling import imported
from compiler.frontend.text.runtime_names import runtime_names
from compiler.ir.flow import Span
from compiler.slotted_class import record

_BUILTIN = frozenset((*dir(builtins), "PythonFinalizationError", "exit", "quit", "_"))
_HIDING = ("exec", "globals", "locals", "vars", "builtins", "gettext", "get_ipython", "sys.modules")
_HIDDEN = r"\b(?:exec|globals|locals|vars)\s*\(|\b(?:builtins|__builtins__|gettext|get_ipython|sys\.modules)\b"
"""What may bind names that no line shows; a text without any of these words has none, and is not searched letter by letter."""

_DUNDER = r"__[a-z].*__"
_CATCHING = frozenset(("NameError", "TypeError", "AttributeError", "Exception", "BaseException"))
_EAGER = frozenset(("sum", "list", "tuple", "set", "frozenset", "dict", "sorted", "max", "min", "any", "all", "join"))
_PARAMETERS = frozenset(("Parameter", "IncludeFile"))
_LATE_ANNOTATIONS = (3, 14)


@record
class _Scope:
    """Names by the innermost scope: of a class body before the module's; `own` is where statements bind."""

    module: Names
    own: Names
    here: frozenset[str] = frozenset()
    """What comprehensions around an expression bind."""
    hidden: Names | None = None
    """The names of the class body that a comprehension stands in."""

    @property
    def in_class(self) -> bool:
        """Whether it is the body of a class."""
        return self.own is not self.module

    def find(self, name: str) -> tuple[bool, Taken | None]:
        """Whether a name is bound, and to what."""
        if name in self.here:
            return True, None
        if name in self.own:
            return True, self.own[name]
        return name in self.module, self.module.get(name)

    def inside(self, names: Iterable[str]) -> _Scope:
        """The scope of a comprehension: it does not see the names of a class body."""
        return _Scope(self.module, self.module, self.here.union(names), self.own)


class ImportTime:
    """The check of one module."""

    def __init__(self, modules: Modules, module: Module, report: Report) -> None:
        self._modules = modules
        self._module = module
        self._report = report
        self._is_open = _hides(module.source.text)
        self._annotates = "annotations" not in module.names and sys.version_info < _LATE_ANNOTATIONS
        self._shared = frozenset(global_names(module.source, module.tree))
        """Names that functions bind for the whole module, at any time."""
        self._lines: dict[str, list[int]] = {}
        self.places: list[tuple[Span, str]] = []
        """What it has told of: places, and names."""

    def check(self) -> None:
        """Report what fails, in the order of the lines."""
        names: Names = dict.fromkeys(self._shared)
        self._run(self._module.tree.body, _Scope(names, names))

    def _run(self, statements: list[ast.stmt], scope: _Scope) -> None:
        for statement in statements:
            run = _RUNS.get(type(statement))
            if run is not None:
                run(self, statement, scope)
            else:
                self._loads(statement, scope)
                scope.own.update(dict.fromkeys(bound_within(statement)))

    def _block(self, node: ast.stmt, scope: _Scope) -> None:
        """A block that may not run, or not once: its head is evaluated, and its names may be bound."""
        head = node.iter if isinstance(node, ast.For | ast.AsyncFor) else None
        if isinstance(node, ast.If | ast.While):
            head = node.test
        elif isinstance(node, ast.Match):
            head = node.subject
        if head is not None:
            self._loads(head, scope)
        for each in getattr(node, "items", ()):
            self._loads(each.context_expr, scope)
        self._bind_all(node, scope)
        target = node.target if isinstance(node, ast.For) else None
        if isinstance(node, ast.For) and isinstance(target, ast.Name):
            is_kept = list(bound_within(node)).count(target.id) == 1
            self._take(target.id, taken_by_loop(node) if is_kept else None, scope)

    def _bind_all(self, node: ast.AST, scope: _Scope) -> None:
        for name in bound_within(node):
            if name == "*":
                self._is_open = True
            scope.own[name] = None

    def _try(self, node: ast.Try, scope: _Scope) -> None:
        caught = {name for handler in node.handlers for name in _caught(handler)}
        if caught & _CATCHING:
            self._bind_all(node, scope)
            return
        self._run([*node.body, *node.orelse], scope)
        for handler in node.handlers:
            self._bind_all(handler, scope)
        self._run(node.finalbody, scope)

    def _assign(self, node: ast.Assign, scope: _Scope) -> None:
        self._loads(node.value, scope)
        for target in node.targets:
            self._loads(target, scope)
            scope.own.update(dict.fromkeys(bound_within(target)))
            if isinstance(target, ast.Name):
                self._take(target.id, taken_by(node, node.value, self._is_parameter), scope)

    def _take(self, name: str, taken: Taken | None, scope: _Scope) -> None:
        scope.own[name] = None if self._is_open or name in self._shared else taken

    def _annotated(self, node: ast.AnnAssign, scope: _Scope) -> None:
        if self._annotates:
            self._loads(node.annotation, scope)
        if node.value is not None:
            self._loads(node.value, scope)
            self._loads(node.target, scope)
            if isinstance(node.target, ast.Name):
                self._take(node.target.id, taken_by(node, node.value, self._is_parameter), scope)

    def _augmented(self, node: ast.AugAssign, scope: _Scope) -> None:
        if isinstance(node.target, ast.Name):
            self._look(node.target, scope)
            scope.own[node.target.id] = None
        self._loads(node.value, scope)

    def _import(self, node: ast.Import | ast.ImportFrom, scope: _Scope) -> None:
        for alias in node.names:
            if alias.name != "*":
                scope.own[alias.asname or alias.name.split(".")[0]] = None
            elif isinstance(node, ast.ImportFrom):
                self._star(Import(node.module or "", None, node.level), self._module, scope, 0)

    def _star(self, star: Import, importer: Module, scope: _Scope, depth: int) -> None:
        """Bind what `from … import *` brings; where that is not known, any name may be there from now on."""
        if star.ours:
            scope.own.update(dict.fromkeys(runtime_names().by_star(star.module)))
            return
        found = self._modules.imported(importer, star) if depth < _DEEPEST else None
        if found is None or "__all__" in found.names or _hides(found.source.text):
            self._is_open = True
            scope.own.update(dict.fromkeys(scope.own))
            return
        scope.own.update(dict.fromkeys(found.names))
        for each in found.stars:
            self._star(each, found, scope, depth + 1)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: _Scope) -> None:
        self._decorated(node.decorator_list, scope)
        for default in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
            self._loads(default, scope)
        if self._annotates and not getattr(node, "type_params", None):
            args = node.args
            for each in filter(None, (*args.posonlyargs, *args.args, args.vararg, *args.kwonlyargs, args.kwarg)):
                if each.annotation is not None:
                    self._loads(each.annotation, scope)
            if node.returns is not None:
                self._loads(node.returns, scope)
        scope.own[node.name] = function_kind(node, scope.in_class)

    def _decorated(self, decorators: list[ast.expr], scope: _Scope) -> None:
        for each in decorators:
            self._loads(each, scope)
            if isinstance(each, ast.Name):
                self._check_taken(each, scope)

    def _class(self, node: ast.ClassDef, scope: _Scope) -> None:
        self._decorated(node.decorator_list, scope)
        parameters = [each.name for each in getattr(node, "type_params", ())]
        if not parameters:
            for each in (*node.bases, *(keyword.value for keyword in node.keywords)):
                self._loads(each, scope)
        self._run(node.body, _Scope(scope.module, dict.fromkeys(parameters)))
        scope.own[node.name] = None

    def _loads(self, node: ast.AST, scope: _Scope) -> None:
        """Look up each name that evaluating an expression surely reads."""
        scope.own.update(dict.fromkeys(bound_within(node)))  # by an assignment expression
        stack: list[tuple[ast.AST, _Scope]] = [(node, scope)]
        while stack:
            each, around = stack.pop()
            if isinstance(each, ast.Name):
                if isinstance(each.ctx, ast.Load):
                    self._look(each, around)
                continue
            if isinstance(each, ast.Constant):
                continue
            if isinstance(each, (ast.Call, ast.Attribute, ast.Subscript)):
                self._used(each, around)
            stack += [(inner, within) for inner, within in reversed(list(_evaluated(each, around)))]

    def _look(self, node: ast.Name, scope: _Scope) -> None:
        name = node.id
        if self._is_open or scope.find(name)[0] or name in _BUILTIN or re.fullmatch(_DUNDER, name):
            return
        cure = (
            f"define or import it above{self._below(name, node) or did_you_mean(name, {**scope.module, **scope.own})}"
        )
        fix: Fix = ()
        if scope.hidden and name in scope.hidden:
            cure = "define it above the class: a comprehension does not see the names of the class body around it"
        elif set(name) == {"_"}:
            cure = "fill the blank in"
        elif name in runtime_names().by_star("metaflow"):
            cure, fix = f"import it: `from metaflow import {name}`", imported(self._module, name)
        self._tell(node, name)
        self._report.add(fc5xx.UNDEFINED_NAME, self._module.source.span(node), *fix, name=name, cure=cure)
        scope.own.setdefault(name, None)

    def _below(self, name: str, node: ast.Name) -> str:
        """Which later line of the module binds a name."""
        if not self._lines:
            for each in self._module.tree.body:
                for bound in bound_within(each):
                    self._lines.setdefault(bound, []).append(each.lineno)
        line = next((line for line in self._lines.get(name, ()) if line > node.lineno), None)
        return f"; line {line} does, below" if line else ""

    def _used(self, node: ast.Call | ast.Attribute | ast.Subscript, scope: _Scope) -> None:
        """Whether what a name stands for can be called, or has that attribute, or items."""
        root = node.func if isinstance(node, ast.Call) else node.value
        if not isinstance(root, ast.Name) or not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
            return
        taken = scope.find(root.id)[1]
        if taken is None:
            return
        if isinstance(node, ast.Attribute):
            hides = scope.in_class and (root.id in _BUILTIN or root.id in scope.module)
            fails = (
                hides and not re.fullmatch(_DUNDER, node.attr)
                if taken.kind is None
                else not hasattr(taken.kind, node.attr)
            )
        elif isinstance(node, ast.Subscript):
            fails = taken.kind is None or not hasattr(taken.kind, "__getitem__")
        else:
            fails = True
        if fails:
            self._check_taken(root, scope)

    def _check_taken(self, root: ast.Name, scope: _Scope) -> None:
        taken = scope.find(root.id)[1]
        if taken is None or any(root.id == name for _, name in self.places):
            return
        source = self._module.source
        span = (
            source.name_span(taken.node)
            if isinstance(taken.node, (*FUNCTIONS, ast.ClassDef))
            else source.span(taken.node)
        )
        self._tell(root, root.id)
        self._report.add(
            fc5xx.TAKEN_NAME,
            source.span(root),
            Note(span, "bound here"),
            name=root.id,
            what=taken.what,
        )

    def _tell(self, node: ast.Name, name: str) -> None:
        self.places.append((self._module.source.span(node), name))

    def _is_parameter(self, node: ast.expr) -> bool:
        return self._modules.origin(self._module, node).ours in _PARAMETERS


_DEEPEST = 20


def _hides(text: str) -> bool:
    """Whether a module may bind names that no line shows."""
    return any(word in text for word in _HIDING) and re.search(_HIDDEN, text) is not None


def _evaluated(node: ast.AST, scope: _Scope) -> Iterator[tuple[ast.AST, _Scope]]:
    """The parts of an expression that are surely evaluated with it, and where each looks its names up."""
    if isinstance(node, _COMPREHENSIONS):
        yield from _comprehended(node, scope, runs=not isinstance(node, ast.GeneratorExp))
    elif isinstance(node, ast.Call):
        yield from _called(node, scope)
    else:
        yield from ((each, scope) for each in _parts(node))


def _parts(node: ast.AST) -> Iterable[ast.AST]:
    if isinstance(node, ast.Lambda):
        return (*node.args.defaults, *filter(None, node.args.kw_defaults))
    if isinstance(node, ast.BoolOp):
        return node.values[:1]
    if isinstance(node, ast.IfExp | ast.Assert):
        return (node.test,)
    if isinstance(node, ast.Compare):
        return (node.left, node.comparators[0])
    return children(node)


def _called(node: ast.Call, scope: _Scope) -> Iterator[tuple[ast.AST, _Scope]]:
    """A call's function and arguments; a generator is run where the function is known to go through it."""
    yield node.func, scope
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    for each in node.args:
        if isinstance(each, ast.GeneratorExp):
            yield from _comprehended(each, scope, runs=name in _EAGER)
        else:
            yield each, scope
    yield from ((keyword.value, scope) for keyword in node.keywords)


_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def _comprehended(node: _Comprehension, scope: _Scope, runs: bool) -> Iterator[tuple[ast.AST, _Scope]]:
    """A comprehension's first iterable, and its element where it `runs` and surely has one."""
    first = node.generators[0]
    yield first.iter, scope
    if runs and len(node.generators) == 1 and not first.ifs and is_filled(first.iter):
        inner = scope.inside(bound_within(node))
        yield from (
            (each, inner) for each in ((node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,))
        )


def _caught(handler: ast.ExceptHandler) -> Iterator[str]:
    if handler.type is None:
        yield "BaseException"
        return
    for each in ast.walk(handler.type):
        if isinstance(each, ast.Name):
            yield each.id


_RUNS: dict[type[ast.stmt], Callable[..., None]] = {
    ast.Assign: ImportTime._assign,
    ast.AnnAssign: ImportTime._annotated,
    ast.AugAssign: ImportTime._augmented,
    ast.Import: ImportTime._import,
    ast.ImportFrom: ImportTime._import,
    ast.FunctionDef: ImportTime._function,
    ast.AsyncFunctionDef: ImportTime._function,
    ast.ClassDef: ImportTime._class,
    ast.Try: ImportTime._try,
    ast.If: ImportTime._block,
    ast.While: ImportTime._block,
    ast.For: ImportTime._block,
    ast.AsyncFor: ImportTime._block,
    ast.With: ImportTime._block,
    ast.AsyncWith: ImportTime._block,
    ast.Match: ImportTime._block,
    ast.TryStar: ImportTime._block,
}
"""What runs a statement; every other one is evaluated whole."""
