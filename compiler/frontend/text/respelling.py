"""What the fixes of several rules share: names respelt, whichever node they stand in."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from compiler.diagnostics import AddImport, Drop, Edit, Fix, Replace
from compiler.frontend.text.modules import Function, Import, Module
from compiler.frontend.text.source import Source
from compiler.ir.flow import Span


def respelt(place: Span | None, near: str | None) -> Fix:
    """Another name in a place; nothing where either is not known."""
    return (Replace(place, near),) if place is not None and near is not None else ()


def head_respelt(source: Source, span: Span, name: str, near: str | None) -> Fix:
    """Another name at the beginning of a place: a keyword's, a decorator's."""
    return respelt(source.head(span, name), near) if near else ()


def tail_respelt(source: Source, span: Span, name: str, near: str | None) -> Fix:
    """Another name at the end of a place: an attribute's."""
    return respelt(source.tail(span, name), near) if near else ()


def imported(module: Module, name: str) -> Fix:
    """The module imports a name of the flow language, where it binds none of that name."""
    return () if name in module.names or module.ours_by_star else (AddImport(module.source.path, name),)


def renamed_import(module: Module, name: str, near: str) -> Fix:
    """A name of the flow language spelt otherwise wherever the module imports and uses it."""
    source, edits = module.source, list[Edit]()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Name) and node.id == name:
            edits += respelt(source.span(node), near)
        elif isinstance(node, ast.ImportFrom) and Import(node.module or "", name, node.level).ours:
            for alias in node.names:
                if alias.name == name and near in module.names and not alias.asname:
                    edits.append(Drop(source.span(alias)))
                elif alias.name == name:
                    edits += head_respelt(source, source.span(alias), name, near)
    return tuple(edits)


def renamed_artifact(functions: Mapping[str, tuple[Source, Function]], name: str, near: str) -> Fix:
    """An artifact spelt otherwise wherever the given steps name it."""
    return tuple(
        edit
        for source, function in functions.values()
        for place in _named(source, function, name)
        for edit in respelt(place, near)
    )


def _named(source: Source, function: Function, name: str) -> Iterator[Span | None]:
    arguments = [*function.args.posonlyargs, *function.args.args]
    me = arguments[0].arg if arguments else "self"
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute) and node.attr == name and is_name(node.value, me):
            yield source.tail(source.span(node), name)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and is_name(node.func.value, me):
            for keyword in node.keywords if node.func.attr == "next" else ():
                if isinstance(keyword.value, ast.Constant) and keyword.value.value == name:
                    yield quoted(source, keyword.value, name)


def quoted(source: Source, node: ast.expr, text: str) -> Span | None:
    """The place of a text between its quotes; None where it is not written so plainly."""
    span = source.span(node)
    written = source.segment(node)
    if span.line != span.end_line or written not in (f"'{text}'", f'"{text}"'):
        return None
    return Span(span.path, span.line, span.col + 1, span.line, span.end_col - 1)


def is_name(node: ast.expr, name: str) -> bool:
    """Whether a node is that plain name."""
    return isinstance(node, ast.Name) and node.id == name
