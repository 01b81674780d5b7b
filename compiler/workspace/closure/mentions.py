"""What the text of a module mentions: modules that it imports, paths that it writes, and lines whose import only a run can name."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from compiler.frontend.text.modules import Module
from compiler.ir.flow import Span
from compiler.slotted_class import fresh, mutable, record, replaced
from compiler.workspace.closure.paths import OPENERS, Bound, Named, Names, added_folder, has_text, named_by


@record
class Import:
    """An import of `parts`, or of `names` from it; `level` counts the dots.

    `is_caught`: a `try` goes on where it fails. `is_inner`: it stands in a function.
    """

    span: Span
    parts: tuple[str, ...]
    level: int
    names: tuple[str, ...] = ()
    is_caught: bool = False
    is_inner: bool = False

    @property
    def written(self) -> str:
        """As the author wrote it, in one dotted name."""
        return "." * self.level + ".".join((*self.parts, *(self.names[:1] if not self.parts else ())))


@mutable
class Mentions:
    """All of one module, in no order. `exported` is None where `__all__` is not a list of texts."""

    imports: list[Import] = fresh(default_factory=list)
    named: list[Named] = fresh(default_factory=list)
    computed: list[Span] = fresh(default_factory=list)
    folders: list[tuple[str, bool]] = fresh(default_factory=list)
    """What is added to `sys.path`: a path, and whether it begins at the module's folder; else at the root."""
    exported: tuple[str, ...] | None = ()
    is_in_package: bool = False
    """Whether it asks for the package that it lies in."""


def mentions(module: Module) -> Mentions:
    """What a module mentions; annotations that only type checkers read, and texts that document, are no mention."""
    text = module.source.text
    reader = _Reader(
        module, _bound(module.tree), "importlib" in text or "runpy" in text or "__import__" in text or "pkgutil" in text
    )
    reader.walk()
    if "__all__" in text:
        reader.found.exported = _exported(module.tree)
    if "__package__" in text or "__spec__" in text:
        reader.found.is_in_package = True
    return reader.found


def _bound(parsed: ast.Module) -> Bound:
    """Names of the module that an assignment binds, and those that run through a list of texts."""
    found: Bound = {}
    for node in parsed.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            found[node.target.id] = node.value
    return found


def _exported(parsed: ast.Module) -> tuple[str, ...] | None:
    """The names of `__all__`; None where something else than lists of texts makes it."""
    names: list[str] = []
    for node in ast.walk(parsed):
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
        )
        if not any(isinstance(each, ast.Name) and each.id == "__all__" for each in targets):
            continue
        assert isinstance(node, ast.Assign | ast.AugAssign)
        if not isinstance(node.value, ast.List | ast.Tuple):
            return None
        texts = [each.value if isinstance(each, ast.Constant) else None for each in node.value.elts]
        if not all(isinstance(each, str) for each in texts):
            return None
        names += map(str, texts)
    return tuple(names)


_BY_NAME = frozenset({"import_module", "__import__", "run_module", "resolve_name"})
"""What imports a module that its first argument names."""

_BY_PATH = {"run_path": 0, "spec_from_file_location": 1, "SourceFileLoader": 1, "load_source": 1}
"""What imports the file that an argument names, and which argument."""

_BY_NOTHING = frozenset({"walk_packages", "attach_stub"})
_RESOURCES = frozenset(
    {"files", "path", "open_text", "open_binary", "read_text", "read_binary", "get_data", "PackageLoader"}
)
"""What opens a file of a package that its first argument names."""


_LEAVES = (ast.Name, ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.boolop)
"""Half of a tree, of which nothing is read."""

_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {
    kind: tuple(name for name in kind._fields if name not in ("ctx", "op", "ops", "id", "attr", "type_comment"))
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
}
"""The fields of each kind of node that may hold what is read, in their order."""

_WALKED = frozenset(kind for kind in _FIELDS if not issubclass(kind, _LEAVES))

_CAUGHT, _INNER = 1, 2
"""What holds where a node stands: a `try` catches what it raises, it runs later. Beside nodes on the stack: what holds from there on."""


@mutable
class _Reader:
    """Walks one tree; `aliases` are other names of what imports by name."""

    module: Module
    bound: Bound
    may_import: bool
    found: Mentions = fresh(default_factory=Mentions)
    aliases: dict[str, str] = fresh(default_factory=dict)
    loops: dict[str, list[str]] = fresh(default_factory=dict)
    holds: int = 0
    stack: list[ast.AST | int] = fresh(default_factory=list)

    def walk(self) -> None:
        """Read the whole tree."""
        if self.may_import:
            self._read_aliases()
        stack, texts = self.stack, set[str]()  # of a text the first place counts
        stack.extend(self.module.tree.body)
        while stack:
            node = stack.pop()
            if isinstance(node, int):
                self.holds = node
                continue
            if isinstance(node, ast.Constant):  # the commonest by far
                text = node.value
                if isinstance(text, str) and text not in texts:
                    texts.add(text)
                    self.found.named += named_by(node, self._names(node))
                continue
            visit = _VISITS.get(node.__class__)
            if visit is None:
                self._push(node)
            else:
                visit(self, node)

    def _push(self, node: ast.AST) -> None:
        """All children of a node are read."""
        stack = self.stack
        for name in _FIELDS[node.__class__]:
            value: Any = getattr(node, name, None)
            if value.__class__ is list:
                stack += [each for each in value if each.__class__ in _WALKED]
            elif value.__class__ in _WALKED:
                stack.append(value)

    def _read_aliases(self) -> None:
        for node in ast.walk(self.module.tree):
            if isinstance(node, ast.ImportFrom):
                self.aliases |= {each.asname: each.name for each in node.names if each.asname}
            elif isinstance(node, ast.For | ast.comprehension) and isinstance(node.target, ast.Name):
                texts = _texts(node.iter)
                if texts:
                    self.loops[node.target.id] = texts

    def _path(self, node: ast.JoinedStr | ast.BinOp) -> None:
        if has_text(node, self.bound):
            self.found.named += named_by(node, self._names(node))
        self.stack += _parts(node)

    def _expression(self, node: ast.Expr) -> None:
        if node.value.__class__ is not ast.Constant:
            self.stack.append(node.value)

    def _try(self, node: ast.Try | ast.TryStar) -> None:
        if node.handlers:
            self.stack += (self.holds, *node.body, *node.handlers, self.holds | _CAUGHT)
        else:
            self.stack += node.body
        self.stack += (*node.orelse, *node.finalbody)

    def _if(self, node: ast.If) -> None:
        self.stack += _branches(node)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.stack += (*node.decorator_list, node.args, self.holds, *node.body)
        self.holds |= _INNER

    def _arguments(self, node: ast.arguments) -> None:
        self.stack += (each for each in (*node.defaults, *node.kw_defaults) if each)

    def _lambda(self, node: ast.Lambda) -> None:
        self.stack += (self.holds, node.body)
        self.holds |= _INNER

    def _value(self, node: ast.AnnAssign) -> None:
        if node.value:
            self.stack.append(node.value)

    def _leaf(self, node: ast.AST) -> None:
        """Nothing of it is read."""

    def _names(self, node: ast.expr) -> Names:
        return Names(self.bound, node.lineno)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        span, caught, inner = self._span(node), bool(self.holds & _CAUGHT), bool(self.holds & _INNER)
        if isinstance(node, ast.Import):
            for alias in node.names:
                self.found.imports.append(Import(span, tuple(alias.name.split(".")), 0, (), caught, inner))
            return
        parts = tuple(node.module.split(".")) if node.module else ()
        names = tuple(alias.name for alias in node.names)
        self.found.imports.append(Import(span, parts, node.level, names, caught, inner))

    def _call(self, node: ast.Call) -> None:
        self._push(node)
        caught, inner = bool(self.holds & _CAUGHT), bool(self.holds & _INNER)
        name = _called(node.func)
        name = self.aliases.get(name, name)
        if name in OPENERS:
            self.found.named += named_by(node, self._names(node))
        if name in _RESOURCES:
            self._texts_of(node.args[:1], node, caught, inner)
        elif name == "exit_hook":
            self._texts_of([each.value for each in node.keywords], node, True, True)
        elif name == "Config":
            self._texts_of([each.value for each in node.keywords if each.arg == "parser"], node, True, True)
        elif name in ("insert", "append", "extend", "addsitedir") and _is_path_of_sys(node.func):
            self._add_folders(node.args[-1:], node)
        elif self.may_import and (name in _BY_NAME or name in _BY_PATH or name in _BY_NOTHING):
            self._import_by_call(node, name, caught, inner)
        self._run_as_module(node.args)

    def _import_by_call(self, node: ast.Call, name: str, caught: bool, inner: bool) -> None:
        given = None
        if name not in _BY_NOTHING:
            given = _argument(
                node, _BY_PATH.get(name, 0), "name", "mod_name", "path_name", "location", "path", "pathname"
            )
        if given is None:
            self.found.computed.append(self._span(node))
        elif name in _BY_PATH:
            named = list(named_by(given, Names(self.bound, node.lineno, is_path=True)))
            self.found.named += named
            if not named or any("*" in part for each in named for part in each.parts):
                self.found.computed.append(self._span(node))
        else:
            names = _argument(node, 3, "fromlist") if name == "__import__" else None
            package = _argument(node, 1, "package") if name == "import_module" else None
            self._import_texts(
                node,
                self._texts_in(given),
                package,
                Import(self._span(node), (), 0, tuple(_texts(names)), caught, inner),
            )

    def _import_texts(self, node: ast.Call, texts: Sequence[str], package: ast.expr | None, like: Import) -> None:
        """Import what texts name; one that begins with dots counts from a package."""
        is_own = package is None or (isinstance(package, ast.Name) and package.id in ("__package__", "__name__"))
        outer = self._texts_in(package) if package and not is_own else []
        for text in texts:
            whole = text.replace(":", ".")
            level = len(whole) - len(whole.lstrip("."))
            parts = tuple(part for part in whole.split(".") if part)
            if level and not is_own:
                if not outer or level > 1:
                    self.found.computed.append(self._span(node))
                    continue
                level, parts = 0, (*outer[0].split("."), *parts)
            self.found.imports.append(replaced(like, parts=parts, level=level))
        if not texts:
            self.found.computed.append(self._span(node))

    def _span(self, node: ast.expr | ast.stmt) -> Span:
        return self.module.source.span(node)

    def _texts_in(self, node: ast.expr) -> list[str]:
        """The texts that an expression may be; none where only a run tells."""
        if isinstance(node, ast.Constant):
            return [node.value] if isinstance(node.value, str) else []
        if isinstance(node, ast.Name):
            if node.id in self.loops:
                return self.loops[node.id]
            bound = self.bound.get(node.id)
            return [bound.value] if isinstance(bound, ast.Constant) and isinstance(bound.value, str) else []
        return []

    def _texts_of(self, nodes: Sequence[ast.expr], at: ast.Call, caught: bool, inner: bool) -> None:
        """Modules that dotted texts name, or what stands in them."""
        for node in nodes:
            for each in ast.walk(node):
                for text in self._texts_in(each) if isinstance(each, ast.Constant | ast.Name) else ():
                    parts = tuple(text.split("."))
                    if all(part.isidentifier() for part in parts):
                        span = self._span(at)
                        self.found.imports.append(Import(span, parts, 0, (), caught, inner))

    def _run_as_module(self, given: Sequence[ast.expr]) -> None:
        """`[sys.executable, "-m", "lib.tool"]`"""
        for words in (given, *(each.elts for each in given if isinstance(each, ast.List | ast.Tuple))):
            for before, after in pairwise(words):
                if isinstance(before, ast.Constant) and before.value == "-m":
                    for text in self._texts_in(after):
                        parts = tuple(text.split("."))
                        span = self._span(after)
                        self.found.imports.append(Import(span, parts, 0, ("__main__",), True, True))

    def _assign(self, node: ast.Assign | ast.AugAssign) -> None:
        for each in node.targets if isinstance(node, ast.Assign) else (node.target,):
            if _is_sys_path(each):
                self._add_folders([node.value], node)
                break
        self.stack.append(node.value)

    def _add_folders(self, given: Sequence[ast.expr], at: ast.Call | ast.stmt) -> None:
        for node in given:
            for each in _listed(node):
                folder = added_folder(each, self.bound)
                if folder is None:
                    self.found.computed.append(self._span(at))
                else:
                    self.found.folders.append(folder)


_VISITS: dict[type, Callable[..., None]] = {
    ast.Import: _Reader._import,
    ast.ImportFrom: _Reader._import,
    ast.Call: _Reader._call,
    ast.JoinedStr: _Reader._path,
    ast.BinOp: _Reader._path,
    ast.Expr: _Reader._expression,
    ast.Try: _Reader._try,
    ast.TryStar: _Reader._try,
    ast.If: _Reader._if,
    ast.FunctionDef: _Reader._function,
    ast.AsyncFunctionDef: _Reader._function,
    ast.arguments: _Reader._arguments,
    ast.Lambda: _Reader._lambda,
    ast.Assign: _Reader._assign,
    ast.AugAssign: _Reader._assign,
    ast.AnnAssign: _Reader._value,
    **dict.fromkeys((ast.Name, ast.Pass, ast.Global, ast.Nonlocal, ast.Break, ast.Continue), _Reader._leaf),
}
"""What is done with each kind of node of which not simply all children are read."""


def _listed(node: ast.expr) -> Iterator[ast.expr]:
    """What a list adds to `sys.path`, itself left out."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from (each for side in (node.left, node.right) for each in _listed(side))
    elif isinstance(node, ast.List | ast.Tuple):
        for each in node.elts:
            yield from _listed(each.value) if isinstance(each, ast.Starred) else (each,)
    elif not _is_sys_path(node):
        yield node


def _called(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _argument(node: ast.Call, place: int, *names: str) -> ast.expr | None:
    """An argument by its place or one of its names; None where it is not there, or stars hide it."""
    if any(isinstance(each, ast.Starred) for each in node.args[: place + 1]):
        return None
    if len(node.args) > place:
        return node.args[place]
    return next((each.value for each in node.keywords if each.arg in names), None)


def _is_path_of_sys(func: ast.expr) -> bool:
    if not isinstance(func, ast.Attribute):
        return False
    return _is_sys_path(func.value) or (func.attr == "addsitedir" and isinstance(func.value, ast.Name))


def _is_sys_path(node: ast.expr) -> bool:
    if isinstance(node, ast.Subscript):  # sys.path[:0] = [...]
        node = node.value
    return (
        isinstance(node, ast.Attribute)
        and node.attr == "path"
        and isinstance(node.value, ast.Name)
        and node.value.id == "sys"
    )


def _texts(node: ast.expr | None) -> list[str]:
    """The texts of a list of nothing else."""
    if not isinstance(node, ast.List | ast.Tuple | ast.Set):
        return []
    texts = [each.value for each in node.elts if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return texts if len(texts) == len(node.elts) else []


def _branches(node: ast.If) -> Iterator[ast.AST]:
    """The parts of an `if` that can run: not what is for type checkers alone."""
    test = node.test
    negated = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
    inside = test.operand if isinstance(test, ast.UnaryOp) else test
    is_typing = isinstance(inside, ast.Name | ast.Attribute) and _called(inside) == "TYPE_CHECKING"
    if not is_typing:
        yield test
    if not is_typing or negated:
        yield from node.body
    if not is_typing or not negated:
        yield from node.orelse


def _parts(node: ast.expr) -> Iterator[ast.expr]:
    """What of a path is an expression of its own."""
    if isinstance(node, ast.JoinedStr):
        yield from (each.value for each in node.values if isinstance(each, ast.FormattedValue))
    elif isinstance(node, ast.BinOp):
        for each in (node.left, node.right):
            if isinstance(each, ast.BinOp | ast.JoinedStr):
                yield from _parts(each)
            elif not isinstance(each, ast.Constant):
                yield each
