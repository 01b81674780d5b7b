"""Both checks of names, of a flow's module and of those that it imports; what only follows from their findings is taken back."""

from __future__ import annotations

from compiler.diagnostics import Diagnostic, Report
from compiler.frontend.findings import fc1xx, fc5xx
from compiler.frontend.names.followed import followed
from compiler.frontend.names.language_names import Asked
from compiler.frontend.names.own_names import check_own_names
from compiler.frontend.names.undefined import ImportTime
from compiler.frontend.text.modules import Module, Modules
from compiler.ir.flow import Span

_OF_NAMES = (fc1xx.NOT_THERE, fc1xx.MAY_NOT_BE_THERE, fc5xx.UNDEFINED_NAME, fc5xx.TAKEN_NAME)
_OF_FLOWS = ("FlowSpec", "step")
_TELL_MORE = (fc5xx.UNDEFINED_DECORATOR, fc5xx.HOOK_NOT_FUNCTION, fc1xx.NO_FLOW)
"""Rules that find an undefined name themselves, and know more of what was meant."""


class CheckedNames:
    """What was found; `known` are the names of `metaflow` that the image has, or that are told of here."""

    def __init__(self, known: frozenset[str], found: Report, places: list[tuple[Span, str]]) -> None:
        self.known = known
        self._found = found
        self._places = places

    @property
    def failed(self) -> bool:
        """Whether importing the module, or a step, surely fails."""
        return self._found.failed

    @property
    def lacks_some(self) -> bool:
        """Whether names of the language are not there."""
        return any(each.rule == fc1xx.NOT_THERE for each in self._found.diagnostics)

    def take(self, report: Report) -> None:
        """Add the findings to those of the passes, once of each mistake."""
        if any(each.rule == fc1xx.NO_PYTHON_FILE for each in report.diagnostics):
            return
        told = [each for each in report.diagnostics if each.rule in _TELL_MORE]
        is_none = any(each.rule == fc1xx.NO_FLOW for each in told)
        spans = {each.span for each in told}
        own = [
            each
            for each in self._found.diagnostics
            if each.rule != fc5xx.UNDEFINED_NAME
            or not (each.span in spans or (is_none and _is_of_flows(each, self._places)))
        ]
        places = [span for span, _ in self._places if span not in spans]
        report.diagnostics[:] = [each for each in report.diagnostics if not _follows(each, places)]
        self._found.diagnostics[:] = own
        report.take(self._found)


def _is_of_flows(found: Diagnostic, places: list[tuple[Span, str]]) -> bool:
    return any(span == found.span and name in _OF_FLOWS for span, name in places)


def _follows(found: Diagnostic, places: list[Span]) -> bool:
    """Whether a finding is about an expression that holds a name which is told of."""
    return found.rule not in _OF_NAMES and any(_covers(found.span, place) for place in places)


def _covers(span: Span, place: Span) -> bool:
    starts = (span.line, span.col) <= (place.line, place.col)
    return starts and (place.end_line, place.end_col) <= (span.end_line, span.end_col) and span.path == place.path


def check_names(modules: Modules, module: Module, passthrough: frozenset[str], report: Report) -> CheckedNames:
    """Check what the module asks of the language at once, and what importing it runs."""
    found, places = Report(notes=report.notes), list[tuple[Span, str]]()
    asked = Asked(passthrough, found)
    for each in (module, *followed(modules, module)):
        asked.check(each)
        check_own_names(modules, each, found)
        import_time = ImportTime(modules, each, found)
        import_time.check()
        places += import_time.places
    return CheckedNames(passthrough | asked.told, found, places)
