"""The way of the data as one function: a flow file to the files of a target."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.backends import Backend, Options, OutputFile, refuse
from compiler.diagnostics import Report
from compiler.frontend import parse
from compiler.frontend.text.modules import Known
from compiler.frontend.text.source import Drafts
from compiler.frontend.values.config_values import Given
from compiler.ir.flow import Flow
from compiler.mistakes import CallError
from compiler.slotted_class import fresh, record

if TYPE_CHECKING:
    from compiler.ir.plan import Plan


class FlowChoiceError(CallError):
    """The file holds several flows and none is named, the message lists them; or it holds only bases of flows."""


@record
class Reading:
    """How flow files are read: whether their modules are imported (`--import`), which names of `metaflow` the image has, what
    their `Config`s are given, which decorators are added to every step (`--with`), what stands in for files, and in which folders of
    the root imports are looked for beside those that `compiler.frontend.text.import_path` finds.
    """

    imports: bool = False
    passthrough: tuple[str, ...] = ()
    configs: Mapping[str, Given] = fresh(default_factory=dict)
    added: tuple[str, ...] = ()
    drafts: Drafts | None = None
    folders: tuple[Path, ...] = ()
    passes_over: bool = False
    """Whether a file that holds no flow is no mistake: nobody has named it."""
    added_to: Mapping[str, tuple[str, ...]] = fresh(default_factory=dict)
    """What `--with` and the settings add to the steps of single flows, by their names, instead of `added`."""
    known: Known | None = None
    """Takes the modules that are read, for whoever follows their imports afterwards."""


PLAIN = Reading()
"""By the text alone."""


def compile_flow(
    path: Path,
    backend: Backend,
    options: Options,
    *,
    flow: str | None = None,
    root: Path | None = None,
    reading: Reading = PLAIN,
) -> tuple[tuple[OutputFile, ...], Report]:
    """The target's files for one flow of a file, and what was found; no files where that holds an error.

    `flow` names one of several; `root` is the folder of the code archive. Raises FlowChoiceError.
    """
    from compiler.ir.planner import plan  # noqa: PLC0415 - a check plans nothing

    report = Report()
    source = read_flow(path, report, name=flow, root=root, reading=reading)
    files = emit_plan(plan(source), backend, options, report) if source else ()
    return files, report


def read_flow(
    path: Path, report: Report, *, name: str | None = None, root: Path | None = None, reading: Reading = PLAIN
) -> Flow | None:
    """The one flow of that name (or the only one); None where mistakes keep it from being read. Raises FlowChoiceError."""
    flows = read_flows(path, report, name=name, root=root, reading=reading)
    if report.failed or len(flows) == 1:
        return flows[0] if len(flows) == 1 else None
    if not flows:
        raise FlowChoiceError(f"{path} holds bases of flows and none to start: name a file that derives from them")
    names = ", ".join(flow.name for flow in flows)
    raise FlowChoiceError(
        f"{path} holds several flows: {names}; name one as {path}:{flows[0].name} or with --flow {flows[0].name}"
    )


def read_flows(
    path: Path, report: Report, *, name: str | None = None, root: Path | None = None, reading: Reading = PLAIN
) -> tuple[Flow, ...]:
    """All flows of a file, or the one of that name; broken ones leave findings instead."""
    flows = _parsed(path, report, name, root, reading)
    if not (reading.added or reading.added_to):
        return flows
    from compiler.frontend.decorators.with_option import add  # noqa: PLC0415 - most calls add nothing

    added = tuple(add(flow, reading.added_to.get(flow.name, reading.added), report) for flow in flows)
    return () if report.failed else added


def _parsed(path: Path, report: Report, name: str | None, root: Path | None, reading: Reading) -> tuple[Flow, ...]:
    if not reading.imports:
        return parse(
            path,
            report,
            root=root,
            name=name,
            passthrough=reading.passthrough,
            configs=reading.configs,
            drafts=reading.drafts,
            folders=reading.folders,
            passes_over=reading.passes_over,
            known=reading.known,
        )
    from compiler.importing import importer  # noqa: PLC0415 - most flows are read by their text

    return parse(
        path,
        report,
        root=root,
        name=name,
        importer=importer(path, root or path.parent, reading.folders),
        passthrough=reading.passthrough,
        configs=reading.configs,
        folders=reading.folders,
        passes_over=reading.passes_over,
        known=reading.known,
    )


def emit_plan(plan: Plan, backend: Backend, options: Options, report: Report) -> tuple[OutputFile, ...]:
    """The target's files, or none where the report holds an error: the plan is refused first."""
    refuse(plan, backend, options, report)
    return () if report.failed else backend.emit(plan, options)
