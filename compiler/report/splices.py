"""Edits of a fix as splices of a file's text: libcst says where statements, decorators and imports begin and end.

What a splice does not name stays, byte for byte. An edit that would take a comment away, or that finds its place written in
a way not foreseen (two statements on a line), has no splices: the fix is left to a person.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from compiler.diagnostics import AddImport, Drop, Edit, Insert, Move, Replace
from compiler.ir.flow import Span
from compiler.mistakes import CallError
from compiler.slotted_class import record


class UnforeseenError(Exception):
    """The text is not written as the edit expects."""


@record
class Splice:
    """The characters from `start` to `end` give way to a text; where both are the same it stands between."""

    start: int
    end: int
    text: str


_LINE = re.compile(r"\r\n|\r|\n")
_NEEDED = "`flowc fix` needs libcst to move code without losing a comment; install it: pip install 'flowc[fix]'"


def spliced(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits made. Raises UnforeseenError where one cannot be, or two meet; CallError without libcst."""
    found = sorted(splices(text, tuple(dict.fromkeys(edits))), key=lambda each: (each.start, each.end))
    pieces, at = list[str](), 0
    for each in found:
        if each.start < at:
            raise UnforeseenError("two edits meet")
        pieces += [text[at : each.start], each.text]
        at = each.end
    return "".join((*pieces, text[at:]))


def splices(text: str, edits: Sequence[Edit]) -> list[Splice]:
    """The splices that make all edits of one text, each where its edit says, in the edits' order."""
    lines = _Lines(text)
    plain = [_plain(lines, edit) for edit in edits if isinstance(edit, Replace)]
    if len(plain) == len(edits):
        return plain
    structure = _Structure(text, lines)
    names = [edit.name for edit in edits if isinstance(edit, AddImport)]
    moved = [splice for edit in edits for splice in structure.splices(edit)]
    return [*plain, *moved, *(structure.add_imports(names) if names else ())]


def _plain(lines: _Lines, edit: Replace) -> Splice:
    span = edit.span
    start, end = lines.offset(span.line, span.col - 1), lines.offset(span.end_line, span.end_col - 1)
    return Splice(start, end, edit.text)


class _Lines:
    """A text by lines and columns; lines count from 1, columns from 0."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(end.end() for end in _LINE.finditer(text))]
        ends = _LINE.search(text)
        self.newline = ends[0] if ends else "\n"

    def offset(self, line: int, column: int) -> int:
        """Where a place is in the text."""
        if not 0 < line <= len(self.starts):
            raise UnforeseenError("the text has no such line")
        return min(self.starts[line - 1] + column, len(self.text))

    def indent(self, line: int, column: int) -> str:
        """The blanks before a place; it must be the first of its line."""
        before = self.text[self.starts[line - 1] : self.offset(line, column)]
        if before.strip():
            raise UnforeseenError("something stands before it on its line")
        return before

    def line(self, offset: int, text: str) -> str:
        """A text as lines of its own at a line's start, or at the end of a text whose last line is not ended."""
        if offset and self.text[offset - 1] not in "\r\n":
            return self.newline + text.rstrip("\r\n")
        return text if text.endswith(("\r", "\n")) else text + self.newline


_Place = tuple[int, int]


class _Structure:
    """Where what a text holds begins and ends; nodes of libcst by the place at which they begin."""

    def __init__(self, text: str, lines: _Lines) -> None:
        # By name: the types of an optional dependency cannot be asked of those who check this package without it.
        try:
            self.cst: Any = importlib.import_module("libcst")
            metadata = importlib.import_module("libcst.metadata")
        except ImportError:
            raise CallError(_NEEDED) from None
        text = _LINE.sub("\n", text)  # the same lines and columns: libcst does not know all line ends
        try:
            module = self.cst.parse_module(text)
        except self.cst.ParserSyntaxError:
            raise UnforeseenError("libcst cannot read it") from None
        if module.code != text:
            raise UnforeseenError("libcst does not keep it")
        self.lines, self.module = lines, module
        kinds = (metadata.PositionProvider, metadata.WhitespaceInclusivePositionProvider)
        found = metadata.MetadataWrapper(module, unsafe_skip_copy=True).resolve_many(kinds)
        self.places: Any = found[kinds[0]]
        self.extents: Any = found[kinds[1]]
        self.nodes: dict[tuple[str, int, int], Any] = {}
        for node, place in self.places.items():
            self._name(node, place)

    def _name(self, node: Any, place: Any) -> None:
        """Note where a node begins."""
        cst = self.cst
        if isinstance(node, cst.SimpleStatementLine | cst.BaseCompoundStatement):
            self.nodes["statement", place.start.line, place.start.column] = node
        elif isinstance(node, cst.Decorator):
            at = self.places[node.decorator].start
            self.nodes["decorator", at.line, at.column] = node
        elif isinstance(node, cst.ImportAlias):
            self.nodes["name", place.start.line, place.start.column] = node
        if isinstance(node, cst.FunctionDef):
            at = self.places[node.name].start
            self.nodes["function", at.line, at.column] = node

    def splices(self, edit: Edit) -> Iterator[Splice]:
        """The splices of one edit that needs to know what the text holds."""
        match edit:
            case Insert():
                yield self._insert(edit)
            case Move():
                yield from self._move(edit)
            case Drop():
                yield self._drop(edit)
            case Replace() | AddImport():
                pass

    def _insert(self, edit: Insert) -> Splice:
        match edit.where:
            case "before":
                return self._before(self._statement(edit.span), edit.text)
            case "after":
                statement = self._statement(edit.span)
                return self._line_at(self._extent(statement)[1], self._indent(statement) + edit.text)
            case "first":
                return self._first(self._find(edit.span, "function"), edit.text)
            case "decorators":
                function = self._find(edit.span, "function")
                return self._before(next(iter(function.decorators), function), edit.text)
            case "above":
                return self._before(self._find(edit.span, "function"), edit.text)
            case "arguments":
                return self._argument(self._find(edit.span, "function"), edit.text)

    def _move(self, edit: Move) -> Iterator[Splice]:
        """What goes from one place to another: its own lines and the comments above them."""
        kind = "decorator" if (edit.span.line, edit.span.col) in self._columns("decorator") else "statement"
        node, other = self._find(edit.span, kind), self._find(edit.to, kind)
        self._alone(node)
        self._alone(other)
        start, end = self._extent(node)
        if self._indent(node) != self._indent(other):
            raise UnforeseenError("it would stand in another block")
        at = self._extent(other)[0 if edit.where == "before" else 1]
        yield Splice(start, end, "")
        yield Splice(at, at, self.lines.line(at, self.lines.text[start:end]))

    def _drop(self, edit: Drop) -> Splice:
        """What goes: a decorator's lines, or a name with its comma."""
        if (edit.span.line, edit.span.col) in self._columns("decorator"):
            node = self._find(edit.span, "decorator")
            start = self.lines.offset(self.places[node].start.line, 0)
            end = self._extent(node)[1]
        else:
            start, end = self._name_with_comma(edit.span)
        if "#" in self.lines.text[start:end]:
            raise UnforeseenError("a comment would go too")
        return Splice(start, end, "")

    def add_imports(self, names: Sequence[str]) -> Iterator[Splice]:
        """The splices that import names of the flow language: in the statement that imports others, or in one of its own."""
        wanted = list(dict.fromkeys(names))
        statements = [line for line in self.module.body if isinstance(line, self.cst.SimpleStatementLine)]
        imports = [each for line in statements for each in line.body if isinstance(each, self.cst.ImportFrom)]
        ours = [each for each in imports if _is_ours(self.cst, each)]
        if not ours:
            at = self._after_imports(statements)
            yield Splice(at, at, self.lines.line(at, f"from metaflow import {', '.join(wanted)}"))
            return
        has = {alias.evaluated_name for alias in ours[0].names if alias.asname is None}
        missing = [name for name in wanted if name not in has]
        last = self.places[ours[0].names[-1]]
        at = self.lines.offset(last.end.line, last.end.column)
        begin = self.lines.offset(last.start.line, last.start.column)
        before = self.lines.text[self.lines.starts[last.start.line - 1] : begin]
        gap = f",{self.lines.newline}{before}" if not before.strip() else ", "
        yield Splice(at, at, "".join(gap + name for name in missing))

    def _after_imports(self, statements: Sequence[Any]) -> int:
        """Behind the docstring and the imports of `__future__`, which must stay first."""
        last = None
        for line in statements:
            node: Any = line.body[0]
            is_text = isinstance(node, self.cst.Expr) and isinstance(node.value, self.cst.BaseString) and last is None
            if is_text or (isinstance(node, self.cst.ImportFrom) and getattr(node.module, "value", "") == "__future__"):
                last = line
            else:
                break
        if last is not None:
            return self._extent(last)[1]
        first = self.module.body[0]
        return self.lines.offset(self.places[first].start.line, 0)

    def _statement(self, span: Span) -> Any:
        node = self._find(span, "statement")
        self._alone(node)
        return node

    def _alone(self, node: Any) -> None:
        if isinstance(node, self.cst.SimpleStatementLine) and len(node.body) != 1:
            raise UnforeseenError("two statements stand on its line")

    def _before(self, node: Any, text: str) -> Splice:
        at = self.lines.offset(self.places[node].start.line, 0)
        return self._line_at(at, self._indent(node) + text)

    def _first(self, function: Any, text: str) -> Splice:
        if not isinstance(function.body, self.cst.IndentedBlock):
            raise UnforeseenError("its body stands on the line of its head")
        first = function.body.body[0]
        is_line = isinstance(first, self.cst.SimpleStatementLine)
        node: Any = first.body[0] if is_line else None
        is_text = isinstance(node, self.cst.Expr) and isinstance(node.value, self.cst.BaseString)
        if is_text:
            self._alone(first)
        return self._line_at(self._extent(first)[1 if is_text else 0], self._indent(first) + text)

    def _argument(self, function: Any, text: str) -> Splice:
        given = [*function.params.posonly_params, *function.params.params]
        if len(given) != 1 or given[0].annotation or given[0].default:
            raise UnforeseenError("its head has other arguments")
        end = self.places[given[0].name].end
        at = self.lines.offset(end.line, end.column)
        return Splice(at, at, f", {text}")

    def _name_with_comma(self, span: Span) -> tuple[int, int]:
        node = self._find(span, "name")
        statement = next(each for each in self.places if isinstance(each, self.cst.ImportFrom) and node in _names(each))
        names = list(_names(statement))
        at = next(at for at, each in enumerate(names) if each is node)
        if len(names) == 1:
            raise UnforeseenError("nothing else is imported there")
        if at + 1 < len(names):
            begin, end = self.places[node].start, self.places[names[at + 1]].start
        else:
            begin, end = self.places[names[at - 1]].end, self.places[node].end
        return self.lines.offset(begin.line, begin.column), self.lines.offset(end.line, end.column)

    def _find(self, span: Span, kind: str) -> Any:
        node = self.nodes.get((kind, span.line, span.col - 1))
        if node is None:
            raise UnforeseenError(f"no {kind} begins there")
        return node

    def _columns(self, kind: str) -> set[_Place]:
        return {(line, column + 1) for each, line, column in self.nodes if each == kind}

    def _indent(self, node: Any) -> str:
        start = self.places[node].start
        return self.lines.indent(start.line, start.column)

    def _extent(self, node: Any) -> tuple[int, int]:
        """Its lines, with the comments above them."""
        extent = self.extents[node]
        start, end = extent.start, extent.end
        return self.lines.offset(start.line, start.column), self.lines.offset(end.line, end.column)

    def _line_at(self, at: int, text: str) -> Splice:
        return Splice(at, at, self.lines.line(at, text))


def _is_ours(cst: Any, node: Any) -> bool:
    module = node.module
    named = isinstance(module, cst.Name) and module.value in ("metaflow", "flowc") and not node.relative
    return named and not isinstance(node.names, cst.ImportStar)


def _names(statement: Any) -> Sequence[Any]:
    return statement.names if isinstance(statement.names, list | tuple) else ()
