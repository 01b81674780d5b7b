"""The way of the data as one function: a flow file to the files of a target."""

from __future__ import annotations

from pathlib import Path

from compiler.backends import Backend, Options, OutputFile, refuse
from compiler.diagnostics import Report
from compiler.frontend import parse
from compiler.ir.flow import Flow
from compiler.ir.plan import Plan
from compiler.ir.planner import plan
from compiler.mistakes import CallError


class FlowChoiceError(CallError):
    """The file does not hold exactly one flow that is meant; the message lists those that it holds."""


def compile_flow(
    path: Path, backend: Backend, options: Options, *, flow: str | None = None, root: Path | None = None
) -> tuple[tuple[OutputFile, ...], Report]:
    """The target's files for one flow of a file, and what was found; no files where that holds an error.

    `flow` names one of several; `root` is the folder of the code archive. Raises FlowChoiceError.
    """
    report = Report()
    source = read_flow(path, report, name=flow, root=root)
    files = emit_plan(plan(source), backend, options, report) if source else ()
    return files, report


def read_flow(path: Path, report: Report, *, name: str | None = None, root: Path | None = None) -> Flow | None:
    """The one flow of that name (or the only one); None where mistakes keep it from being read. Raises FlowChoiceError."""
    flows = parse(path, report, root=root)
    chosen = [flow for flow in flows if name is None or flow.name == name]
    if len(chosen) == 1:
        return chosen[0]
    if report.failed:
        return None
    raise FlowChoiceError(_choice_message(path, name, tuple(flow.name for flow in flows)))


def emit_plan(plan: Plan, backend: Backend, options: Options, report: Report) -> tuple[OutputFile, ...]:
    """The target's files, or none where the report holds an error: the plan is refused first."""
    refuse(plan, backend, options, report)
    return () if report.failed else backend.emit(plan, options)


def _choice_message(path: Path, wanted: str | None, names: tuple[str, ...]) -> str:
    listed = ", ".join(names)
    if not names:
        return f"{path} holds no flow: a flow is a class whose base is FlowSpec"
    if wanted is None:
        return f"{path} holds several flows: {listed}; name one as {path}:{names[0]} or with --flow {names[0]}"
    return f"{path} holds no flow `{wanted}`; it holds {listed}"
