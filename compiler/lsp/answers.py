"""What is answered at a place in a flow: hovers, the step that is meant, completions, renames, lenses."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Sequence

from compiler.backends import PORTABLE_OPTIONS, Backend, lacks
from compiler.backends.targets import BUILT_IN, brought_targets, load_backend
from compiler.frontend.decorators.language import FLOW, STEP
from compiler.ir.flow import Flow, Span, Step
from compiler.ir.planner import plan
from compiler.ir.text import graph_text, transition_text, value_text
from compiler.lsp.analysis import Analysis
from compiler.lsp.names import Mention, mention_at, step_spans
from compiler.slotted_class import record


@record
class Offer:
    """A completion. `kind`: `step`, `artifact`, `decorator` or `option`."""

    label: str
    kind: str
    detail: str = ""


def at_place(analysis: Analysis, line: int, column: int) -> tuple[Flow, tuple[Mention, ...], Mention] | None:
    """The flow whose name or artifact stands at a place, all its mentions, and that one."""
    for flow in analysis.flows if analysis.names else ():
        assert analysis.names is not None
        found = analysis.names.of(flow)
        one = mention_at(found, line, column)
        if one is not None:
            return flow, found, one
    return None


def hover(analysis: Analysis, line: int, column: int) -> str | None:
    """What a person reads of the step, artifact or decorator at a place, as markdown."""
    met = at_place(analysis, line, column)
    if met is not None:
        flow, found, one = met
        if one.name in flow.steps and (one.kind == "def" or one.in_next):
            return _step_text(flow, flow.steps[one.name])
        return _artifact_text(flow, found, one.name)
    return _decorator_text(analysis, line, column)


def _step_text(flow: Flow, step: Step) -> str:
    lines = [f"**step `{step.name}`** {transition_text(step.next)}"]
    if step.doc:
        lines.append(step.doc.strip().partition("\n")[0])
    for verb, accesses in (("reads", step.reads), ("writes", step.writes)):
        if accesses:
            lines.append(f"{verb} {', '.join(f'`{each.name}`' for each in accesses)}")
    for each in step.decorators:
        said = ", ".join(f"{name}={value_text(value)}" for name, value in each.arguments)
        lines.append(f"`@{each.name}({said})`" if said else f"`@{each.name}`")
    return "\n\n".join(lines)


def _artifact_text(flow: Flow, found: Sequence[Mention], name: str) -> str | None:
    parameter = next((each for each in flow.parameters if each.attribute == name), None)
    if parameter is not None:
        default = f", by default `{value_text(parameter.default)}`" if parameter.has_default else ""
        return f"**parameter `{name}`**: {parameter.type}{default}"
    writes = [step.name for step in flow.steps.values() if any(each.name == name for each in step.writes)]
    reads = [step.name for step in flow.steps.values() if any(each.name == name for each in step.reads)]
    if not writes and not reads:
        return None
    told = [f"**artifact `{name}`**"]
    told += [f"written by {', '.join(f'`{each}`' for each in writes)}"] if writes else []
    told += [f"read by {', '.join(f'`{each}`' for each in reads)}"] if reads else []
    return "\n\n".join(told)


def _decorator_text(analysis: Analysis, line: int, column: int) -> str | None:
    text = analysis.lines[line - 1] if line <= len(analysis.lines) else ""
    named = re.match(r"\s*@([a-z_]+)", text)
    if named is None or named[1] not in {**STEP, **FLOW}:
        return None
    word = next((each for each in re.finditer(r"\w+", text) if each.start() < column <= each.end() + 1), None)
    options = {**STEP, **FLOW}[named[1]]
    if word is None or word[0] not in options:
        return f"**`@{named[1]}`**: {', '.join(f'`{each}`' for each in options) or 'takes no options'}"
    return f"**`@{named[1]}({word[0]}=…)`**: {_targets_of(named[1], word[0])}"


def _targets_of(decorator: str, option: str) -> str:
    """Which targets know an option, of those that are installed here."""
    backends = {name: backend for name in (*BUILT_IN, *brought_targets()) if (backend := _loaded(name)) is not None}
    if option in PORTABLE_OPTIONS:
        able = [name for name, backend in backends.items() if option not in lacks(backend)]
    elif any(decorator in backend.spells for backend in backends.values()):
        able = [name for name, backend in backends.items() if option in backend.spells.get(decorator, frozenset())]
    else:
        return "the same on every target"
    if len(able) == len(backends):
        return "spelled on every target that is installed here"
    return f"spelled on {', '.join(able)}; others refuse it (FC302)" if able else "no target spells it (FC302)"


def _loaded(target: str) -> Backend | None:
    """A target; None for one of another distribution that cannot be loaded, of which nothing is known."""
    try:
        return load_backend(target)
    except Exception:  # noqa: BLE001 - a module of another distribution may raise anything, and a hover is no place to say so
        return None


def definition(analysis: Analysis, line: int, column: int) -> Span | None:
    """Where the step of that name is defined."""
    met = at_place(analysis, line, column)
    if met is None:
        return None
    _, found, one = met
    return next((each.span for each in found if each.kind == "def" and each.name == one.name), None)


def references(analysis: Analysis, line: int, column: int) -> list[Span]:
    """Where the step or artifact at a place is named."""
    met = at_place(analysis, line, column)
    return [each.span for each in met[1] if each.name == met[2].name] if met else []


def renamed(analysis: Analysis, line: int, column: int, name: str) -> list[Span]:
    """The places of the step at a place, which a rename changes. Raises ValueError where there is no step, or the name cannot be one."""
    met = at_place(analysis, line, column)
    if met is None or met[2].name not in met[0].steps:
        raise ValueError("there is no step here")
    flow, found, one = met
    if not name.isidentifier() or keyword.iskeyword(name):
        raise ValueError(f"`{name}` is no name of a step")
    if name in flow.steps or any(each.name == name for each in found):
        raise ValueError(f"the flow has a `{name}` already")
    return step_spans(found, flow, one.name)


def offers(analysis: Analysis, line: int, column: int) -> Iterator[Offer]:
    """What may stand at a place: steps in `self.next`, artifacts behind `self.`, decorators behind `@`, their options in parentheses."""
    before = (analysis.lines[line - 1] if line <= len(analysis.lines) else "")[: column - 1]
    if named := re.match(r"\s*@([a-z_]*)$", before):
        yield from (Offer(name, "decorator", "of a step") for name in STEP if name.startswith(named[1]))
        yield from (Offer(name, "decorator", "of a flow") for name in FLOW if name.startswith(named[1]))
    elif named := re.match(r"\s*@([a-z_]+)\((?:.*[,(]\s*)?(\w*)$", before):
        for option in {**STEP, **FLOW}.get(named[1], ()):
            if option.startswith(named[2]):
                yield Offer(option, "option", _targets_of(named[1], option))
    elif named := re.search(r"\bself\.(\w*)$", before):
        yield from _names_behind_self(analysis, line, before, named[1])


def _names_behind_self(analysis: Analysis, line: int, before: str, begun: str) -> Iterator[Offer]:
    flow = _around(analysis, line)
    if flow is None:
        return
    is_next = re.search(r"self\.next\([^)]*$", before) is not None
    for step in flow.steps.values() if is_next else ():
        if step.name.startswith(begun):
            yield Offer(step.name, "step", (step.doc or "").strip().partition("\n")[0])
    if not is_next:
        names = [each.attribute for each in flow.parameters]
        names += [each.name for step in flow.steps.values() for each in (*step.writes, *step.reads)]
        yield from (Offer(name, "artifact") for name in dict.fromkeys(names) if name.startswith(begun))
        if "next".startswith(begun):
            yield Offer("next", "step", "where the flow goes on")


def _around(analysis: Analysis, line: int) -> Flow | None:
    """The flow whose class stands around a line: the last that begins before it."""
    begun = [flow for flow in analysis.flows if flow.span.line <= line]
    return begun[-1] if begun else (analysis.flows[0] if analysis.flows else None)


def lenses(analysis: Analysis) -> Iterator[tuple[Span, str, str]]:
    """Above each flow a line that shows its graph: place, title, the flow's name."""
    for flow in analysis.flows:
        yield flow.span, f"graph of {len(flow.steps)} steps", flow.name


def graph(analysis: Analysis, name: str) -> str:
    """The graph of a flow as `flowc show` prints it; empty where there is none of that name."""
    found = next((flow for flow in analysis.flows if flow.name == name), None)
    return graph_text(plan(found)) if found else ""
