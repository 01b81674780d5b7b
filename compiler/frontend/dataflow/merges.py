"""What a join asks of its inputs that they cannot have, and what `merge_artifacts` is bound to stumble over."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import TypeGuard

from compiler.diagnostics import Report
from compiler.frontend.dataflow.reaching_definitions import Reaching, State, bits
from compiler.frontend.dataflow.unset_reads import Surroundings, is_merge
from compiler.frontend.findings import fc4xx
from compiler.frontend.findings.suggest import did_you_mean, slip
from compiler.frontend.steps.methods import Method
from compiler.frontend.text.modules import Function
from compiler.frontend.text.respelling import tail_respelt
from compiler.ir.flow import Split
from compiler.slotted_class import fresh, mutable


def check_joins(around: Surroundings, found: Reaching, report: Report) -> None:
    """Report artifacts that no branch of a join can have, inputs that are no branch, and merges of what differs."""
    for join, split in found.joined.items():
        states = [found.after[name] for name in found.earlier[join]]
        method = around.methods[join]
        _check_inputs(around, found, method, split, found.earlier[join], report)
        merging = around.merges.get(join)
        if merging and not merging.vague and not any(state.vague for state in states):
            _check_merge(around, found, method, split, report)


def _check_inputs(
    around: Surroundings, found: Reaching, method: Method, split: str, ends: Sequence[str], report: Report
) -> None:
    """`inputs.<branch>.<artifact>`, `inputs[0].<artifact>`."""
    source, transition = method.member.owner.module.source, around.flow.steps[split].next
    firsts = transition.targets if isinstance(transition, Split) else ()
    for branch, read in _input_reads(method):
        if branch is not None and branch.attr not in (*firsts, *ends) and isinstance(transition, Split):
            there = ", ".join(f"`{name}`" for name in firsts)
            hint = did_you_mean(branch.attr, firsts)
            span = source.span(branch)
            fix = tail_respelt(source, span, branch.attr, slip(branch.attr, firsts))
            facts = {"name": branch.attr, "join": method.name, "there": there, "hint": hint}
            report.add(fc4xx.NO_SUCH_INPUT, span, *fix, **facts)
            continue
        chosen = [branch.attr] if branch is not None and branch.attr in ends else list(ends)
        states = [found.after[name] for name in chosen]
        name = read.attr
        if name in around.fixed or name in _OF_INPUT or any(found.may(state, name) for state in states):
            continue
        fix = tail_respelt(source, source.span(read), name, slip(name, found.every))
        hint = did_you_mean(name, found.every)
        where = f" in the branch `{chosen[0]}`" if len(chosen) < len(ends) else ""
        report.add(fc4xx.INPUT_NEVER_SET, source.span(read), *fix, name=name, join=method.name, where=where, hint=hint)


_OF_INPUT = frozenset(("input", "index", "foreach_stack"))


def _input_reads(method: Method) -> Iterator[tuple[ast.Attribute | None, ast.Attribute]]:
    """The plain reads of an artifact of an input: the branch where it is named, and the read."""
    arguments = [*method.function.args.posonlyargs, *method.function.args.args]
    inputs = arguments[1].arg
    for node in ast.walk(method.function):
        if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Load) or node.attr.startswith("__"):
            continue
        inner = node.value
        if isinstance(inner, ast.Attribute) and _named(inner.value, inputs):
            yield inner, node
        elif (
            isinstance(inner, ast.Subscript) and _named(inner.value, inputs) and not isinstance(inner.slice, ast.Slice)
        ):
            yield None, node


def _named(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _check_merge(around: Surroundings, found: Reaching, method: Method, split: str, report: Report) -> None:
    """Names of which `merge_artifacts` meets several values, as far as the text is sure of it."""
    merging = around.merges[method.name]
    if any(isinstance(node, ast.Try) for node in ast.walk(method.function)):
        return  # it may well expect that
    own = around.sets(method)
    branches = _branches(around, found, method.name, split)
    for name in _differing(around, found, branches):
        taken = name not in merging.exclude if merging.include is None else name in merging.include
        if not taken or name in own:
            continue
        call = next(node for node in ast.walk(method.function) if is_merge(node))
        makers = dict.fromkeys(step for state in chain(*branches) for step in found.makers(state, name))
        notes = [around.set_here(step, name) for step in makers]
        span = method.member.owner.module.source.span(call)
        report.add(fc4xx.MERGE_CONFLICT, span, *notes[:_SHOWN], name=name, join=method.name)


_SHOWN = 2


def _branches(around: Surroundings, found: Reaching, join: str, split: str) -> Sequence[Sequence[State]]:
    """The branches of a static split, each with the states of its ends, of which a run comes by one (they lie behind a switch).

    None for a foreach: it may have one item, or items that give the same.
    """
    if not isinstance(around.flow.steps[split].next, Split):
        return ()
    branches: dict[str, list[State]] = {}
    for end in found.earlier[join]:
        branches.setdefault(_first(found, split, end), []).append(found.after[end])
    return tuple(branches.values())


def _first(found: Reaching, split: str, end: str) -> str:
    """The first step of the branch that ends there."""
    seen, stack = {end}, [end]
    while stack:
        step = stack.pop()
        if split in found.earlier[step]:
            return step
        stack += [each for each in found.earlier[step] if each not in seen]
        seen.update(stack)
    return end


def _differing(around: Surroundings, found: Reaching, branches: Sequence[Sequence[State]]) -> Iterator[str]:
    """The names whose values surely differ between branches, each once."""
    states = [*chain(*branches)]
    differ = 0
    for state in states[1:]:
        differ |= state.may ^ states[0].may
    names = dict.fromkeys(found.made[at][1] for at in bits(differ))
    values = _Values(around)
    yield from (name for name in names if _differs(values, found, branches, name))


def _differs(values: _Values, found: Reaching, branches: Sequence[Sequence[State]], name: str) -> bool:
    """Whether two branches have the name by one assignment each, of another text."""
    found_values: dict[str, ast.expr] = {}
    for branch in branches:
        makers = dict.fromkeys(step for state in branch for step in found.makers(state, name))
        value = values.of(next(iter(makers)), name) if len(makers) == 1 else None
        if makers and value is None:
            return False
        if value is not None:
            found_values[next(iter(makers))] = value
    return values.differ(found_values) and all(values.is_set_once(step, name) for step in found_values)


@mutable
class _Values:
    """What the steps of a flow set their artifacts to; each method is looked through once for all names."""

    around: Surroundings
    _statements: dict[str, dict[str, list[_Assignment]]] = fresh(default_factory=dict)
    _counts: dict[str, Counter[str]] = fresh(default_factory=dict)

    def of(self, step: str, name: str) -> ast.expr | None:
        """What a step sets the artifact to by its one statement that is no part of another and does."""
        method = self.around.methods[step]
        if name not in method.body.assigned:
            return None
        if step not in self._statements:
            self._statements[step] = _by_name(method.function)
        statements = self._statements[step].get(name, [])
        if len(statements) != 1 or isinstance(statements[0], ast.AugAssign):
            return None
        return statements[0].value

    def differ(self, values: Mapping[str, ast.expr]) -> bool:
        """Whether the values that steps give are not one: what is written alike is, and what differs in blanks or quotes."""
        methods = self.around.methods
        written = {methods[step].member.owner.module.source.segment(value) for step, value in values.items()}
        return len(written) > 1 and len({ast.dump(value) for value in values.values()}) > 1

    def is_set_once(self, step: str, name: str) -> bool:
        """Whether one place of a step's method alone sets an attribute of that name."""
        if step not in self._counts:
            function = self.around.methods[step].function
            self._counts[step] = Counter(each.attr for each in ast.walk(function) if _sets(each))
        return self._counts[step][name] == 1


_Assignment = ast.Assign | ast.AnnAssign | ast.AugAssign


def _by_name(function: Function) -> dict[str, list[_Assignment]]:
    """The statements of a method, those in others left out, by the attributes that they set."""
    found: dict[str, list[_Assignment]] = {}
    for statement in function.body:
        if isinstance(statement, _Assignment):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            for name in dict.fromkeys(each.attr for each in targets if _sets(each)):
                found.setdefault(name, []).append(statement)
    return found


def _sets(node: ast.AST) -> TypeGuard[ast.Attribute]:
    return isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
