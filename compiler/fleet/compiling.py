"""The flows of one call to the files of a target; all mistakes of all flows are found before anything is written."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from compiler.backends import Backend, Options
from compiler.backends.targets import BUILT_IN
from compiler.call.sources import FlowName, Surroundings
from compiler.call.stores import needs_of
from compiler.call.target_settings import decided
from compiler.diagnostics import Report
from compiler.fleet.names import Deployed, check_names
from compiler.fleet.parts import Compiled, Part, config_names, joined_report, tell_of_configs, tell_once
from compiler.fleet.policy import hold_policy
from compiler.fleet.processes import FEW, results
from compiler.ir.flow import Flow, Value
from compiler.ir.needs import has_own_packages
from compiler.ir.plan import Plan
from compiler.mistakes import CallError
from compiler.pipeline import emit_plan, read_flow, read_flows
from compiler.slotted_class import record
from compiler.terminal.findings import show
from compiler.workspace.settings import Settings


@record
class Request:
    """What one call asks for; `given` are the settings of the command line, `jobs` how many processes compile."""

    backend: Backend
    flows: tuple[FlowName, ...]
    output: str | None
    given: Mapping[str, Value]
    surroundings: Surroundings
    jobs: int | None = None
    is_to_folder: bool = False
    """Whether each flow's files go into a folder, under their own names."""
    is_part: bool = False
    """Whether flows of the call were left out."""
    is_kept: bool = False
    """Whether what was made before is taken where all that it depends on is as it was."""


def goes_to_folder(flows: Sequence[FlowName], output: str | None) -> bool:
    """Whether `-o` names a folder: for many flows, by its slash, or since it is one."""
    return output is not None and (len(flows) > 1 or output.endswith("/") or Path(output).is_dir())


def compile_flows(request: Request) -> list[Compiled] | None:
    """Each flow's files, or None where one has a mistake; all mistakes of all flows are shown. Raises CallError."""
    parts = _parts(request)
    report = joined_report(parts)
    compiled = _once(each for part in parts for each in part.compiled)
    target = request.backend.name
    check_names(target, (Deployed(each.flow, each.span, each.name) for each in compiled), report)
    tell_once(parts)
    show(report)
    if report.failed:
        return None
    if not compiled:
        raise CallError(_nothing(request))
    tell_of_configs(request.surroundings.given_configs, parts)
    return compiled


def _parts(request: Request) -> list[Part]:
    """What comes of each file of the call."""

    def work(name: FlowName) -> Part:
        return _compile_file(request, name)

    target = request.backend.name
    if not request.is_kept or len(request.flows) < FEW or target not in BUILT_IN:
        return results(work, request.flows, request.jobs)
    from compiler.fleet.cache.results import kept_results  # noqa: PLC0415 - few calls have so many flows

    words = ("create", target, sorted(request.given.items()), request.is_to_folder)
    return kept_results(work, request.flows, request.jobs, request.surroundings, words)


def _nothing(request: Request) -> str:
    target = request.backend.name
    return (
        f"there is no flow to compile: the files hold bases of flows alone, or `targets` of [tool.flowc] lacks {target}"
    )


def _once(compiled: Iterable[Compiled]) -> list[Compiled]:
    found: dict[tuple[str, str], Compiled] = {}
    for each in compiled:
        found.setdefault((os.path.realpath(each.path), each.flow), each)
    return list(found.values())


def deployment(backend: Backend, plan: Plan, options: Options) -> str:
    """The name that a target gives a flow; by the plan where a target of another distribution does not say."""
    name = getattr(backend, "deployment", None)
    return str(name(plan, options)) if name else options.name or plan.name


def _compile_file(request: Request, name: FlowName) -> Part:
    surroundings, found, compiled = request.surroundings, Report(), list[Compiled]()
    notes: dict[str, None] = {}
    flows = _read(request, name, found)
    settings = surroundings.settings(name.path)
    for flow in flows:
        if not surroundings.is_meant(name.path, flow.name, request.backend.name):
            continue
        image = surroundings.image(
            name.path, flow, request.backend.name, request.given, variants=has_own_packages(flow)
        )
        decision, options = decided(flow, settings, request.backend, request.given, image)
        for told in filter(None, (needs_of(options), _strange(flow, settings, request))):
            notes[told] = None
        hold_policy(settings, decision, found, (request.backend, options))
        files = emit_plan(decision, request.backend, options, found)
        own = deployment(request.backend, decision, options)
        compiled.append(Compiled(name.path, flow.name, flow.span, own, files, options))
    if flows:
        surroundings.check_packed(name.path, flows, (request.backend.name,), request.given, found)
    return Part(
        tuple(found.diagnostics), tuple(notes), config_names(flows), tuple(compiled), tuple(flow.name for flow in flows)
    )


def _strange(flow: Flow, settings: Settings, request: Request) -> str:
    """What is told of a flow that a call names for a target that the settings do not: a call for the workspace passes it over."""
    own = settings.for_flow(flow.name)
    if own.is_for(request.backend.name) or request.output is None:
        return ""
    return (
        f"note: `targets` of [tool.flowc] says that {flow.name} is for {', '.join(own.words('targets'))}: "
        f"it is compiled for {request.backend.name} since this call names it, and no other call does"
    )


def _read(request: Request, name: FlowName, found: Report) -> tuple[Flow, ...]:
    """All flows of a file where each has its own output, else the one that is named or alone."""
    root, reading = request.surroundings.root(name.path), request.surroundings.reading(name.path)
    if request.is_to_folder:
        return read_flows(name.path, found, root=root, name=name.name, reading=reading)
    flow = read_flow(name.path, found, name=name.name, root=root, reading=reading)
    return (flow,) if flow else ()
