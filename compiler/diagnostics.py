"""Rules and what they found: mistakes of the user are values, collected in a Report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from compiler.ir.flow import Span
from compiler.slotted_class import fresh, mutable, record

Severity = Literal["error", "warning", "note"]


@record
class Rule:
    """One kind of mistake. `message` and `help` are `str.format` templates over the facts given to `Report.add`."""

    code: str
    name: str
    message: str
    help: str
    severity: Severity = "error"
    quoted: bool = True
    """Whether the line may be shown; not where it holds what logs should not."""
    fix: str = ""
    """What `flowc fix` does about it, and when; nothing where only a person can tell what was meant."""
    is_answer: bool = False
    """A note that answers what the call asks for, so it is kept though nobody asks for notes."""
    locked: bool = False
    """Whether no comment silences it."""


@record
class Note:
    """A second place that explains the first."""

    span: Span
    text: str


@record
class Replace:
    """Other text in a place; a place without width takes it in."""

    span: Span
    text: str


@record
class Insert:
    """A text of its own beside what begins at a place.

    `before` or `after` a statement; `first` in the body of the function whose name stands there, among its `decorators`
    as the outermost, directly `above` its head as the innermost, or the last of its `arguments`.
    """

    where: Literal["before", "after", "first", "decorators", "above", "arguments"]
    span: Span
    text: str


@record
class Move:
    """The decorator or statement that begins at a place goes, its comments with it, before or after another of its kind."""

    span: Span
    where: Literal["before", "after"]
    to: Span


@record
class Drop:
    """The decorator, or the name of an import, that begins at a place goes."""

    span: Span


@record
class AddImport:
    """A file imports a name of the flow language too."""

    path: str
    name: str


Edit = Replace | Insert | Move | Drop | AddImport
Fix = tuple[Edit, ...]
"""What a safe cure changes, all of it or nothing. It cannot change what a right flow means: only one flow can have been meant."""


@record
class Diagnostic:
    """One finding: its rule, its place and its words."""

    rule: Rule
    span: Span
    message: str
    help: str
    notes: tuple[Note, ...] = ()
    fix: Fix = ()


@mutable
class Report:
    """What the passes found so far. Passes add and go on; nobody raises for a mistake of the user.

    Findings that are mere notes are kept only where `notes` asks for them.
    """

    diagnostics: list[Diagnostic] = fresh(default_factory=list)
    _seen: set[Diagnostic] = fresh(default_factory=set)
    notes: bool = False

    def add(self, rule: Rule, span: Span, *beside: Note | Edit, **facts: object) -> None:
        """Record one finding; `facts` fill the rule's templates, `beside` are its notes and the edits of its fix."""
        notes = tuple(each for each in beside if isinstance(each, Note))
        fix = tuple(each for each in beside if not isinstance(each, Note))
        assert rule.fix or not fix, f"{rule.code} does not say what its fix does"
        self._put(Diagnostic(rule, span, _fill(rule.message, facts), _fill(rule.help, facts), notes, fix))

    def take(self, other: Report) -> None:
        """Record the findings of another report; what is there already is not there twice."""
        for finding in other.diagnostics:
            self._put(finding)

    def _put(self, finding: Diagnostic) -> None:
        is_kept = self.notes or finding.rule.severity != "note" or finding.rule.is_answer
        if finding not in self._seen and is_kept:
            self._seen.add(finding)
            self.diagnostics.append(finding)

    @property
    def failed(self) -> bool:
        """True where at least one error was found."""
        return any(found.rule.severity == "error" for found in self.diagnostics)

    def __iter__(self) -> Iterator[Diagnostic]:
        """The findings by place: file, line, column, code."""
        return iter(sorted(self.diagnostics, key=_place))

    def __len__(self) -> int:
        return len(self.diagnostics)


def _place(found: Diagnostic) -> tuple[str, int, int, str]:
    return found.span.path, found.span.line, found.span.col, found.rule.code


_LONGEST_FACT = 600
"""Letters of the author's own words in a message; all options of a decorator are fewer, and nobody reads a page."""


def _fill(template: str, facts: Mapping[str, object]) -> str:
    return template.format_map({name: _clipped(fact) for name, fact in facts.items()})


def _clipped(fact: object) -> object:
    text = fact if isinstance(fact, str) else "" if isinstance(fact, int | float) else str(fact)
    return fact if len(text) <= _LONGEST_FACT else clipped(text, _LONGEST_FACT)


def clipped(text: str, most: int) -> str:
    """A text of at most so many letters: where it is cut it ends with a whole word and `…`, and not within backticks."""
    if len(text) <= most:
        return text
    begin = text[: most - 1]
    end = begin.rfind(" ") + 1
    if end <= most // 2:  # one long word
        return f"{begin}…"
    begin = begin[:end]
    return f"{begin[: begin.rfind('`')] if begin.count('`') % 2 else begin}…"
