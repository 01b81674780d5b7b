"""The check of names, of a flow's module and of those that it imports."""

from __future__ import annotations

from compiler.diagnostics import Report
from compiler.frontend.findings import fc1xx
from compiler.frontend.names.followed import followed
from compiler.frontend.names.language_names import Asked
from compiler.frontend.text.modules import Module, Modules


class CheckedNames:
    """What was found; `known` are the names of `metaflow` that the image has, or that are told of here."""

    def __init__(self, known: frozenset[str], found: Report) -> None:
        self.known = known
        self._found = found

    @property
    def failed(self) -> bool:
        """Whether importing the module, or a step, surely fails."""
        return self._found.failed

    @property
    def lacks_some(self) -> bool:
        """Whether names of the language are not there."""
        return any(each.rule == fc1xx.NOT_THERE for each in self._found.diagnostics)

    def take(self, report: Report) -> None:
        """Add the findings to those of the passes."""
        report.take(self._found)


def check_names(modules: Modules, module: Module, passthrough: frozenset[str], report: Report) -> CheckedNames:
    """Check what the module asks of the language."""
    found = Report(notes=report.notes)
    asked = Asked(passthrough, found)
    for each in (module, *followed(modules, module)):
        asked.check(each)
    return CheckedNames(passthrough | asked.told, found)
