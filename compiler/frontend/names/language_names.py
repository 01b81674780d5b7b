"""What code that a task comes to asks of `metaflow` and `flowc`, checked against what they have where it runs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from compiler.diagnostics import Fix, Report
from compiler.frontend.decorators.extensions import BY_IMAGE, EXTENSIONS
from compiler.frontend.findings import fc1xx, fc6xx
from compiler.frontend.findings.suggest import clear, did_you_mean
from compiler.frontend.names.reached import EVERY, FUNCTIONS, Reached, is_step, reached
from compiler.frontend.text.modules import OURS, Import, Module
from compiler.frontend.text.respelling import head_respelt, renamed_import
from compiler.frontend.text.runtime_names import RuntimeNames, runtime_names
from compiler.ir.flow import Span
from compiler.slotted_class import record

_ASKED = r"[ \t]*(?:from|import)[ \t].*\b(?:metaflow|flowc)\b"
"""A line that imports of the language."""

_CURRENT = ("metaflow.current", "flowc.current")
_OF_CURRENT = r"\bcurrent\s*\.\s*(\w+)"
_NO_MODULE = EVERY | {"ImportError", "ModuleNotFoundError"}
_NO_NAME = EVERY | {"ImportError"}
_NO_ATTRIBUTE = _NO_NAME | {"AttributeError"}


@record
class _Missing:
    """A name that is not there: its module, itself (None for the module), its place, and what putting it right changes."""

    module: str
    name: str | None
    span: Span
    alias: ast.alias | None = None


class Asked:
    """The check of a module; `told` are the names that it has told of, so that nothing that follows from them is told too."""

    def __init__(self, passthrough: frozenset[str], report: Report) -> None:
        self._names: RuntimeNames = runtime_names()
        self._passthrough = passthrough
        self._report = report
        self._mentioned: set[str] = set()
        self._unwalked: list[Module] = []
        self.told: set[str] = set()

    def check(self, module: Module) -> None:
        """Report what a module asks for that is not there."""
        if self._is_plain(module):
            self._unwalked.append(module)
            return
        while self._unwalked:  # which functions of this module the others name
            for _ in reached(self._unwalked.pop().tree, self._mentioned):
                pass
        decorators = _decorators(module.tree)
        nodes = [each for each in reached(module.tree, self._mentioned) if isinstance(each.node, _ASKING)]
        for each in nodes:
            if isinstance(each.node, ast.Import):
                self._check_import(module, each, each.node)
            elif isinstance(each.node, ast.ImportFrom):
                self._check_names(module, each, each.node, decorators)
        aliases = _aliases(module, [each.node for each in nodes], self._names)
        above = {id(each) for each in _above(module.tree)} if aliases else set[int]()
        for each in nodes if aliases else ():
            if isinstance(each.node, ast.Attribute) and id(each.node) not in above:
                self._check_attribute(module, each, each.node, aliases)

    def _is_plain(self, module: Module) -> bool:
        """Whether all that a module asks for stands at its top, by name, and is there: most flows need no walk."""
        top = [node for node in module.tree.body if isinstance(node, ast.ImportFrom) and is_ours(node)]
        source = module.source
        if len(top) != _asking_lines(source.lines) or not self._are_known(_of_current(source.text)):
            return False
        return all(
            self._names.is_module(node.module or "")
            and alias.name in ("*", *(self._names.by_star(node.module or "")))
            and (alias.name != "current" or not alias.asname)
            for node in top
            for alias in node.names
        )

    def _are_known(self, names: list[str]) -> bool:
        """Whether `current` has all of these."""
        return not names or (self._names.names(_CURRENT[0]) or frozenset()).issuperset(names)

    def _check_import(self, module: Module, found: Reached, node: ast.Import) -> None:
        for alias in node.names:
            if alias.name.split(".")[0] in OURS and not self._names.is_module(alias.name):
                self._tell(module, found, _NO_MODULE, _Missing(alias.name, None, module.source.span(alias)))

    def _check_names(self, module: Module, found: Reached, node: ast.ImportFrom, decorators: frozenset[str]) -> None:
        if not is_ours(node):
            return
        home = node.module or ""
        if not self._names.is_module(home):
            self.told.update(alias.name for alias in node.names)
            self._tell(module, found, _NO_MODULE, _Missing(home, None, _home_span(module, node, home)))
            return
        names = self._names.names(home)
        for alias in node.names:
            if names is None or alias.name in names or alias.name == "*" or self._is_brought(home, alias.name):
                continue
            told_there = home in OURS and alias.name not in self._passthrough
            if told_there and (alias.asname or alias.name) in decorators:
                continue
            self._tell(module, found, _NO_NAME, _Missing(home, alias.name, module.source.span(alias), alias))

    def _is_brought(self, home: str, name: str) -> bool:
        """Whether an extension in the image may bring a name: it puts it into `metaflow` itself, and what it likes into `current`."""
        if home in _CURRENT:
            return bool(self._passthrough) or name.startswith("_")
        return name.startswith("__") or (home == "metaflow" and name in self._passthrough)

    def _check_attribute(self, module: Module, found: Reached, node: ast.Attribute, aliases: dict[str, str]) -> None:
        parts: list[ast.Attribute] = []
        root: ast.expr = node
        while isinstance(root, ast.Attribute):
            parts.append(root)
            root = root.value
        home = aliases.get(root.id) if isinstance(root, ast.Name) else None
        for part in reversed(parts):
            names = None if home is None else self._names.names(home)
            if home is None or names is None or self._is_brought(home, part.attr):
                return
            whole = f"{home}.{part.attr}"
            if part.attr not in names:
                missing = _Missing(home, part.attr, module.source.span(part))
                if whole != "flowc" and not isinstance(part.ctx, ast.Store):
                    self._tell(module, found, _NO_ATTRIBUTE, missing)
                return
            home = whole if self._names.has_names(whole) else None

    def _tell(self, module: Module, found: Reached, catching: frozenset[str], missing: _Missing) -> None:
        never, maybe = self._in_fallback(found)
        if never or found.caught & catching:
            return
        if missing.name is not None:
            self.told.add(missing.name)
        if missing.name in EXTENSIONS and missing.module == "metaflow":
            self._report.add(fc6xx.EXTENSION_NAME, missing.span, name=missing.name, cure=EXTENSIONS[missing.name or ""])
            return
        cure, near = self._cure(missing)
        whole = missing.module if missing.name is None else f"{missing.module}.{missing.name}"
        if maybe:
            self._report.add(fc1xx.MAY_NOT_BE_THERE, missing.span, name=whole, cure=cure)
        else:
            self._report.add(fc1xx.NOT_THERE, missing.span, *_respelt(module, missing, near), name=whole, cure=cure)

    def _in_fallback(self, found: Reached) -> tuple[bool, bool]:
        """Whether a node is in a handler that never runs, and whether it only may run: as what is tried there is missing or not."""
        if found.behind is None:
            return False, found.maybe
        imports = [each for each in found.behind.body if isinstance(each, ast.ImportFrom)]
        ours = [each for each in imports if is_ours(each)]
        if any(not self._is_there(each) for each in ours):
            return False, found.maybe
        return len(ours) == len(found.behind.body), True

    def _is_there(self, node: ast.ImportFrom) -> bool:
        """Whether an import from the language works."""
        home = node.module or ""
        names = self._names.names(home) if self._names.is_module(home) else frozenset[str]()
        return names is None or all(
            alias.name in names or alias.name == "*" or self._is_brought(home, alias.name) for alias in node.names
        )

    def _cure(self, missing: _Missing) -> tuple[str, str | None]:
        """What to do, and the one name that was surely meant."""
        table, name = self._names, missing.name
        if name is None:
            return table.instead(missing.module, None) or "check the name", None
        if name in self._passthrough and missing.module == "flowc":
            return "import it from `metaflow`: there the image puts it", None
        known = [each for each in table.names(missing.module) or () if not each.startswith("_")]
        home, near = table.home_of(missing.module, name), did_you_mean(name, known)
        said = EXTENSIONS.get(name) or table.exactly(missing.module, name) or (home and f"import it from `{home}`")
        if said or not near:
            return said or _unknown(table, missing), None
        return f"check the name{near}", clear(name, known)


def _unknown(table: RuntimeNames, missing: _Missing) -> str:
    """What to do about a name that nothing is known of."""
    said = "" if missing.module in _CURRENT else table.instead(missing.module, missing.name)
    return said or (f"check the name; {BY_IMAGE}" if missing.module in ("metaflow", *_CURRENT) else "check the name")


_ASKING = (ast.Import, ast.ImportFrom, ast.Attribute)


def _asking_lines(lines: list[str]) -> int:
    """How many lines import of the language."""
    return sum(1 for line in lines if ("metaflow" in line or "flowc" in line) and re.match(_ASKED, line))


def _of_current(text: str) -> list[str]:
    """What a text asks `current` for."""
    return re.findall(_OF_CURRENT, text) if "current" in text else []


def is_ours(node: ast.ImportFrom) -> bool:
    """Whether an import takes names from the flow language."""
    return Import(node.module or "", "", node.level).ours


def _respelt(module: Module, missing: _Missing, near: str | None) -> Fix:
    """The name that was meant, where it is imported and, unless it has another name here, where it is used."""
    if near is None or missing.name is None or missing.alias is None:
        return ()
    if missing.alias.asname or module.ours_by_star:
        return head_respelt(module.source, missing.span, missing.name, near)
    return renamed_import(module, missing.name, near)


def _home_span(module: Module, node: ast.ImportFrom, home: str) -> Span:
    """The name of the module in an import."""
    span = module.source.span(node)
    line = module.source.lines[span.line - 1]
    at = line.find(home, span.col + len("from") - 1)
    return span if at < 0 else Span(span.path, span.line, at + 1, span.line, at + 1 + len(home))


def _decorators(tree: ast.Module) -> frozenset[str]:
    """The names of decorators of steps and classes: what is wrong with one is told there."""
    return frozenset(each.id for each in _above(tree) if isinstance(each, ast.Name))


def _above(tree: ast.Module) -> Iterator[ast.expr]:
    """What is written above steps and classes, without its arguments."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) or (isinstance(node, FUNCTIONS) and is_step(node)):
            for decorator in node.decorator_list:
                yield decorator.func if isinstance(decorator, ast.Call) else decorator


def _aliases(module: Module, nodes: list[ast.AST], table: RuntimeNames) -> dict[str, str]:
    """The names that stand for modules of the language wherever the module uses them."""
    found: dict[str, str] = {}
    for name, home in _module_names(nodes, table):
        found[name] = home if found.get(name, home) == home else ""
    if found:
        for name in _rebound(module.tree):
            found.pop(name, None)
    return {name: home for name, home in found.items() if home}


def _module_names(nodes: list[ast.AST], table: RuntimeNames) -> Iterator[tuple[str, str]]:
    """Each name that an import binds, with the module that it stands for; empty for others."""
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                home = alias.name if alias.asname else alias.name.split(".")[0]
                yield alias.asname or home, home if home.split(".")[0] in OURS and table.is_module(home) else ""
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                home = f"{node.module}.{alias.name}"
                yield alias.asname or alias.name, home if is_ours(node) and table.has_names(home) else ""
                for name in table.objects(node.module or "") if alias.name == "*" and is_ours(node) else ():
                    yield name, f"{node.module}.{name}"


def _rebound(tree: ast.Module) -> Iterator[str]:
    """Every name that anything but an import binds, anywhere in a module; and the roots of attributes that it sets."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, (ast.ClassDef, *FUNCTIONS, ast.ExceptHandler)) and node.name:
            yield node.name
        elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            root: ast.expr = node
            while isinstance(root, ast.Attribute):
                root = root.value
            if isinstance(root, ast.Name):
                yield root.id
