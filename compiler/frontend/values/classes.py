"""Classes in their file: what they inherit, and what of it is a step, a parameter, a constant or a method."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from compiler.frontend.text.modules import Function, Module, class_names
from compiler.frontend.values.scope import FileReading, Scope
from compiler.slotted_class import record

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEEPEST = 100


@record
class Class:
    """One class and the scope of its body."""

    module: Module
    node: ast.ClassDef
    scope: Scope


@record
class Lineage:
    """A class with everything that it inherits, nearest first; `stranger` is a base that no text was found for."""

    classes: tuple[Class, ...]
    is_flow: bool
    stranger: ast.expr | None


@record
class Member:
    """One name of a class: a function, or the value that it is set to; `block` names the statement around it, if any."""

    name: str
    owner: Class
    node: Function | ast.expr | None
    statement: ast.stmt
    block: str | None = None


class Lineages:
    """The lineages found so far, by class."""

    __slots__ = ("known", "reading")

    def __init__(self, reading: FileReading) -> None:
        self.reading = reading
        self.known: dict[int, Lineage] = {}

    def of(self, module: Module, node: ast.ClassDef, depth: int = 0) -> Lineage:
        """What a class inherits, in the order in which Python looks names up."""
        if id(node) not in self.known:
            # A class that names itself among its bases finds this entry.
            self.known[id(node)] = Lineage((), is_flow=False, stranger=None)
            self.known[id(node)] = self._find(module, node, depth)
        return self.known[id(node)]

    def _find(self, module: Module, node: ast.ClassDef, depth: int) -> Lineage:
        own = Class(module, node, Scope(self.reading, module, class_names(node)))
        above: list[tuple[Class, ...]] = []
        is_flow, stranger = False, None
        for base in node.bases:
            origin = self.reading.modules.origin(module, base)
            if origin.ours == "FlowSpec":
                is_flow = True
            elif isinstance(origin.bound, ast.ClassDef) and origin.module and depth < _DEEPEST:
                found = self.of(origin.module, origin.bound, depth + 1)
                above.append(found.classes)
                is_flow, stranger = is_flow or found.is_flow, stranger or found.stranger
            elif not (isinstance(base, ast.Name) and base.id in _HARMLESS):
                stranger = stranger or base
        return Lineage((own, *_merged(above)), is_flow, stranger)


_HARMLESS = frozenset(("object", "ABC", "Generic", "Protocol"))


def _merged(above: list[tuple[Class, ...]]) -> tuple[Class, ...]:
    """The bases' lineages as one: a class stands where its last mention is, as Python's order has it."""
    seen: set[int] = set()
    order: list[Class] = []
    for each in reversed([each for classes in above for each in classes]):
        if id(each.node) not in seen:
            seen.add(id(each.node))
            order.append(each)
    return tuple(reversed(order))


def members(lineage: Lineage) -> dict[str, Member]:
    """Every name of a class with its bases', the nearest definition of each, in the author's order, bases first."""
    found: dict[str, Member] = {}
    for owner in reversed(lineage.classes):
        for member in own_members(owner):
            found[member.name] = member
    return found


def own_members(owner: Class) -> Iterator[Member]:
    """What a class body itself defines, in order; a name may come twice."""
    stack: list[tuple[ast.stmt, str | None]] = [(statement, None) for statement in reversed(owner.node.body)]
    while stack:
        statement, block = stack.pop()
        if isinstance(statement, _FUNCTIONS):
            yield Member(statement.name, owner, statement, statement, block)
        elif isinstance(statement, ast.Assign):
            value = None if block else statement.value
            for name in _names(statement.targets):
                yield Member(name, owner, value if _is_plain(statement) else None, statement, block)
        elif isinstance(statement, ast.AnnAssign):
            if statement.value and isinstance(statement.target, ast.Name):
                yield Member(statement.target.id, owner, statement.value, statement, block)
        elif isinstance(statement, ast.ClassDef):
            yield Member(statement.name, owner, None, statement, block)
        else:
            stack.extend(reversed(list(_inner(statement))))


def _is_plain(statement: ast.Assign) -> bool:
    return all(isinstance(target, ast.Name) for target in statement.targets)


def _names(targets: list[ast.expr]) -> list[str]:
    return [each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]


_BLOCKS: Mapping[type[ast.stmt], str] = {
    ast.If: "if",
    ast.For: "for",
    ast.While: "while",
    ast.With: "with",
    ast.Try: "try",
    ast.Match: "match",
}


def _inner(statement: ast.stmt) -> Iterator[tuple[ast.stmt, str]]:
    """The statements of a compound statement's blocks, with the word that it begins with."""
    word = _BLOCKS.get(type(statement))
    if word is None:
        return
    for name in ("body", "orelse", "finalbody"):
        for child in getattr(statement, name, ()):
            yield child, word
    for name in ("handlers", "cases"):
        for part in getattr(statement, name, ()):
            for child in part.body:
                yield child, word
