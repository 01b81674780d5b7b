"""Source to Flow: reads a file as text, never runs it.

May import: diagnostics, ir. Start reading in `flows`, where the passes stand in their order; below it are the rooms that they call:
dataflow, shape, steps, declarations, decorators, values, text, findings.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from pathlib import Path

from compiler.diagnostics import Fix, Report
from compiler.frontend.declarations.import_result import Importer
from compiler.frontend.decorators.carried import check_rebound
from compiler.frontend.decorators.extensions import check_imports
from compiler.frontend.decorators.language import LANGUAGE
from compiler.frontend.findings import fc1xx, fc2xx
from compiler.frontend.findings.suggest import did_you_mean
from compiler.frontend.flows import Origin, has_steps, read_flow
from compiler.frontend.text.environ import check_environ
from compiler.frontend.text.modules import Module, Modules, bind
from compiler.frontend.text.respelling import imported
from compiler.frontend.text.source import Drafts, read, tree
from compiler.frontend.values.bases import has_only_bases, is_base
from compiler.frontend.values.classes import Lineage, Lineages
from compiler.frontend.values.config_values import Given
from compiler.frontend.values.scope import FileReading, Scope
from compiler.ir.flow import Flow, Span


def parse(
    path: Path,
    report: Report,
    *,
    root: Path | None = None,
    name: str | None = None,
    importer: Importer | None = None,
    passthrough: tuple[str, ...] = (),
    configs: Mapping[str, Given] | None = None,
    drafts: Drafts | None = None,
) -> tuple[Flow, ...]:
    """All flows of a file, or the one called `name`, in the file's order; broken ones leave findings instead.

    `root` is the folder of the code archive, by default the file's own; imports are looked up beside the file and there.
    `configs` gives values to the `Config`s of these names.
    `drafts` are read in place of the files of their real paths.
    `importer` tells what only running the module does; without one that is refused. `passthrough` are names of `metaflow` that
    the image has. A flow that another class of the repository derives from is a base: where it is not right by itself it is
    left out, so that a file of nothing but bases has no flow and no finding.
    """
    root = root or path.parent
    source = read(path, path.as_posix(), report, drafts)
    parsed = tree(source, report) if source else None
    if source is None or parsed is None:
        return ()
    _check_file(path, report)
    module = bind(source, parsed)
    names = frozenset(passthrough)
    modules = Modules(_folders(path, root), root, drafts)
    modules.modules[path] = module
    check_imports(names, module, report)
    lineages = Lineages(FileReading(modules, configs or {}, importer, names))
    found = _candidates(module, lineages, report)
    origin = Origin(path, _relative(path, root), root.as_posix())
    if name is not None:
        chosen = found.get(name)
        if chosen is None:
            _no_such_flow(source.path, name, list(found), report)
            return ()
        flow = read_flow(chosen, origin, report)
        check_environ(module, (flow,) if flow else (), report)
        return (flow,) if flow else ()
    if not found and not report.failed and not has_only_bases(module, lineages, path, root):
        check_rebound(module, Scope(lineages.reading, module, {}), LANGUAGE, report)
        if not report.failed:
            _no_flow(module, report)
    flows = _read_all(found, origin, report)
    check_environ(module, flows, report)
    return flows


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


_OPEN = (fc2xx.MISSING_START, fc2xx.MISSING_END, fc2xx.UNKNOWN_TARGET)
"""What is wrong with a flow that leaves steps to those that derive from it."""


def _is_open_base(lineage: Lineage, found: Report, origin: Origin) -> bool:
    is_open = any(finding.rule in _OPEN for finding in found.diagnostics)
    return is_open and is_base(lineage, origin.file, Path(origin.root))


def _candidates(module: Module, lineages: Lineages, report: Report) -> dict[str, Lineage]:
    """The classes that are flows and have steps; a finding for one with steps whose base is not to be found."""
    found: dict[str, Lineage] = {}
    for node in module.classes:
        lineage = lineages.of(module, node)
        if lineage.is_flow:
            if has_steps(lineage):
                found[node.name] = lineage
        elif lineage.stranger is not None and has_steps(lineage):
            own = any(lineage.stranger is base for base in node.bases)
            span = module.source.span(lineage.stranger) if own else module.source.name_span(node)
            report.add(fc1xx.BASE_NOT_READ, span, name=node.name, base=_written(lineage.stranger))
    return found


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


def _no_flow(module: Module, report: Report) -> None:
    """At the class that wants to be a flow, where there is one."""
    near = [node for node in module.classes if any("Flow" in module.source.segment(base) for base in node.bases)]
    known = "FlowSpec" in module.names or module.ours_by_star
    hint = "; import it: `from metaflow import FlowSpec, step`" if near and not known else ""
    span = module.source.name_span(near[0]) if near else Span(module.source.path, 1, 1, 1, 2)
    fix: Fix = ()
    if hint and any(isinstance(base, ast.Name) and base.id == "FlowSpec" for base in near[0].bases):
        fix = (*imported(module, "FlowSpec"), *imported(module, "step"))
    report.add(fc1xx.NO_FLOW, span, *fix, hint=hint)


def _no_such_flow(path: str, name: str, names: list[str], report: Report) -> None:
    listed = ", ".join(f"`{each}`" for each in names)
    hint = f"it has {listed}" if names else "a flow is a class whose base is `FlowSpec`, with methods under `@step`"
    report.add(fc1xx.NO_SUCH_FLOW, Span(path, 1, 1, 1, 2), name=name, hint=hint + did_you_mean(name, names))


def _folders(path: Path, root: Path) -> tuple[Path, ...]:
    return tuple(dict.fromkeys((path.parent, root, root / "src")))


def _relative(path: Path, root: Path) -> str:
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return path.name
