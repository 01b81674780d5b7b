"""`self.next(...)`: where it may stand, and what it says."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from compiler.diagnostics import Fix, Insert, Move, Note, Replace, Report
from compiler.frontend.findings import fc2xx
from compiler.frontend.findings.suggest import clear, did_you_mean, nearest, slip
from compiler.frontend.text.modules import Function
from compiler.frontend.text.respelling import head_respelt, is_name, tail_respelt
from compiler.frontend.values.evaluator import evaluate
from compiler.frontend.values.scope import Scope
from compiler.ir.flow import Case, Dynamic, Foreach, Gang, Goto, Span, Split, Switch
from compiler.slotted_class import record, replaced

Spoken = Goto | Split | Foreach | Switch | Gang
"""A transition that the author wrote."""


@record
class Place:
    """A step's method: its name, the flow's, the scope it stands in, the steps that it may go to, its word for `self`."""

    step: str
    flow: str
    scope: Scope
    steps: Collection[str]
    me: str = "self"

    def span(self, node: ast.expr | ast.stmt | ast.keyword) -> Span:
        """Where a node of the method stands."""
        return self.scope.module.source.span(node)

    def text(self, node: ast.expr | ast.keyword) -> str:
        """A node's source on one line."""
        return self.scope.module.source.segment(node)


def last_call(function: Function) -> ast.Call | None:
    """The `self.next(...)` that ends the method, a bare `return` behind it or not."""
    body = function.body
    if len(body) > 1 and _is_return(body[-1]):
        body = body[:-1]
    last = body[-1]
    return last.value if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call) else None


def _is_return(node: ast.stmt | None) -> bool:
    if not isinstance(node, ast.Return):
        return False
    return node.value is None or (isinstance(node.value, ast.Constant) and node.value.value is None)


def read_transition(
    place: Place, function: Function, calls: list[ast.Call], returns: bool, report: Report
) -> Spoken | None:
    """The step's one transition; findings for calls that stand or say something else. `calls` are in source order.

    `returns` says whether there is any `return` in the method.
    """
    last = last_call(function)
    if len(calls) == 1 and calls[0] is last and not returns:
        return _spoken(place, calls[0], report)
    final = last if any(call is last for call in calls) else None
    misplaced = _misplaced(place, function, calls, final, report)
    if final is None and not misplaced:
        fix = _moved(place, function, calls) if not returns else ()
        report.add(fc2xx.NEXT_NOT_LAST, place.span(calls[-1]), *fix, name=place.step)
    chosen = final or calls[-1]
    meaning = _spoken(place, chosen, report)
    if not misplaced and final is not None:
        _check_same(place, calls, chosen, meaning, report)
    return meaning


def _moved(place: Place, function: Function, calls: list[ast.Call]) -> Fix:
    """The one transition goes behind the statements of its own block that follow it: they run in the same order."""
    own = any(isinstance(each, ast.Expr) and each.value is calls[0] for each in function.body)
    return (Move(place.span(calls[0]), "after", place.span(function.body[-1])),) if own and len(calls) == 1 else ()


def _check_same(place: Place, calls: list[ast.Call], chosen: ast.Call, meaning: Spoken | None, report: Report) -> None:
    for call in calls:
        if call is chosen or meaning is None:
            continue
        other = _spoken(place, call, report)
        if other is not None and replaced(other, span=meaning.span) != meaning:
            report.add(fc2xx.NEXT_DIFFERS, place.span(call), Note(meaning.span, "the other one"), name=place.step)


@record
class _Stand:
    """A `self.next(...)` that is a statement: the block statement around it that forbids it, and what follows."""

    block: str | None
    returns: bool
    last: bool
    """Whether it is the last statement of its block."""


def _misplaced(place: Place, function: Function, calls: list[ast.Call], final: ast.Call | None, report: Report) -> bool:
    """Report each call that may not stand where it does."""
    bare: list[ast.Return] = []
    stands = dict(_stands(function, {id(call) for call in calls}, bare))
    found = False
    for leaving in bare:
        fix = _said_before(place, leaving, final) if len(calls) == 1 else ()
        report.add(fc2xx.RETURN_WITHOUT_NEXT, place.span(leaving), *fix, name=place.step)
    for call in calls:
        stand = stands.get(id(call))
        if stand is None:
            report.add(fc2xx.NEXT_NOT_PLAIN, place.span(call), *_plain(place, function, call))
        elif stand.block:
            report.add(fc2xx.NEXT_IN_BLOCK, place.span(call), block=stand.block)
        elif final is not None and call is not final and not stand.returns:
            fix = (Insert("after", place.span(call), "return"),) if stand.last else ()
            report.add(fc2xx.NEXT_WITHOUT_RETURN, place.span(call), *fix)
        else:
            continue
        found = True
    return found


def _said_before(place: Place, leaving: ast.Return, final: ast.Call | None) -> Fix:
    """The step's one transition is said before an early end, too. What it names must not be set only later: no artifact is."""
    if final is None or not _is_return(leaving) or final.keywords or final.lineno != final.end_lineno:
        return ()
    return (Insert("before", place.span(leaving), place.text(final)),)


def _plain(place: Place, function: Function, call: ast.Call) -> Fix:
    """`return self.next(...)` as a statement of its own, and `return` behind it where more follows."""
    for node in ast.walk(function):
        if not isinstance(node, ast.Return) or node.value is not call:
            continue
        whole, inner = place.span(node), place.span(call)
        if whole.line != inner.line or (whole.end_line, whole.end_col) != (inner.end_line, inner.end_col):
            return ()
        between = Span(whole.path, whole.line, whole.col, inner.line, inner.col)
        alone: Fix = (Replace(between, ""),)
        return alone if function.body[-1] is node else (*alone, Insert("after", whole, "return"))
    return ()


_FORBIDDEN = {
    ast.With: "with",
    ast.AsyncWith: "with",
    ast.Try: "try",
    ast.TryStar: "try",
    ast.FunctionDef: "def",
    ast.AsyncFunctionDef: "def",
    ast.ClassDef: "class",
}


def _stands(function: Function, wanted: set[int], bare: list[ast.Return]) -> Iterator[tuple[int, _Stand]]:
    """Where each of the wanted calls stands; every `return` of the step that does not follow one is put into `bare`."""
    blocks: list[tuple[list[ast.stmt], str | None]] = [(function.body, None)]
    while blocks:
        body, block = blocks.pop()
        for at, statement in enumerate(body):
            if isinstance(statement, ast.Expr):
                if id(statement.value) in wanted:
                    following = body[at + 1] if at + 1 < len(body) else None
                    yield id(statement.value), _Stand(block, _is_return(following), following is None)
                continue
            if isinstance(statement, ast.Return) and block not in _OTHERS and not _follows(body, at, wanted):
                bare.append(statement)
            word = block if block in _OTHERS else _FORBIDDEN.get(type(statement)) or block
            blocks.extend((inner, word) for inner in _blocks(statement))


_OTHERS = ("def", "class")


def _follows(body: list[ast.stmt], at: int, wanted: set[int]) -> bool:
    before = body[at - 1] if at else None
    said = id(getattr(body[at], "value", None)) in wanted  # `return self.next(...)` is another mistake
    return said or (isinstance(before, ast.Expr) and id(before.value) in wanted)


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        inner = getattr(statement, name, None)
        if inner:
            yield inner
    for name in ("handlers", "cases"):
        for part in getattr(statement, name, ()):
            yield part.body


_OPTIONS = ("foreach", "num_parallel", "condition")


def _spoken(place: Place, call: ast.Call, report: Report) -> Spoken | None:
    """What one call says; None where that cannot be told, with a finding."""
    options = _options(place, call, report)
    if options is None:
        return None
    stars = [argument for argument in call.args if isinstance(argument, ast.Starred)]
    for star in stars:
        report.add(fc2xx.NEXT_STAR, place.span(star), *_written_out(place, star), text=place.text(star))
    if stars:
        return None
    if len(call.args) == 1 and isinstance(call.args[0], ast.Dict):
        return _switch(place, call, call.args[0], options, report)
    if "condition" in options:
        report.add(fc2xx.CONDITION_WITHOUT_SWITCH, place.span(options["condition"]))
        return None
    if not call.args:
        report.add(fc2xx.NEXT_WITHOUT_TARGET, place.span(call))
        return None
    targets = [_target(place, argument, report) for argument in call.args]
    return _to_targets(place, call, targets, options, report)


def _written_out(place: Place, star: ast.Starred) -> Fix:
    """The elements of a list that is written there."""
    span, values = place.span(star), star.value
    if not isinstance(values, ast.List | ast.Tuple) or not values.elts or span.line != span.end_line:
        return ()
    if any(isinstance(each, ast.Starred) for each in values.elts):
        return ()
    return (Replace(span, ", ".join(place.text(each) for each in values.elts)),)


def _to_targets(
    place: Place,
    call: ast.Call,
    targets: list[str | None],
    options: dict[str, ast.keyword],
    report: Report,
) -> Spoken | None:
    span = place.span(call)
    if options and len(targets) > 1:
        kind = "foreach" if "foreach" in options else "gang"
        report.add(fc2xx.FOREACH_TARGETS, span, kind=kind, count=len(targets))
        return None
    known = [target for target in targets if target is not None]
    if len(known) < len(targets):
        if "foreach" in options:
            _artifact(place, options["foreach"], report)
        return None
    if "foreach" in options:
        items = _artifact(place, options["foreach"], report)
        # Without its artifact the foreach still has its place in the graph.
        return Foreach(known[0], items or "?", span)
    if "num_parallel" in options:
        return Gang(known[0], _width(place, options["num_parallel"], report), span)
    if len(known) == 1:
        return Goto(known[0], span)
    return _split(place, call, known, report)


def _split(place: Place, call: ast.Call, known: list[str], report: Report) -> Split | None:
    seen: set[str] = set()
    for target, argument in zip(known, call.args, strict=True):
        if target in seen:
            report.add(fc2xx.SAME_TARGET, place.span(argument), name=target)
            return None
        seen.add(target)
    return Split(tuple(known), place.span(call))


def _options(place: Place, call: ast.Call, report: Report) -> dict[str, ast.keyword] | None:
    found: dict[str, ast.keyword] = {}
    broken = False
    for keyword in call.keywords:
        if keyword.arg is None:
            report.add(fc2xx.NEXT_STAR, place.span(keyword), text=place.text(keyword))
            broken = True
        elif keyword.arg not in _OPTIONS:
            hint = did_you_mean(keyword.arg, _OPTIONS)
            near = clear(keyword.arg, _OPTIONS)
            source, span = place.scope.module.source, place.span(keyword)
            fix = head_respelt(source, span, keyword.arg, near) if near not in found else ()
            report.add(fc2xx.NEXT_OPTION, span, *fix, name=keyword.arg, hint=hint)
            broken = True
        else:
            found[keyword.arg] = keyword
    names = list(found)
    if len(names) > 1:
        report.add(fc2xx.NEXT_OPTIONS, place.span(found[names[1]]), first=names[0], second=names[1])
        broken = True
    return None if broken else found


def _target(place: Place, node: ast.expr, report: Report) -> str | None:
    """The step that an argument names; a near miss counts as what it is near to, so that only it is reported."""
    if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == place.me):
        meant = _meant(place, node)
        fix: Fix = (Replace(place.span(node), f"{place.me}.{meant}"),) if meant else ()
        report.add(fc2xx.TARGET_NOT_STEP, place.span(node), *fix, text=place.text(node))
        return None
    if node.attr in place.steps:
        return node.attr
    near = nearest(node.attr, place.steps)
    cure = f"did you mean `self.{near}`?" if near else f"add a step `{node.attr}`, or go to another step"
    fix = tail_respelt(place.scope.module.source, place.span(node), node.attr, slip(node.attr, place.steps))
    report.add(fc2xx.UNKNOWN_TARGET, place.span(node), *fix, flow=place.flow, name=node.attr, hint=cure)
    return near


def _meant(place: Place, node: ast.expr) -> str | None:
    """The step that a text, a plain name or `Flow.step` can only mean."""
    name = ""
    match node:
        case ast.Constant(value=str(text)):
            name = text
        case ast.Name(id=plain) if plain not in place.scope.module.names:
            name = plain
        case ast.Attribute(value=ast.Name(id=owner), attr=member) if owner == place.flow:
            name = member
    return name if name in place.steps else None


def _artifact(place: Place, keyword: ast.keyword, report: Report) -> str | None:
    value = evaluate(place.scope, keyword.value)
    if isinstance(value, str) and value.isidentifier():
        return value
    text = place.text(keyword.value)
    name = keyword.value.attr if isinstance(keyword.value, ast.Attribute) else ""
    own = isinstance(keyword.value, ast.Attribute) and is_name(keyword.value.value, place.me)
    fix: Fix = (Replace(place.span(keyword.value), f'"{name}"'),) if own else ()
    report.add(fc2xx.FOREACH_NAME, place.span(keyword.value), *fix, option=keyword.arg, text=text)
    return None


def _width(place: Place, keyword: ast.keyword, report: Report) -> int | Dynamic:
    value = evaluate(place.scope, keyword.value)
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 1:
            report.add(fc2xx.GANG_WIDTH, place.span(keyword.value), found=value)
        return value
    if isinstance(value, Dynamic):
        return value
    report.add(fc2xx.GANG_WIDTH, place.span(keyword.value), found=place.text(keyword.value))
    return Dynamic(place.text(keyword.value), place.span(keyword.value))


def _switch(
    place: Place, call: ast.Call, cases: ast.Dict, options: dict[str, ast.keyword], report: Report
) -> Switch | None:
    condition: str | None = None
    if "condition" in options:
        condition = _artifact(place, options["condition"], report)
    else:
        report.add(fc2xx.SWITCH_WITHOUT_CONDITION, place.span(call))
    found = _cases(place, cases, report)
    if found is None or "condition" not in options:
        return None
    if len(found) < _FEWEST_CASES:
        count = "one case" if found else "no case"
        report.add(fc2xx.SWITCH_ONE_CASE, place.span(cases), count=count)
        return None
    return Switch(condition or "?", tuple(found), place.span(call))


_FEWEST_CASES = 2


def _cases(place: Place, cases: ast.Dict, report: Report) -> list[Case] | None:
    found: list[Case] = []
    seen: set[object] = set()
    broken = False
    for key, value in zip(cases.keys, cases.values, strict=True):
        if key is None:
            report.add(fc2xx.NEXT_STAR, place.span(value), text=f"**{place.text(value)}")
            broken = True
            continue
        target = _target(place, value, report)
        case = _case(place, key, seen, target, report)
        if case is None:
            broken = True
        else:
            found.append(case)
    return None if broken else found


def _case(place: Place, key: ast.expr, seen: set[object], target: str | None, report: Report) -> Case | None:
    value = evaluate(place.scope, key, me=place.me)
    if isinstance(value, float | tuple | dict | Dynamic) or not (value is None or isinstance(value, str | int)):
        report.add(fc2xx.SWITCH_KEY, place.span(key), text=place.text(key))
        return None
    if value in seen:
        report.add(fc2xx.SWITCH_SAME_KEY, place.span(key), text=place.text(key))
        return None
    seen.add(value)
    return Case(value, target) if target is not None else None
