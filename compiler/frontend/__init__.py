"""Source to Flow: reads a file as text, never runs it.

May import: diagnostics, ir. Start reading in `flows`, where the passes stand in their order; below it are the rooms that they call:
dataflow, shape, steps, declarations, decorators, values, text, findings.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.diagnostics import Report
from compiler.frontend.decorators.carried import check_rebound
from compiler.frontend.decorators.language import LANGUAGE
from compiler.frontend.findings import fc1xx, fc2xx
from compiler.frontend.flows import Origin, has_steps, read_flow
from compiler.frontend.names.whole_module import check_names
from compiler.frontend.no_flow import is_notebook, report_no_flow, report_no_such_flow, unread
from compiler.frontend.text.environ import check_environ
from compiler.frontend.text.import_path import import_folders, own_folder, search_path
from compiler.frontend.text.modules import Known, Module, Modules, bind, whole_path
from compiler.frontend.text.source import Drafts, is_nameable, read, tree
from compiler.frontend.values.classes import Lineage, Lineages
from compiler.frontend.values.config_values import Given
from compiler.frontend.values.scope import FileReading, Scope
from compiler.ir.flow import Flow, Span

if TYPE_CHECKING:
    from compiler.frontend.declarations.import_result import Importer


def parse(  # noqa: PLR0913 - what a call decides, each by its name
    path: Path,
    report: Report,
    *,
    root: Path | None = None,
    name: str | None = None,
    importer: Importer | None = None,
    passthrough: tuple[str, ...] = (),
    configs: Mapping[str, Given] | None = None,
    drafts: Drafts | None = None,
    folders: tuple[Path, ...] = (),
    passes_over: bool = False,
    known: Known | None = None,
) -> tuple[Flow, ...]:
    """All flows of a file, or the one called `name`, in the file's order; broken ones leave findings instead.

    `root` is the folder of the code archive, by default the file's own; `text.import_path` says where imports are looked up, the named
    `folders` included.
    `configs` gives values to the `Config`s of these names.
    `known` takes the modules that are read.
    `drafts` are read in place of the files of their real paths.
    `importer` tells what only running the module does; without one that is refused. `passthrough` are names of `metaflow` that
    the image has. A flow that another class of the repository derives from is a base: where it is not right by itself it is
    left out, so that a file of nothing but bases has no flow and no finding. With `passes_over`, as for a file that nobody has named,
    neither has one without a class that has steps.
    """
    root = root or path.parent
    if is_notebook(path, report):
        return ()
    own, inside = Report(), _relative(path, root)
    source = read(path, path.as_posix(), own, drafts) if is_nameable(inside, path.as_posix(), own) else None
    parsed = tree(source, own) if source else None
    if source is None or parsed is None:
        if not passes_over or source is None or _looks_like_flow(source.text):
            unread(path, own, report)
        return ()
    module = bind(source, parsed)
    known = Known() if drafts or known is None else known
    modules = Modules(import_folders(path, root, folders, known.folders), root, drafts, known)
    modules.known[whole_path(path)] = module
    modules.modules[path] = modules.modules[own_folder(path) / path.resolve().name] = module
    told = Report(notes=report.notes)
    names = check_names(modules, module, frozenset(passthrough), told)
    lineages = Lineages(FileReading(modules, configs or {}, importer, names.known))
    if passes_over and not any(has_steps(lineages.of(module, node)) for node in module.classes):
        return ()
    _check_file(path, report)
    report.take(told)
    found = _candidates(module, lineages, report)
    origin = Origin(path, inside, root.as_posix(), search_path(path, root, folders, known.folders))
    if name is None:
        if not found and not report.failed and not names.lacks_some:
            check_rebound(module, Scope(lineages.reading, module, {}), LANGUAGE, report)
            if not report.failed:
                report_no_flow(module, lineages, path, root, report)
        flows = _read_all(found, origin, report)
    elif name in found:
        flow = read_flow(found[name], origin, report)
        flows = (flow,) if flow else ()
    else:
        report_no_such_flow(module, name, list(found), report)
        return ()
    check_environ(module, flows, report)
    names.take(report)
    return () if names.failed else flows


def _looks_like_flow(text: str) -> bool:
    """Whether a text that is no Python was meant to be a flow."""
    return "FlowSpec" in text or "@step" in text


def _read_all(found: dict[str, Lineage], origin: Origin, report: Report) -> tuple[Flow, ...]:
    bases = {id(each.node) for lineage in found.values() for each in lineage.classes[1:]}
    flows: list[Flow] = []
    for lineage in found.values():
        own = Report(notes=report.notes)
        flow = read_flow(lineage, origin, own)
        if flow:
            flows.append(flow)
        if id(lineage.classes[0].node) not in bases and not _is_open_base(lineage, own, origin):
            report.take(own)
    return tuple(flows)


_OPEN = (fc2xx.MISSING_START, fc2xx.MISSING_END, fc2xx.UNKNOWN_TARGET, fc2xx.STEP_WITHOUT_DECORATOR)
"""What is wrong with a flow that leaves steps to those that derive from it."""


def _is_open_base(lineage: Lineage, found: Report, origin: Origin) -> bool:
    if not any(finding.rule in _OPEN for finding in found.diagnostics):
        return False
    from compiler.frontend.values.bases import is_base  # noqa: PLC0415 - a right flow needs none of it

    return is_base(lineage, origin.file, Path(origin.root))


def _candidates(module: Module, lineages: Lineages, report: Report) -> dict[str, Lineage]:
    """The classes that are flows and have steps; a finding for one with steps whose base is not to be found."""
    found: dict[str, Lineage] = {}
    for node in module.classes:
        lineage = lineages.of(module, node)
        if lineage.is_flow:
            if has_steps(lineage):
                found[node.name] = lineage
        elif lineage.stranger is not None and has_steps(lineage) and not _is_told(module, lineages, lineage.stranger):
            own = any(lineage.stranger is base for base in node.bases)
            span = module.source.span(lineage.stranger) if own else module.source.name_span(node)
            report.add(fc1xx.BASE_NOT_READ, span, name=node.name, base=_written(lineage.stranger))
    return found


def _is_told(module: Module, lineages: Lineages, base: ast.expr) -> bool:
    """Whether a base is a name of the language that is known not to be there."""
    return lineages.reading.modules.origin(module, base).ours in lineages.reading.passthrough


def _written(base: ast.expr) -> str:
    """The name of a base without its place: it may stand in another file."""
    parts: list[str] = []
    while isinstance(base, ast.Attribute):
        parts.append(base.attr)
        base = base.value
    parts.append(base.id if isinstance(base, ast.Name) else "…")
    return ".".join(reversed(parts))


def _check_file(path: Path, report: Report) -> None:
    if path.stem in sys.stdlib_module_names:
        report.add(fc1xx.HIDES_MODULE, Span(path.as_posix(), 1, 1, 1, 2), module=path.stem)


def _relative(path: Path, root: Path) -> str:
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return path.name
