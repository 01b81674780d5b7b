"""Steps: which methods are steps, their signatures and names, which is first and which last, and what each does."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import TYPE_CHECKING

from compiler.diagnostics import Fix, Insert, Move, Note, Replace, Report
from compiler.frontend.decorators.carried import carried
from compiler.frontend.decorators.language import LANGUAGE, Found, origin_of, read_decorators
from compiler.frontend.decorators.options import with_numbers
from compiler.frontend.findings import fc2xx
from compiler.frontend.findings.fc5xx import BY_IMPORT
from compiler.frontend.findings.fc6xx import HIDES_STEP
from compiler.frontend.findings.suggest import clear, did_you_mean, slip
from compiler.frontend.steps.bodies import Body, read_body
from compiler.frontend.steps.transitions import Place, Spoken, read_transition
from compiler.frontend.steps.undecorated import Plain, report_undecorated
from compiler.frontend.text.modules import Function
from compiler.frontend.text.respelling import head_respelt, respelt
from compiler.frontend.text.runtime_names import runtime_names
from compiler.frontend.text.source import Source, doc_of
from compiler.frontend.values.classes import Member
from compiler.frontend.values.evaluator import evaluate
from compiler.ir.flow import Access, End, Span, Step
from compiler.slotted_class import record, replaced

if TYPE_CHECKING:
    from compiler.frontend.declarations.import_result import DeclaredFlow
    from compiler.frontend.decorators.author_decorators import Below, Others

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_RESERVED = frozenset(("name", "next", "input", "index", "cmd"))
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")


@record
class Method:
    """A method under `@step`, as read so far."""

    member: Member
    function: Function
    body: Body
    is_start: bool
    is_end: bool
    found: Found

    @property
    def name(self) -> str:
        """The step's name."""
        return self.member.name

    @property
    def span(self) -> Span:
        """The name in its `def` line."""
        return self.member.owner.module.source.name_span(self.function)

    @property
    def is_join(self) -> bool:
        """Whether it takes `inputs`."""
        return len(self.function.args.posonlyargs) + len(self.function.args.args) > 1


@record
class Ends:
    """The first and the last step, where they are known."""

    start: str | None
    end: str | None


class Steps:
    """The steps of a flow; `vague` are those whose transition could not be read."""

    __slots__ = ("places", "steps", "vague")

    def __init__(self) -> None:
        self.steps: dict[str, Step] = {}
        self.places: dict[str, Span] = {}
        self.vague: set[str] = set()


def step_decorator(member: Member) -> int | None:
    """The position of `@step` above a member; None where it is no step."""
    if not isinstance(member.node, _FUNCTIONS):
        return None
    for at, node in enumerate(member.node.decorator_list):
        if origin_of(member.owner.scope, node).ours == "step":
            return at
    return None


def read_method(member: Member, at: int, declared: DeclaredFlow | None, others: Others, report: Report) -> Method:
    """Check what a step's head says and read its body; `at` is where `@step` stands among its decorators.

    `declared` is what importing the module told, `others` are the flow's decorators that may have changed the step.
    """
    assert isinstance(member.node, _FUNCTIONS)
    function = member.node
    for below in function.decorator_list[at + 1 :]:
        _check_below(member, below, function.decorator_list[at], report)
    found = read_decorators(member.owner.scope, function.decorator_list[:at], "step", report)
    if function.decorator_list[at + 1 :]:
        found = replaced(found, wrapped=True)
    if declared is not None:
        found = _with_declared(member, found, declared, others, report)
    is_start, is_end = _marks(member, function.decorator_list[at], report)
    method = Method(member, function, read_body(function), is_start, is_end, found)
    _check_head(method, report)
    return method


def _check_below(member: Member, below: ast.expr, step: ast.expr, report: Report) -> None:
    """A decorator below `@step` has to leave the function where it is found again; else `@step` marks another one."""
    from compiler.frontend.decorators.author_decorators import below_step  # noqa: PLC0415 - few steps have one there

    scope, source = member.owner.scope, member.owner.module.source
    kept: Below = "hides" if carried(scope, below, LANGUAGE) else below_step(scope, below)
    if kept == "keeps" or (kept == "unclear" and scope.reading.has_imported):
        return
    above = Move(source.span(below), "before", source.span(step))
    more = BY_IMPORT if kept == "unclear" else ""
    report.add(fc2xx.BELOW_STEP, source.span(below), above, decorator=source.segment(below).split("(")[0], more=more)


def _with_declared(member: Member, found: Found, declared: DeclaredFlow, others: Others, report: Report) -> Found:
    """The step's decorators as importing the module has told them."""
    from compiler.frontend.declarations.import_result import merged  # noqa: PLC0415 - few flows are imported
    from compiler.frontend.declarations.module_import import tell  # noqa: PLC0415 - as above

    assert isinstance(member.node, _FUNCTIONS)
    place = member.owner.module.source.name_span(member.node)
    if member.name not in declared.steps:
        name, span = found.others[0] if found.others else (member.name, place)
        report.add(HIDES_STEP, span, name=name)
        return found
    whole = merged(found.decorators, declared.steps[member.name], (*found.others, *others), place)
    tell(member.name, found.decorators, whole, found.unclear, place, report)
    return replaced(found, decorators=whole)


def _marks(member: Member, node: ast.expr, report: Report) -> tuple[bool, bool]:
    """`start=True` and `end=True` of `@step(...)`."""
    marks = {"start": False, "end": False}
    if not isinstance(node, ast.Call):
        return False, False
    source = member.owner.module.source
    for argument in node.args:
        report.add(fc2xx.STEP_OPTION, source.span(argument), found=source.segment(argument))
    for keyword in node.keywords:
        value = evaluate(member.owner.scope, keyword.value)
        if keyword.arg in marks and (value is None or isinstance(value, bool)):
            marks[keyword.arg] = value is True
        elif keyword.arg != "node_info":
            near = clear(keyword.arg, tuple(marks)) if keyword.arg else None
            fix = head_respelt(source, source.span(keyword), keyword.arg or "", near)
            report.add(fc2xx.STEP_OPTION, source.span(keyword), *fix, found=source.segment(keyword))
    return marks["start"], marks["end"]


def _check_head(method: Method, report: Report) -> None:
    name, function = method.name, method.function
    if method.member.block:
        report.add(fc2xx.CONDITIONAL_STEP, method.span, name=name, block=method.member.block)
    if name in _RESERVED:
        report.add(fc2xx.STEP_RESERVED, method.span, name=name)
    elif name.startswith("_"):
        report.add(fc2xx.STEP_NAME, method.span, name=name, reason="it begins with `_`")
    elif not _LETTERS.issuperset(name):
        report.add(fc2xx.STEP_NAME, method.span, name=name, reason=_odd(name))
    if isinstance(function, ast.AsyncFunctionDef):
        report.add(fc2xx.STEP_ASYNC, method.span, *_plain_def(method), name=name)
    arguments = function.args
    count = len(arguments.posonlyargs) + len(arguments.args)
    odd = arguments.vararg or arguments.kwarg or arguments.kwonlyargs or arguments.defaults
    if odd or count not in (1, 2):
        fix = () if odd or count else _with_self(method)
        report.add(fc2xx.STEP_ARGUMENTS, method.span, *fix, name=name, found=_arguments(function))


_AWAITS = (ast.Await, ast.AsyncFor, ast.AsyncWith)


def _plain_def(method: Method) -> Fix:
    """`def` for a coroutine that awaits nothing."""
    function, source = method.function, method.member.owner.module.source
    inner = [*ast.walk(function)]
    if any(isinstance(node, _AWAITS) or (isinstance(node, ast.comprehension) and node.is_async) for node in inner):
        return ()
    span = source.span(function)
    line = source.lines[span.line - 1]
    at = line.find("def", span.col + len("async") - 1)
    if line[span.col - 1 : at].strip() != "async":
        return ()
    return (Replace(Span(span.path, span.line, span.col, span.line, at + 1), ""),)


def _with_self(method: Method) -> Fix:
    """`(self)` for a head without any argument."""
    span, source = method.span, method.member.owner.module.source
    after = Span(span.path, span.end_line, span.end_col, span.end_line, span.end_col)
    return respelt(source.head(after, "()"), "(self)")


def _odd(name: str) -> str:
    letters = dict.fromkeys(letter for letter in name if letter not in _LETTERS)
    shown = ", ".join(f"`{letter}`" for letter in letters)
    return f"it has {shown}"


def _arguments(function: Function) -> str:
    """The names of the arguments as they stand in the head; `=…` where there are defaults."""
    given = function.args
    names = [each.arg for each in (*given.posonlyargs, *given.args)]
    defaults = len(given.defaults)
    names = [name if at < len(names) - defaults else f"{name}=…" for at, name in enumerate(names)]
    names += [f"*{given.vararg.arg}"] if given.vararg else []
    names += [each.arg for each in given.kwonlyargs]
    names += [f"**{given.kwarg.arg}"] if given.kwarg else []
    return f"`{', '.join(names)}`" if names else "nothing"


def read_ends(flow: str, place: Span, methods: Mapping[str, Method], plain: Plain, report: Report) -> Ends:
    """The first and last step by mark or name, as far as there is just one; findings where there is none or a second.

    `plain` are the methods that are no steps: one of them may be what is missing.
    """
    unknown = _unknown_targets(methods)
    if len(methods) == 1 and not plain.goes_on("start"):
        only = next(iter(methods.values()))
        if not only.body.transitions:
            return Ends(only.name, only.name)
    marked = [name for name, method in methods.items() if method.is_start]
    start = _one(flow, "start", marked, methods, report)
    if start is None and "start" in plain.members:
        report_undecorated(flow, plain.members["start"], report)
    elif start is None:
        fix = _respelt_start(methods, unknown)
        report.add(fc2xx.MISSING_START, place, *fix, flow=flow, hint=did_you_mean("start", _loose(methods)))
    marked = [name for name, method in methods.items() if method.is_end]
    end = _one(flow, "end", marked, methods, report)
    # Where a transition goes to a step `end` that is not there, that transition is the mistake.
    if end is None and "end" in plain.members:
        report_undecorated(flow, plain.members["end"], report)
    elif end is None and "end" not in unknown:
        report.add(fc2xx.MISSING_END, place, flow=flow, hint=did_you_mean("end", _loose(methods)))
    return Ends(start, end)


def _respelt_start(methods: Mapping[str, Method], unknown: set[str]) -> Fix:
    """`start` for a step that is nearly called so, and that no code of the class names."""
    near = slip("start", _loose(methods))
    if near is None or unknown:
        return ()
    method = methods[near]
    named = (node for each in methods.values() for node in ast.walk(each.function) if isinstance(node, ast.Attribute))
    if any(node.attr == near for node in named):
        return ()
    return respelt(method.member.owner.module.source.head(method.span, near), "start")


def _loose(methods: Mapping[str, Method]) -> list[str]:
    return [name for name in methods if name not in ("start", "end")]


def _one(flow: str, word: str, marked: list[str], methods: Mapping[str, Method], report: Report) -> str | None:
    if word in methods and word not in marked and marked:
        marked = [*marked, word]
    rule = fc2xx.SECOND_START if word == "start" else fc2xx.SECOND_END
    for name in marked[1:]:
        note = Note(methods[marked[0]].span, "the other one")
        report.add(rule, methods[name].span, note, name=name, flow=flow, other=marked[0])
    if marked:
        return marked[0]
    return word if word in methods else None


def _unknown_targets(methods: Mapping[str, Method]) -> set[str]:
    """The names that some transition goes to and that are no step."""
    return {
        argument.attr
        for method in methods.values()
        for call in method.body.transitions
        for argument in call.args
        if isinstance(argument, ast.Attribute) and argument.attr not in methods
    }


def read_steps(flow: str, methods: Mapping[str, Method], ends: Ends, plain: Plain, report: Report) -> Steps:
    """Every step with its transition and its artifacts; `plain` are the flow's other methods."""
    found = Steps()
    for name, method in methods.items():
        spoken = _transition(flow, method, methods, ends, plain, report)
        if spoken is None:
            found.vague.add(name)
        found.places[name] = method.span
        found.steps[name] = _step(method, spoken or End(method.span), methods, plain.bodies)
    return found


def _transition(
    flow: str, method: Method, methods: Mapping[str, Method], ends: Ends, plain: Plain, report: Report
) -> Spoken | End | None:
    source = method.member.owner.module.source
    calls = method.body.transitions
    if method.name == ends.end:
        if calls:
            report.add(fc2xx.END_WITH_TRANSITION, source.span(calls[0]), name=method.name)
        return End(method.span)
    if not calls and method.is_end:
        return None
    if not calls:
        hint = ", or make it the last step with `@step(end=True)`" if ends.end is None else ""
        if ends.end is not None or len([each for each in methods.values() if not each.body.transitions]) > 1:
            fix = _only_way(method, methods, ends) if ends.end is not None and not report.failed else ()
            report.add(fc2xx.NO_TRANSITION, method.span, *fix, name=method.name, hint=hint)
        return None
    arguments = [*method.function.args.posonlyargs, *method.function.args.args]
    me = arguments[0].arg if arguments else "self"
    place = Place(method.name, flow, method.member.owner.scope, methods, me, plain)
    return read_transition(place, method.function, calls, method.body.returns, report)


def _only_way(method: Method, methods: Mapping[str, Method], ends: Ends) -> Fix:
    """The transition of the one step that has none to the one step that none leads to; not into the body of a foreach."""
    silent = [name for name, each in methods.items() if not each.body.transitions and name != ends.end]
    named = {
        node.attr
        for each in methods.values()
        for call in each.body.transitions
        for argument in call.args
        for node in ast.walk(argument)
        if isinstance(node, ast.Attribute)
    }
    lost = [name for name in methods if name not in named and name != ends.start]
    if silent != [method.name] or len(lost) != 1 or method.body.returns or named - methods.keys():
        return ()
    walked = ast.walk(methods[lost[0]].function)
    if any(isinstance(node, ast.Attribute) and node.attr in ("input", "index") for node in walked):
        return ()
    arguments = [*method.function.args.posonlyargs, *method.function.args.args]
    me = arguments[0].arg if arguments else "self"
    last = method.member.owner.module.source.span(method.function.body[-1])
    return (Insert("after", last, f"{me}.next({me}.{lost[0]})"),)


def _step(method: Method, spoken: Spoken | End, methods: Mapping[str, Method], bodies: Mapping[str, Body]) -> Step:
    source = method.member.owner.module.source
    body = _with_calls(method, bodies)
    return Step(
        name=method.name,
        next=spoken,
        is_join=method.is_join,
        decorators=with_numbers(method.found.decorators),
        reads=_accesses(body.reads, methods, source),
        writes=_accesses(body.writes, methods, source),
        doc=doc_of(method.function),
        span=method.span,
        calls_unknown=body.calls_unknown or method.found.wrapped,
    )


def _with_calls(method: Method, bodies: Mapping[str, Body]) -> Body:
    """The step's body with what the methods that it calls do, at the place of the call."""
    if not any(name in bodies for name in (*method.body.calls, *method.body.reads)):
        return method.body
    whole = Body(method.function)
    whole.reads, whole.writes = dict(method.body.reads), dict(method.body.writes)
    whole.calls_unknown = method.body.calls_unknown
    seen: set[str] = set()
    stack = [
        (name, place) for name, place in (*method.body.calls.items(), *method.body.reads.items()) if name in bodies
    ]
    while stack:
        name, place = stack.pop()
        if name in seen:
            continue
        seen.add(name)
        inner = bodies[name]
        for read in inner.reads:
            whole.reads.setdefault(read, place)
        for written in inner.writes:
            whole.writes.setdefault(written, place)
        whole.calls_unknown = whole.calls_unknown or inner.calls_unknown
        stack.extend((each, place) for each in (*inner.calls, *inner.reads) if each in bodies)
    for name in bodies:
        whole.reads.pop(name, None)
    return whole


def _accesses(found: Mapping[str, ast.expr], methods: Mapping[str, Method], source: Source) -> tuple[Access, ...]:
    own = runtime_names().on_self
    return tuple(
        Access(name, source.span(node))
        for name, node in found.items()
        if name not in own and name not in methods and not name.startswith("__")
    )
