"""Findings for people and machines: text with the source line, JSON, annotations of a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from compiler.diagnostics import AddImport, Diagnostic, Drop, Edit, Insert, Move, Note, Replace, Report, Severity
from compiler.ir.flow import Span
from compiler.reading import SOURCE, read_file

Format = Literal["text", "json", "github", "gitlab", "sarif"]

JSON_VERSION = 1
"""The version of the JSON; it changes when a key is removed or gets another meaning."""

_COLOURS: Mapping[Severity, str] = {"error": "\x1b[1;31m", "warning": "\x1b[33m", "note": "\x1b[36m"}
_BLUE, _BOLD, _RESET = "\x1b[1;34m", "\x1b[1m", "\x1b[0m"
_TAB = 4


def render(report: Report, sources: Mapping[str, str], format: Format = "text", colour: bool = False) -> str:
    """What was found, by place. `sources` maps the paths of spans to texts; where one is missing its lines are left out.

    `text` ends with a summary line, and is empty where nothing was found. `json` is one object:
    `{"version": 1, "errors": n, "warnings": n, "diagnostics": [{"code", "name", "severity", "message", "help", "span", "notes", "fix"}]}`
    where a span is `{"path", "line", "column", "end_line", "end_column"}` as in `Span` and a note `{"message", "span"}`.
    `github` is one workflow command a line, `gitlab` a Code Quality report, `sarif` a log of SARIF 2.1.0.
    """
    if format == "json":
        return _json(report)
    if format == "sarif":
        from compiler.report.sarif import sarif  # noqa: PLC0415  # rarely needed

        return sarif(report)
    if format == "gitlab":
        from compiler.report.gitlab import gitlab  # noqa: PLC0415  # rarely needed

        return gitlab(report)
    if format == "github":
        return "".join(f"{_annotation(found)}\n" for found in report)
    if not len(report):
        return ""
    lines = {path: lines_of(text) for path, text in sources.items()}
    blocks = ["\n".join(_block(found, lines, _Paint(colour))) for found in report]
    return "\n\n".join((*blocks, summary(report))) + "\n"


def read_sources(report: Iterable[Diagnostic]) -> dict[str, str]:
    """The texts of the files that findings and their notes stand in, as far as they can be read as UTF-8."""
    found: dict[str, str] = {}
    for path in {span.path for each in report for span in (each.span, *(note.span for note in each.notes))}:
        try:
            found[path] = read_file(path, SOURCE).decode("utf-8-sig", "replace")
        except (OSError, ValueError):
            continue
    return found


def summary(report: Report) -> str:
    """`2 errors, 1 warning`; `no mistakes found` where there is nothing."""
    counts = _counts(report)
    said = [f"{count} {word}{'' if count == 1 else 's'}" for word, count in counts.items() if count]
    return ", ".join(said) or "no mistakes found"


def _counts(report: Report) -> dict[Severity, int]:
    counts: dict[Severity, int] = {"error": 0, "warning": 0, "note": 0}
    for found in report:
        counts[found.rule.severity] += 1
    return counts


class _Paint:
    """Colours, or none of them."""

    def __init__(self, colour: bool) -> None:
        self.colour = colour

    def __call__(self, code: str, text: str) -> str:
        return f"{code}{text}{_RESET}" if self.colour else text


def _block(found: Diagnostic, lines: Mapping[str, list[str]], paint: _Paint) -> Iterator[str]:
    severity = found.rule.severity
    word = paint(_COLOURS[severity], f"{severity}[{found.rule.code}]")
    yield f"{word}{paint(_BOLD, f': {_safe(found.message)}')}"
    spans = (found.span, *(note.span for note in found.notes))
    margin = " " * max(len(str(span.line)) for span in spans)
    lines = lines if found.rule.quoted else {}
    yield from _excerpt(found.span, "", "^", lines, margin, paint, _COLOURS[severity])
    for note in found.notes:
        yield from _note(note, found.span, lines, margin, paint)
    if found.help:
        yield f"{margin} {paint(_BLUE, '=')} {paint(_BOLD, 'help')}: {_safe(found.help)}"


def _note(note: Note, first: Span, lines: Mapping[str, list[str]], margin: str, paint: _Paint) -> Iterator[str]:
    yield f"{margin} {paint(_BLUE, '=')} {paint(_BOLD, 'note')}: {_safe(note.text)}"
    yield from _excerpt(note.span, "", "-", lines, margin, paint, _BLUE)


def _excerpt(
    span: Span, words: str, sign: str, lines: Mapping[str, list[str]], margin: str, paint: _Paint, code: str
) -> Iterator[str]:
    """The place, its first line, and carets under the part that is meant (to the line's end where it goes on)."""
    yield f"{margin}{paint(_BLUE, '-->')} {_safe(span.path)}:{span.line}:{span.col}"
    text = lines.get(span.path, [])
    if not 0 < span.line <= len(text):
        return
    line = text[span.line - 1]
    end = span.end_col if span.end_line == span.line else len(line.rstrip()) + 1
    line, col, end = _window(line, span.col, end)
    before, within = line[: col - 1], line[col - 1 : end - 1]
    carets = sign * max(_width(_shown(within, _width(_shown(before)))), 1)
    bar = paint(_BLUE, "|")
    yield f"{margin} {bar}"
    number = paint(_BLUE, str(span.line).rjust(len(margin)))
    yield f"{number} {bar} {_shown(line).rstrip()}"
    yield f"{margin} {bar} {' ' * _width(_shown(before))}{paint(code, carets + words)}"
    if span.end_line > span.line:
        yield f"{margin} {paint(_BLUE, '...')}"


_BEFORE = 60
_WIDEST = 240


def _window(line: str, col: int, end: int) -> tuple[str, int, int]:
    """The part of a very long line that holds what is meant, or its begin; `…` stands where something is left out."""
    if len(line) > col + _WIDEST:
        line = line[: col + _WIDEST] + "…"
    if col > _WIDEST:
        cut = col - _BEFORE
        line, col, end = f"…{line[cut:]}", col - cut + 1, end - cut + 1
    return line, col, min(end, len(line) + 1)


def lines_of(text: str) -> list[str]:
    """The lines of a source as Python counts them."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _shown(text: str, column: int = 0) -> str:
    """The text as a terminal can show it: tabs as blanks up to the next stop, other controls as a sign of their own."""
    found: list[str] = []
    for letter in text:
        stop = " " * (_TAB - column % _TAB)
        piece = stop if letter == "\t" else letter if letter.isprintable() else "\ufffd"
        found.append(piece)
        column += _width(piece)
    return "".join(found)


def _safe(text: str) -> str:
    """A message on one line, without anything that a terminal would obey."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text.replace("\n", " "))


def _width(text: str) -> int:
    """The columns that a text takes: two for wide letters, none for combining ones."""
    if text.isascii():
        return len(text)
    # Imported for other letters only.
    from unicodedata import combining, east_asian_width  # noqa: PLC0415  # rarely needed

    return sum(0 if combining(letter) else 2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _json(report: Report) -> str:
    import json  # noqa: PLC0415  # rarely needed

    counts = _counts(report)
    whole = {
        "version": JSON_VERSION,
        "errors": counts["error"],
        "warnings": counts["warning"],
        "diagnostics": as_objects(report),
    }
    from compiler.legible import legible_json  # noqa: PLC0415  # rarely needed

    return legible_json(json.dumps(whole, indent=2, ensure_ascii=False)) + "\n"


def as_objects(found: Iterable[Diagnostic]) -> list[dict[str, object]]:
    """Findings as the JSON has them."""
    return [_object(each) for each in found]


def _object(found: Diagnostic) -> dict[str, object]:
    return {
        "code": found.rule.code,
        "name": found.rule.name,
        "severity": found.rule.severity,
        "message": found.message,
        "help": found.help,
        "span": _place(found.span),
        "notes": [{"message": note.text, "span": _place(note.span)} for note in found.notes],
        "fix": [_edit(edit) for edit in found.fix],
    }


def _edit(edit: Edit) -> dict[str, object]:
    """An edit by its kind; `replace` alone is a change of the text that needs no knowledge of its structure."""
    match edit:
        case Replace(span=span, text=text):
            return {"kind": "replace", "span": _place(span), "text": text}
        case Insert(where=where, span=span, text=text):
            return {"kind": "insert", "where": where, "span": _place(span), "text": text}
        case Move(span=span, where=where, to=to):
            return {"kind": "move", "span": _place(span), "where": where, "to": _place(to)}
        case Drop(span=span):
            return {"kind": "drop", "span": _place(span)}
        case AddImport(path=path, name=name):
            return {"kind": "import", "path": path, "name": name}


def _place(span: Span) -> dict[str, object]:
    return {
        "path": span.path,
        "line": span.line,
        "column": span.col,
        "end_line": span.end_line,
        "end_column": span.end_col,
    }


_WORDS: Mapping[Severity, str] = {"error": "error", "warning": "warning", "note": "notice"}


def _annotation(found: Diagnostic) -> str:
    """`::error file=…,line=…,…::message`; columns only where the place is one line, as GitHub wants it."""
    span = found.span
    place = f"file={_property(span.path)},line={span.line},endLine={span.end_line}"
    if span.line == span.end_line:
        place += f",col={span.col},endColumn={span.end_col}"
    title = _property(f"{found.rule.code} {found.rule.name}")
    text = found.message + (f"\n{found.help}" if found.help else "")
    return f"::{_WORDS[found.rule.severity]} {place},title={title}::{_data(text)}"


def _data(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "%0A".join(_safe(line).replace("%", "%25") for line in lines)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
