"""Files without a flow: what they are instead, and what a flow of theirs lacks."""

from __future__ import annotations

import ast
from collections.abc import Collection
from pathlib import Path

from compiler.diagnostics import Fix, Replace, Report
from compiler.frontend.findings import fc1xx
from compiler.frontend.findings.suggest import did_you_mean
from compiler.frontend.flows import has_steps
from compiler.frontend.text.modules import Module
from compiler.frontend.text.respelling import imported
from compiler.frontend.values.classes import Lineage, Lineages
from compiler.ir.flow import Span

_A_FLOW = "a flow is a class whose base is `FlowSpec`, with methods under `@step`"


def is_notebook(path: Path, report: Report) -> bool:
    """Whether a file is a notebook, which holds its flow as JSON; a finding where it is one."""
    if path.suffix.lower() != ".ipynb":
        return False
    report.add(fc1xx.NOTEBOOK, _begin(path.as_posix()), path=path.name)
    return True


def unread(path: Path, found: Report, report: Report) -> None:
    """What is wrong with a file that is not read; where its name is not a Python file's, that alone."""
    if path.suffix and path.suffix.lower() not in _PYTHON and path.is_file():
        report.add(fc1xx.NO_PYTHON_FILE, _begin(path.as_posix()), path=path.name)
    else:
        report.take(found)


_PYTHON = (".py", ".pyw", ".pyi")


def report_no_flow(module: Module, lineages: Lineages, path: Path, root: Path, report: Report) -> None:
    """What a file without a flow lacks, at the class that wants to be one; nothing where others derive from its classes."""
    from compiler.frontend.values.bases import is_base  # noqa: PLC0415 - a file with a flow needs none of it

    found = [lineages.of(module, node) for node in module.classes]
    with_steps = [lineage for lineage in found if not lineage.is_flow and has_steps(lineage)]
    if any(is_base(lineage, path, root) for lineage in found if lineage.is_flow or lineage in with_steps):
        return
    if with_steps:
        for lineage in with_steps:
            _without_flow(module, lineage, report)
    elif path.suffix and path.suffix.lower() not in _PYTHON:
        report.add(fc1xx.NO_PYTHON_FILE, _begin(module.source.path), path=path.name)
    else:
        _no_flow(module, found, report)


def _without_flow(module: Module, lineage: Lineage, report: Report) -> None:
    """A class that has steps and does not derive from `FlowSpec`."""
    node = lineage.classes[0].node
    bases = [module.source.segment(base) for base in node.bases]
    span = module.source.name_span(node)
    shown = ", ".join([*(base for base in bases if base != "object"), "FlowSpec"])
    fix: Fix = ()
    after = Span(span.path, span.end_line, span.end_col, span.end_line, span.end_col)
    written = module.source.head(after, "()") or (after if module.source.head(after, ":") else None)
    if not node.bases and not node.keywords and written:
        fix = (Replace(written, "(FlowSpec)"), *imported(module, "FlowSpec"))
    report.add(fc1xx.STEPS_WITHOUT_FLOW, span, *fix, name=node.name, bases=shown)


def _no_flow(module: Module, found: Collection[Lineage], report: Report) -> None:
    """At the class that wants to be a flow, where there is one."""
    near = [node for node in module.classes if any("Flow" in module.source.segment(base) for base in node.bases)]
    known = "FlowSpec" in module.names or module.ours_by_star
    hint = "" if module.source.text.strip() else "; this file is empty"
    fix: Fix = ()
    if near and not known:
        hint = "; import it: `from metaflow import FlowSpec, step`"
        if any(isinstance(base, ast.Name) and base.id == "FlowSpec" for base in near[0].bases):
            fix = (*imported(module, "FlowSpec"), *imported(module, "step"))
    elif near and any(lineage.is_flow and lineage.classes[0].node is near[0] for lineage in found):
        hint = f"; `{near[0].name}` has none"
    span = module.source.name_span(near[0]) if near else _begin(module.source.path)
    report.add(fc1xx.NO_FLOW, span, *fix, hint=hint)


def report_no_such_flow(module: Module, name: str, names: list[str], report: Report) -> None:
    """No flow of that name: which there are, or why the class of that name is none."""
    listed = ", ".join(f"`{each}`" for each in names)
    if any(node.name == name for node in module.classes):
        hint = f"the class `{name}` is none: {_A_FLOW}"
    else:
        hint = f"it has {listed}" if names else _A_FLOW
        hint += did_you_mean(name, names)
    report.add(fc1xx.NO_SUCH_FLOW, _begin(module.source.path), name=name, hint=hint)


def _begin(path: str) -> Span:
    return Span(path, 1, 1, 1, 2)
