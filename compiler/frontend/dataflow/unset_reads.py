"""Artifacts that a step reads though nothing has set them: on no way to it, or not on each; and what a join lets go."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from compiler.diagnostics import Fix, Insert, Note, Report
from compiler.frontend.dataflow.reaching_definitions import Merging, Reaching, Sets, reaching
from compiler.frontend.findings import fc4xx
from compiler.frontend.findings.suggest import did_you_mean, slip
from compiler.frontend.steps.bodies import Body
from compiler.frontend.steps.methods import Method
from compiler.frontend.text.modules import Function
from compiler.frontend.text.respelling import renamed_artifact
from compiler.frontend.text.runtime_names import runtime_names
from compiler.frontend.values.evaluator import evaluate
from compiler.ir.flow import Access, Dynamic, Flow, Foreach, Span, Step, Switch, Value
from compiler.slotted_class import record, replaced

if TYPE_CHECKING:
    from typing import TypeGuard


@record
class Surroundings:
    """What the checks know of a flow: its methods, its helpers' bodies, and the names that are no artifacts."""

    flow: Flow
    methods: Mapping[str, Method]
    bodies: Mapping[str, Body]
    fixed: frozenset[str]
    merges: Mapping[str, Merging]
    """The joins that call `merge_artifacts`."""

    def sets(self, method: Method) -> set[str]:
        """The artifacts that a step binds, by itself or through methods that it calls."""
        names = {*method.body.assigned}
        for _, inner in self.helpers(method.body):
            names |= inner.assigned.keys()
        return names - self.fixed

    def set_by(self, name: str) -> frozenset[str]:
        """The attributes that a helper of that name binds, by itself or through others."""
        body = self.bodies.get(name)
        if body is None:
            return frozenset()
        return frozenset(body.assigned).union(*(inner.assigned for _, inner in self.helpers(body)))

    def set_here(self, step: str, name: str) -> Note:
        """Where a step sets an artifact."""
        there = self.flow.steps[step]
        span = next((each.span for each in there.writes if each.name == name), there.span)
        return Note(span, f"set here, in `{step}`")

    def helpers(self, body: Body) -> Iterator[tuple[str, Body]]:
        """The methods of the class that a body calls or reads (a property), directly or through others."""
        seen: set[str] = set()
        stack = [*body.calls, *body.reads]
        while stack:
            name = stack.pop()
            inner = self.bodies.get(name)
            if inner is not None and name not in seen:
                seen.add(name)
                yield name, inner
                stack += [*inner.calls, *inner.reads]


def surroundings(
    flow: Flow, methods: Mapping[str, Method], bodies: Mapping[str, Body], fixed: frozenset[str]
) -> Surroundings:
    """What the checks know, with each join's merge."""
    around = Surroundings(flow, methods, bodies, fixed, {})
    merges = {name: found for name, method in methods.items() if (found := _merging(around, method))}
    return replaced(around, merges=merges)


def solve(around: Surroundings) -> Reaching:
    """What reaches which step."""
    sets = {name: _sets(around, method) for name, method in around.methods.items()}
    return reaching(around.flow, sets, around.merges)


def _sets(around: Surroundings, method: Method) -> Sets:
    names = around.sets(method)
    for decorator in around.flow.steps[method.name].decorators:
        variable = decorator.get("var") if decorator.name == "catch" else None
        if isinstance(variable, str) and variable not in around.fixed:
            names.add(variable)
    return Sets(frozenset(names), around.flow.steps[method.name].calls_unknown)


def _merging(around: Surroundings, method: Method) -> Merging | None:
    if not method.is_join:
        return None
    if "merge_artifacts" in method.body.calls:
        calls = [node for node in ast.walk(method.function) if is_merge(node)]
        if len(calls) == 1:
            return _lists(method, calls[0])
        return Merging(frozenset(), None, vague=True)
    inside = any("merge_artifacts" in inner.calls for _, inner in around.helpers(method.body))
    return Merging(frozenset(), None, vague=True) if inside else None


def is_merge(node: ast.AST) -> TypeGuard[ast.Call]:
    """Whether a node is a call of `merge_artifacts`."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "merge_artifacts"


def _lists(method: Method, call: ast.Call) -> Merging:
    given = dict(zip(("exclude", "include"), call.args[1:], strict=False))
    given |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    vague = any(keyword.arg is None for keyword in call.keywords)
    names: dict[str, frozenset[str]] = {}
    for option in ("exclude", "include"):
        node = given.get(option)
        value = evaluate(method.member.owner.scope, node) if node else ()
        found = _texts(value)
        vague = vague or found is None
        names[option] = found or frozenset()
    return Merging(names["exclude"], names["include"] or None, vague)


def _texts(value: Value | Dynamic) -> frozenset[str] | None:
    if value is None:
        return frozenset()
    if isinstance(value, tuple) and all(isinstance(each, str) for each in value):
        return frozenset(str(each) for each in value)
    return None


def check_reads(around: Surroundings, found: Reaching, report: Report) -> None:
    """Report reads of what is set on no way to the step, and sure reads of what is not set on every way.

    A name is reported once: the later reads have the same cause.
    """
    sure: dict[str, Mapping[str, ast.expr]] = {}
    asked = {name for method in around.methods.values() for name in method.body.asked}
    asked.update(name for body in around.bodies.values() for name in body.asked)
    for step in around.flow.steps.values():
        state = found.before[step.name]
        if step.calls_unknown or state.vague:
            continue
        for access in step.reads:
            name = access.name
            if name in around.fixed or name in asked or found.must(state, name):
                continue
            if step.name not in sure:
                sure[step.name] = _certain_reads(around, around.methods[step.name].function)
            if _check_read(around, found, step, access, sure[step.name].get(name), report):
                asked.add(name)


def _certain_reads(around: Surroundings, function: Function) -> dict[str, ast.expr]:
    from compiler.frontend.dataflow.definite_reads import certain_reads  # noqa: PLC0415 - most flows set what they read

    return certain_reads(function, around.set_by)


def _check_read(
    around: Surroundings, found: Reaching, step: Step, access: Access, sure: ast.expr | None, report: Report
) -> bool:
    name, method, state = access.name, around.methods[step.name], found.before[step.name]
    own = found.after[step.name].must >> found.bit[name] & 1 if name in found.bit else False
    if found.may(state, name):
        if sure is None:
            return False
        _some_ways(around, found, step, name, method.member.owner.module.source.span(sure), report)
        return True
    span = None if own and sure is None else _needed(around, method, access, sure)
    if span is None:
        return False
    _no_way(around, found, step, name, span, report)
    return True


def _needed(around: Surroundings, method: Method, access: Access, sure: ast.expr | None) -> Span | None:
    """Where the step reads what must be there: the read that is `sure` to happen, or one that is not ready for its missing."""
    if sure is not None:
        return method.member.owner.module.source.span(sure)
    return None if _is_expected(around, method, access.name) else access.span


def _is_expected(around: Surroundings, method: Method, name: str) -> bool:
    """Whether the code is ready for the artifact to be missing."""
    node = method.body.reads.get(name)
    if node is not None:
        from compiler.frontend.dataflow.definite_reads import is_guarded  # noqa: PLC0415 - a right flow needs none of it

        return is_guarded(method.function, node)
    readers = [inner for _, inner in around.helpers(method.body) if name in inner.reads]
    if any(inner.tries for inner in readers):
        return True
    # A helper may be one of many flows: what it reads on a condition alone, this one may never need.
    return not any(name in _certain_reads(around, inner.function) for inner in readers)


def _no_way(around: Surroundings, found: Reaching, step: Step, name: str, span: Span, report: Report) -> None:
    if name not in found.every:
        _never_set(around, found.every, name, span, report)
        return
    lost = found.loss(found.before[step.name], name)
    if lost:
        setter, join = lost
        notes = around.set_here(setter, name), Note(around.methods[join].span, "not carried on by this join")
        merge = f"`self.merge_artifacts({_inputs_of(around.methods[join])})`"
        fix = _carried_on(around, found, join, name)
        report.add(fc4xx.LOST_AT_JOIN, span, *notes, *fix, step=step.name, name=name, join=join, merge=merge)
        return
    maker = found.made[(found.every[name] & -found.every[name]).bit_length() - 1][0]
    report.add(fc4xx.NOT_YET_SET, span, around.set_here(maker, name), step=step.name, name=name, maker=maker)


def check_never_set(around: Surroundings, classes: Iterable[ast.ClassDef], report: Report) -> None:
    """Report reads of what no code of the classes sets: all that a flow tells whose steps nobody can order."""
    bodies = (*around.bodies.values(), *(method.body for method in around.methods.values()))
    if any(body.calls_unknown for body in bodies) or any(step.calls_unknown for step in around.flow.steps.values()):
        return
    every = {name for method in around.methods.values() for name in _sets(around, method).names}
    # A method that lost its `@step`, or that another of its name hides, was to set what it sets.
    nodes = (node for each in classes for node in ast.walk(each))
    every.update(node.attr for node in nodes if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load))
    done = around.fixed.union(every, *(body.asked for body in bodies))
    for method in around.methods.values():
        sure = _certain_reads(around, method.function)
        for access in around.flow.steps[method.name].reads:
            name = access.name
            span = None if name in done else _needed(around, method, access, sure.get(name))
            if span is not None:
                _never_set(around, every, name, span, report)
                done |= {name}


def _never_set(around: Surroundings, every: Collection[str], name: str, span: Span, report: Report) -> None:
    advice = runtime_names().not_on_self.get(name)
    if advice is not None:
        report.add(fc4xx.NOT_ON_SELF, span, name=name, cure=advice)
        return
    hint = did_you_mean(name, sorted(around.fixed.union(every)))
    flow = around.flow.name
    report.add(fc4xx.NEVER_SET, span, *_respelt(around, every, name), flow=flow, name=name, hint=hint)


def _respelt(around: Surroundings, every: Iterable[str], name: str) -> Fix:
    """The one artifact or parameter that the steps can mean, where no other code of the class has the wrong name."""
    known = {*every, *(parameter.attribute for parameter in around.flow.parameters)}
    near = slip(name, sorted(known))
    changed = any(access.name == name for step in around.flow.steps.values() for access in step.writes)
    if near is None or changed or any(name in body.reads for body in around.bodies.values()):
        return ()
    functions = {each.name: (each.member.owner.module.source, each.function) for each in around.methods.values()}
    return renamed_artifact(functions, name, near)


def _carried_on(around: Surroundings, found: Reaching, join: str, name: str) -> Fix:
    """The join carries on just this name, where all its inputs that have it have the same value."""
    from compiler.frontend.dataflow.definite_reads import self_of  # noqa: PLC0415 - a right flow needs none of it
    from compiler.frontend.dataflow.join_carry import can_be_carried  # noqa: PLC0415 - as above

    method = around.methods[join]
    if join in around.merges or not can_be_carried(around.flow, around.methods, found, join, name):
        return ()
    me, inputs = self_of(method.function), _inputs_of(method)
    return (Insert("first", method.span, f'{me}.merge_artifacts({inputs}, include=["{name}"])'),)


def _inputs_of(method: Method) -> str:
    return [*method.function.args.posonlyargs, *method.function.args.args][1].arg


def _some_ways(around: Surroundings, found: Reaching, step: Step, name: str, span: Span, report: Report) -> None:
    """The way on which it is not set, by the last switch on it."""
    met = found.dropped_at.get(found.bit[name], [])
    at = met[0] if len(met) == 1 else step.name
    while True:
        before = next((each for each in found.earlier[at] if not found.must(found.after[each], name)), None)
        if before is None:
            return
        if isinstance(around.flow.steps[before].next, Switch):
            note = around.set_here(found.makers(found.before[step.name], name)[0], name)
            report.add(fc4xx.SET_ON_SOME_WAYS, span, note, step=step.name, name=name, switch=before, arm=at)
            return
        at = before


def check_overwritten(around: Surroundings, found: Reaching, report: Report) -> None:
    """Report the list of a foreach that a step of its body sets: the later steps of the body see another one."""
    for name, method in around.methods.items():
        opened = found.before[name].opened
        if opened is None:
            continue
        transition = around.flow.steps[opened[0]].next
        own = around.flow.steps[name].next  # an inner foreach may well go over a list of the same name
        if isinstance(own, Foreach) and own.items == getattr(transition, "items", None):
            continue
        if isinstance(transition, Foreach) and transition.items in method.body.assigned:
            node = method.body.assigned[transition.items]
            span = method.member.owner.module.source.span(node)
            report.add(fc4xx.FOREACH_OVERWRITTEN, span, step=name, name=transition.items, split=opened[0])


def check_never_read(around: Surroundings, found: Reaching, report: Report) -> None:
    """Report artifacts that no code of the class reads: they may be results, or left over."""
    functions = [method.function for method in around.methods.values()]
    read = {node.attr for function in functions for node in ast.walk(function) if _is_read(node)}
    read.update(name for step in around.flow.steps.values() for name in (each.name for each in step.reads))
    first = {name: found.made[(mask & -mask).bit_length() - 1][0] for name, mask in found.every.items()}
    for name, step in first.items():
        if name not in read:
            report.add(fc4xx.NEVER_READ, around.set_here(step, name).span, name=name, step=step)


def _is_read(node: ast.AST) -> TypeGuard[ast.Attribute]:
    return isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
