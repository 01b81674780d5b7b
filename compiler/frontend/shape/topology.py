"""The shape of a flow: reached from the start, no circles, every split joined. Iterative and linear."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.diagnostics import AddImport, Insert, Note, Report
from compiler.frontend.findings import fc2xx, fc6xx
from compiler.frontend.shape.levels import check_levels
from compiler.frontend.shape.outline import Drawing, targets
from compiler.ir.flow import End, Foreach, Gang, Goto, Split, Step, Switch
from compiler.slotted_class import replaced


def check_shape(drawing: Drawing, report: Report) -> None:
    """Report what is wrong with the graph; nothing that only follows from another finding."""
    after = {
        name: ()
        if name in drawing.vague
        else tuple(each for each in targets(step) if each != name or not _repeats(step))
        for name, step in drawing.steps.items()
    }
    _check_repeats(drawing, report)
    _check_start(drawing, after, report)
    circles = _circles(after)
    for circle in circles:
        _report_circle(drawing, after, circle, report)
    in_circle = {name for circle in circles for name in circle}
    reached = _reached(drawing, after)
    if reached is not None:
        _check_reached(drawing, after, reached, in_circle, report)
    _check_direct(drawing, report)
    if drawing.start is not None:
        check_levels(*_forward(drawing, after), reached or frozenset(drawing.steps), report)


def _forward(drawing: Drawing, after: Mapping[str, tuple[str, ...]]) -> tuple[Drawing, Mapping[str, tuple[str, ...]]]:
    """The graph without the ways back to the first step; what such a step splits into is not judged."""
    back = {name for name, following in after.items() if drawing.start in following}
    if not back:
        return drawing, after
    forward = {name: tuple(each for each in following if each != drawing.start) for name, following in after.items()}
    return replaced(drawing, vague=drawing.vague | back), forward


def _repeats(step: Step) -> bool:
    return isinstance(step.next, Switch)


def _check_repeats(drawing: Drawing, report: Report) -> None:
    for name, step in drawing.steps.items():
        if step.is_join and isinstance(step.next, Switch) and name in targets(step):
            report.add(fc2xx.RECURSIVE_JOIN, step.next.span, name=name)


def _check_start(drawing: Drawing, after: Mapping[str, tuple[str, ...]], report: Report) -> None:
    for name, following in after.items():
        if drawing.start in following and drawing.start is not None:
            report.add(fc2xx.START_ENTERED, drawing.steps[name].next.span, name=drawing.start)


def _circles(after: Mapping[str, tuple[str, ...]]) -> list[list[str]]:
    """The strongly connected sets of steps that hold a circle (Tarjan's, with a stack of its own)."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    path: list[str] = []
    on_path: set[str] = set()
    found: list[list[str]] = []
    for root in after:
        if root in number:
            continue
        work = [(root, iter(after[root]))]
        _enter(root, number, low, path, on_path)
        while work:
            name, rest = work[-1]
            for target in rest:
                if target not in number:
                    _enter(target, number, low, path, on_path)
                    work.append((target, iter(after[target])))
                    break
                if target in on_path:
                    low[name] = min(low[name], number[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == number[name]:
                    circle = _leave(name, path, on_path)
                    if len(circle) > 1 or name in after[name]:
                        found.append(circle)
    return found


def _enter(name: str, number: dict[str, int], low: dict[str, int], path: list[str], on_path: set[str]) -> None:
    number[name] = low[name] = len(number)
    path.append(name)
    on_path.add(name)


def _leave(name: str, path: list[str], on_path: set[str]) -> list[str]:
    circle: list[str] = []
    while True:
        member = path.pop()
        on_path.discard(member)
        circle.append(member)
        if member == name:
            return circle[::-1]


_LONGEST_PATH = 8


def _report_circle(drawing: Drawing, after: Mapping[str, tuple[str, ...]], circle: list[str], report: Report) -> None:
    """One finding a circle, at the step that goes back; none where it goes back to the start: that is said already."""
    members = set(circle)
    if drawing.start in members:
        return
    path = [circle[0]]
    seen = {circle[0]}
    while True:
        following = next(each for each in after[path[-1]] if each in members)
        if following in seen:
            break
        path.append(following)
        seen.add(following)
    path = path[path.index(following) :]
    first = min(path, key=lambda name: (drawing.places[name].line, name))
    at = path.index(first)
    path = path[at:] + path[:at]
    shown = path if len(path) <= _LONGEST_PATH else [*path[:4], "…", *path[-3:]]
    span = drawing.steps[path[-1]].next.span
    report.add(fc2xx.CYCLE, span, path=" → ".join((*shown, first)))


def _reached(drawing: Drawing, after: Mapping[str, tuple[str, ...]]) -> frozenset[str] | None:
    """The steps that the start leads to; None where a transition that could not be read may lead anywhere."""
    if drawing.start is None or drawing.vague:
        return None
    seen = {drawing.start}
    stack = [drawing.start]
    while stack:
        for target in after[stack.pop()]:
            if target not in seen:
                seen.add(target)
                stack.append(target)
    return frozenset(seen)


def _check_reached(
    drawing: Drawing,
    after: Mapping[str, tuple[str, ...]],
    reached: frozenset[str],
    in_circle: set[str],
    report: Report,
) -> None:
    """Report the unreachable steps that no other unreachable step leads to."""
    lost = [name for name in drawing.steps if name not in reached]
    led_to = {target for name in lost for target in after[name] if target != name}
    for name in lost:
        if name not in led_to and name not in in_circle and name != drawing.end:
            report.add(fc2xx.UNREACHABLE, drawing.places[name], name=name)
    if drawing.end in lost and drawing.end not in led_to and not in_circle:
        report.add(fc2xx.UNREACHABLE, drawing.places[str(drawing.end)], name=drawing.end)


def _check_direct(drawing: Drawing, report: Report) -> None:
    """What one transition alone tells: splits and cases that go straight into a join, gangs and `@parallel`."""
    for name, step in drawing.steps.items():
        if name in drawing.vague:
            continue
        kind = _kind(step)
        for target in targets(step):
            into = drawing.steps[target]
            if kind and into.is_join:
                report.add(fc2xx.SPLIT_INTO_JOIN, step.next.span, kind=kind, name=target)
            if isinstance(step.next, Switch) and into.is_join and target != name:
                report.add(fc2xx.CASE_INTO_JOIN, step.next.span, name=target)
        _check_gang(drawing, name, step, report)


def _kind(step: Step) -> str | None:
    match step.next:
        case Split():
            return "split"
        case Foreach():
            return "foreach"
        case Gang():
            return "gang"
        case Goto() | Switch() | End():
            return None


def _check_node(step: Step, report: Report) -> None:
    """What the tasks of a gang cannot do, because they run together or not at all."""
    if isinstance(step.next, Switch) and step.name in targets(step):
        report.add(fc6xx.NODE_REPEATS, step.next.span, name=step.name)


def _check_gang(drawing: Drawing, name: str, step: Step, report: Report) -> None:
    for target in targets(step):
        into = drawing.steps[target]
        parallel = next((each for each in into.decorators if each.name == "parallel"), None)
        if isinstance(step.next, Gang):
            if parallel is None and not into.calls_unknown:
                head = drawing.places[target]
                fix = (Insert("decorators", head, "@parallel"), AddImport(head.path, "parallel"))
                report.add(fc2xx.GANG_WITHOUT_PARALLEL, step.next.span, *fix, name=target)
            _check_node(into, report)
        elif parallel is not None and target != name:
            report.add(
                fc2xx.PARALLEL_WITHOUT_GANG,
                step.next.span,
                Note(parallel.span, "here"),
                name=target,
                decorator=parallel.name,
                source=name,
            )
