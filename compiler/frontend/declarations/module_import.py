"""The import of a flow's module, where it is wanted: what it declares, or a finding with the author's own traceback."""

from __future__ import annotations

from pathlib import Path

from compiler.diagnostics import Note, Report
from compiler.frontend.declarations.import_result import DeclaredFlow, ImportFailure
from compiler.frontend.decorators.options import shown
from compiler.frontend.findings import fc5xx, fc6xx
from compiler.frontend.values.classes import Class
from compiler.ir.flow import Config, Decorator, Dynamic, Span
from compiler.reading import SOURCE, is_within, read_file

_MOST = 8
"""As many places of a traceback are shown."""


def read_declared(
    flow: Class, configs: tuple[Config, ...], place: Span, report: Report
) -> DeclaredFlow | ImportFailure | None:
    """What importing the flow's module tells; None where nothing is imported."""
    importer = flow.scope.reading.importer
    if importer is None:
        return None
    found = importer(flow.node.name, configs)
    if isinstance(found, ImportFailure):
        folders = [folder.resolve() for folder in flow.scope.modules.folders]
        frames = [frame for frame in found.frames if any(is_within(frame[0], folder) for folder in folders)]
        places = [_span(flow, file, line) for file, line in frames]
        own = [at for at, span in enumerate(places) if span.path == flow.module.source.path]
        first = own[-1] if own else -1
        notes = [Note(span, "from here") for span in places[first + 1 :][-_MOST:]]
        span = places[first] if own else place
        report.add(fc6xx.IMPORT_FAILED, span, *notes, flow=flow.node.name, problem=found.problem)
    return found


def _span(flow: Class, file: str, line: int) -> Span:
    """A line of a file, as findings name it."""
    source = flow.module.source
    if Path(file) == source.file.resolve():
        path, lines = source.path, source.lines
    else:
        path, lines = _shown(file), _lines(file)
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    start = len(text) - len(text.lstrip()) + 1
    return Span(path, line, start, line, max(len(text.rstrip()) + 1, start + 1))


def _shown(file: str) -> str:
    path, here = Path(file), Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else path.as_posix()


def _lines(file: str) -> list[str]:
    try:
        return read_file(file, SOURCE).decode().split("\n")
    except (OSError, UnicodeError):
        return []


def tell(
    name: str,
    written: tuple[Decorator, ...],
    merged: tuple[Decorator, ...],
    unclear: tuple[Span, ...],
    place: Span,
    report: Report,
) -> None:
    """Say which decorators of a flow or a step (`name`) only the import knows; also that it knows of none, where some were `unclear`."""
    spans = {each.span for each in written}
    found = [_spelt(each) for each in merged if each.span not in spans]
    if found or unclear:
        what = " and ".join(found) or "no decorator of the language by that"
        report.add(fc5xx.IMPORT_TOLD, unclear[0] if unclear else place, name=name, what=what)


def _spelt(decorator: Decorator) -> str:
    values = (
        (option, value.text if isinstance(value, Dynamic) else shown(value)) for option, value in decorator.arguments
    )
    inside = ", ".join(f"{option}={value.strip('`')}" for option, value in values)
    return f"`@{decorator.name}({inside})`" if inside else f"`@{decorator.name}`"
