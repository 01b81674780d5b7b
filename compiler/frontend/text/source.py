"""A file as text and tree: decoding, places in characters, syntax errors as findings."""

from __future__ import annotations

import ast
import errno
import sys
import warnings
from _thread import allocate_lock
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, overload

from compiler.diagnostics import Report
from compiler.frontend.findings.fc1xx import FILE_NOT_READ, NOT_DECODED, SYNTAX, TOO_DEEP
from compiler.ir.flow import Span
from compiler.legible import dedented
from compiler.reading import SOURCE, read_file, reason

Placed = ast.stmt | ast.expr | ast.keyword | ast.arg | ast.alias | ast.excepthandler
"""A node that has a place."""


class Source:
    """The text of one file. `path` is how findings name it; `file` is where it lies."""

    __slots__ = ("file", "lines", "path", "text")

    def __init__(self, path: str, file: Path, text: str) -> None:
        self.path = path
        self.file = file
        self.text = text.replace("\r\n", "\n").replace("\r", "\n")
        self.lines = self.text.split("\n")

    def span(self, node: Placed) -> Span:
        """Where a node stands; the tree counts columns in bytes, people in characters."""
        end_line = node.end_lineno or node.lineno
        end = node.col_offset if node.end_col_offset is None else node.end_col_offset
        return Span(
            self.path,
            node.lineno,
            self.column(node.lineno, node.col_offset),
            end_line,
            self.column(end_line, end),
        )

    def name_span(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Span:
        """The name in a `def` or `class` line."""
        start = self.column(node.lineno, node.col_offset)
        line = self.lines[node.lineno - 1] if node.lineno <= len(self.lines) else ""
        words = {"ClassDef": "class", "FunctionDef": "def", "AsyncFunctionDef": "async"}
        at = line.find(node.name, start - 1 + len(words[type(node).__name__]))
        col = at + 1 if at >= 0 else start
        return Span(self.path, node.lineno, col, node.lineno, col + len(node.name))

    def segment(self, node: Placed) -> str:
        """The text of a node, on one line."""
        span = self.span(node)
        lines = self.lines[span.line - 1 : span.end_line]
        if not lines:
            return ""
        lines[-1] = lines[-1][: span.end_col - 1]
        lines[0] = lines[0][span.col - 1 :]
        return " ".join(line.strip() for line in lines)

    def head(self, span: Span, text: str) -> Span | None:
        """The place of a text at the beginning of a place; None where it does not stand there."""
        begins = self.lines[span.line - 1].startswith(text, span.col - 1)
        return Span(self.path, span.line, span.col, span.line, span.col + len(text)) if begins else None

    def tail(self, span: Span, text: str) -> Span | None:
        """The place of a text at the end of a place; None where it does not stand there."""
        start = span.end_col - len(text)
        ends = start > 0 and self.lines[span.end_line - 1][start - 1 : span.end_col - 1] == text
        return Span(self.path, span.end_line, start, span.end_line, span.end_col) if ends else None

    def column(self, line: int, offset: int) -> int:
        """The column, from 1 and in characters, of a place in a line that is counted from 0 and in bytes."""
        if line > len(self.lines):
            return offset + 1
        text = self.lines[line - 1]
        if text.isascii():
            return offset + 1
        return len(text.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "replace")) + 1


Drafts = Mapping[Path, bytes]
"""What files would hold that are not written yet, by their real paths."""


def read(file: Path, path: str, report: Report, drafts: Drafts | None = None) -> Source | None:
    """The text of a file in the encoding that it declares, or of its draft; a finding where there is none."""
    place = Span(path, 1, 1, 1, 2)
    if not is_nameable(path, path, report):
        return None
    try:
        draft = drafts.get(file.resolve()) if drafts else None
        data = read_file(file, SOURCE) if draft is None else draft
    except (OSError, ValueError) as error:
        rule = TOO_DEEP if isinstance(error, OSError) and error.errno == errno.EFBIG else FILE_NOT_READ
        report.add(rule, place, path=path, reason=reason(error))
        return None
    if _is_binary(data):
        report.add(FILE_NOT_READ, place, path=path, reason="it is a binary file, not text")
        return None
    try:
        return Source(path, file, decode(data)[0])
    except UnicodeDecodeError as error:
        report.add(NOT_DECODED, _undecoded(path, data, error), reason=_reason(data, error))
    except (UnicodeError, SyntaxError, LookupError) as error:
        report.add(NOT_DECODED, place, reason=str(error))
    return None


def is_nameable(name: str, path: str, report: Report) -> bool:
    """Whether a name is UTF-8, as every output and finding is; a finding for the file at `path` where it is not."""
    try:
        name.encode()
    except UnicodeError:
        report.add(
            FILE_NOT_READ, Span(path, 1, 1, 1, 2), path=path, reason="its name below the root is not UTF-8: rename it"
        )
        return False
    return True


def _is_binary(data: bytes) -> bool:
    """Whether it is no text in any encoding: it has NULs among bytes that UTF-8 does not know, and is not UTF-16 or UTF-32."""
    head = data[:_HEAD]
    if b"\0" not in head or head[:2] in (b"\xff\xfe", b"\xfe\xff") or head[:4] == b"\0\0\xfe\xff":
        return False
    text = head.decode("utf-8", "replace")
    return "\ufffd" in (text if len(data) <= _HEAD else text[:-3])  # the cut may go through a letter


_HEAD = 4096


def _undecoded(path: str, data: bytes, error: UnicodeDecodeError) -> Span:
    """Where the first byte stands that no letter begins with."""
    before = data[: error.start].removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    line, _, start = before.rpartition(b"\n")
    col = len(start.decode(error.encoding, "replace")) + 1
    number = line.count(b"\n") + (2 if b"\n" in before else 1)
    return Span(path, number, col, number, col + 1)


def _reason(data: bytes, error: UnicodeDecodeError) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "it begins as UTF-16 does, which Python does not read"
    return f"byte 0x{data[error.start]:02x} is not {error.encoding.upper()} ({error.reason})"


_DEEPEST = 6000
"""The parser's own depth follows the interpreter's limit; a chain of a thousand terms is ordinary in a generated file."""

_TRIES = 10
"""A tree takes milliseconds, and who disturbs it parses a line."""

_ALONE = allocate_lock()
"""The limit of recursion and the filters of warnings are those of all threads."""


@contextmanager
def alone() -> Iterator[None]:
    """No other thread parses for as long as the block lasts, and a tree may be as deep as Python's parser takes."""
    with _ALONE:
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(max(limit, _DEEPEST))
        try:
            yield
        finally:
            sys.setrecursionlimit(limit)


@overload
def parsed(text: str) -> ast.Module: ...
@overload
def parsed(text: str, mode: Literal["eval"]) -> ast.Expression: ...
def parsed(text: str, mode: Literal["exec", "eval"] = "exec") -> ast.Module | ast.Expression:
    """The tree of a text, as `ast.parse` makes it, inside `alone()`. Raises SyntaxError, ValueError, RecursionError and MemoryError.

    Python 3.11 counts the depth of all threads' trees in one place, and ends with a SystemError where another thread has parsed meanwhile
    (https://github.com/python/cpython/issues/106905): whoever prints a traceback does, for its carets.
    """
    for _ in range(_TRIES):
        try:
            return ast.parse(text) if mode == "exec" else ast.parse(text, mode="eval")
        except SystemError:
            continue
    raise RecursionError("nested too deeply")


def tree(source: Source, report: Report) -> ast.Module | None:
    """The syntax tree; a syntax error is a finding at its place."""
    if "\0" in source.text:
        report.add(TOO_DEEP, _nul(source), reason="it holds a NUL byte, as text that was saved as UTF-16 does")
        return None
    try:
        with alone():
            found = parsed(source.text)
            _check_compiles(source, found)
    except SyntaxError as error:
        from compiler.frontend.text.syntax_errors import of_another_python  # noqa: PLC0415  # a right file needs none of it

        span = _error_span(source, error)
        more = of_another_python(source.lines[span.line - 1][:_LONGEST], error.msg)
        report.add(SYNTAX, span, reason=error.msg + more)
    except (ValueError, RecursionError, MemoryError) as error:
        report.add(TOO_DEEP, Span(source.path, 1, 1, 1, 2), reason=str(error) or "nested too deeply")
    else:
        return found
    return None


def _check_compiles(source: Source, found: ast.Module) -> None:
    """Raise SyntaxError for what the grammar takes and the compiler does not: a `return` in no function, a late `global`."""
    with warnings.catch_warnings():  # what the interpreter only warns of is the author's own affair
        warnings.simplefilter("ignore")
        try:
            compile(found, source.path, "exec", dont_inherit=True)
        except SyntaxError as error:  # the tree counts columns in bytes
            if error.lineno and error.offset:
                error.offset = source.column(error.lineno, error.offset - 1)
            if error.end_lineno and error.end_offset:
                error.end_offset = source.column(error.end_lineno, error.end_offset - 1)
            raise


def doc_of(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str | None:
    """The docstring, as far as a file can hold it: a half of a surrogate pair is `?`."""
    doc = ast.get_docstring(node, clean=False)
    if doc is None:
        return None
    doc = dedented(doc)
    return doc if doc.isascii() else doc.encode("utf-8", "replace").decode()


def decode(data: bytes) -> tuple[str, str]:
    """The text of a file without a byte order mark, and the encoding that it declares."""
    if b"coding" not in data[:400]:
        return data.removeprefix(b"\xef\xbb\xbf").decode(), "utf-8"
    from io import BytesIO  # noqa: PLC0415  # rarely needed
    from tokenize import detect_encoding  # noqa: PLC0415  # rarely needed

    encoding, _ = detect_encoding(BytesIO(data).readline)
    return data.decode(encoding), encoding


_LONGEST = 400
"""Letters of a line that is looked at for the grammar of another Python."""


def _nul(source: Source) -> Span:
    line = next(number for number, text in enumerate(source.lines, 1) if "\0" in text)
    col = source.lines[line - 1].index("\0") + 1
    return Span(source.path, line, col, line, col + 1)


def _error_span(source: Source, error: SyntaxError) -> Span:
    line = min(max(error.lineno or 1, 1), len(source.lines))
    width = len(source.lines[line - 1])
    col = min(max(error.offset or 1, 1), width + 1)
    end_line, end = error.end_lineno or line, error.end_offset or 0
    if end_line != line or end <= col:
        return Span(source.path, line, col, line, col + 1)
    return Span(source.path, line, col, line, min(end, width + 2))
