"""`current.graph`: the flow's structure, read from the source of its steps when somebody asks for it."""

from __future__ import annotations

import ast
import os

from flowc.language.decorators import Mark, StepMarks
from flowc.standard_path import standard_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from flowc.source.module import Loaded


def graph_info(loaded: Loaded) -> dict[str, Any]:
    """The flow as the language tells it: file, parameters, constants, decorators, steps, and how these nest."""
    steps = steps_info(loaded)
    start, end = _ends(loaded)
    code = loaded.steps[start].code
    marks: Iterable[Mark] = loaded.flow.__dict__.get("__flowc_flow__", ())
    return {
        "file": os.path.basename(code.co_filename),
        "start_step": start,
        "end_step": end,
        "parameters": [{"name": each.name, "type": type(each).__name__} for each in loaded.parameters],
        "constants": [{"name": name, "type": type(value).__name__} for name, value in loaded.constants.items()],
        "steps": steps,
        "graph_structure": _structure(steps, start, end),
        "doc": loaded.flow.__doc__ or "",
        "decorators": [_decorator(mark) for mark in marks],
        "extensions": {},
    }


def steps_info(loaded: Loaded) -> dict[str, dict[str, Any]]:
    """Each step by its name, in the order of the graph: type, line, document, decorators, what follows it."""
    start, end = _ends(loaded)
    trees = _Trees()
    found = {name: _step(name, marks, trees, start, end) for name, marks in loaded.steps.items()}
    _set_joins(found, start, {name for name, marks in loaded.steps.items() if marks.join})
    order = _order(found, start)
    return {name: found[name] for name in [*order, *(name for name in found if name not in order)]}


def source_of(marks: StepMarks) -> str:
    """The text of a step with its decorators; empty where its file cannot be read."""
    tree = _Trees().function(marks)
    if tree is None:
        return ""
    with open(marks.code.co_filename, encoding="utf-8") as file:
        lines = file.read().splitlines()
    first = min([tree.lineno, *(decorator.lineno for decorator in tree.decorator_list)])
    with standard_path():
        from textwrap import dedent

    return dedent("\n".join(lines[first - 1 : tree.end_lineno]))


class _Trees:
    """The functions of source files by their first lines, each file parsed once."""

    def __init__(self) -> None:
        self._files: dict[str, dict[tuple[str, int], ast.FunctionDef]] = {}

    def function(self, marks: StepMarks) -> ast.FunctionDef | None:
        """The definition of a step; None where its file cannot be read."""
        path, line = marks.code.co_filename, marks.code.co_firstlineno
        if path not in self._files:
            self._files[path] = dict(_functions(path))
        return self._files[path].get((marks.code.co_name, line))


def _functions(path: str) -> Iterable[tuple[tuple[str, int], ast.FunctionDef]]:
    try:
        with open(path, "rb") as file:
            tree = ast.parse(file.read())
    except (OSError, SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            for line in (node.lineno, *(decorator.lineno for decorator in node.decorator_list)):
                yield (node.name, line), node


def _ends(loaded: Loaded) -> tuple[str, str]:
    names = list(loaded.steps)
    start = next((name for name, marks in loaded.steps.items() if marks.start), "start")
    end = next((name for name, marks in loaded.steps.items() if marks.end), "end")
    return (names[0], names[0]) if len(names) == 1 else (start, end)


def _step(name: str, marks: StepMarks, trees: _Trees, start: str, end: str) -> dict[str, Any]:
    tree = trees.function(marks)
    way = _way(tree) if tree is not None else {"next": []}
    kind = way.pop("kind", "linear")
    if kind == "linear":
        kind = "end" if name == end else "start" if name == start else "join" if marks.join else "linear"
    return {
        "name": name,
        "type": kind,
        "line": marks.code.co_firstlineno,
        "source_file": marks.code.co_filename,
        "doc": (ast.get_docstring(tree) or "") if tree is not None else "",
        "decorators": [_decorator(mark) for mark in marks.decorators],
        "node_info": {},
        **way,
    }


def _decorator(mark: Mark) -> dict[str, Any]:
    return {"name": mark.name, "attributes": _plain(mark.attributes), "statically_defined": True, "inserted_by": None}


def _plain(value: Any) -> Any:
    """A value of JSON's kinds; others as text."""
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(inner) for inner in value]
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


def _way(tree: ast.FunctionDef) -> dict[str, Any]:
    """What the step's last `self.next(...)` says."""
    this = tree.args.args[0].arg
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_next(node.func, this)]
    if not calls:
        return {"next": []}
    call = max(calls, key=lambda found: found.lineno)
    said = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    if call.args and isinstance(call.args[0], ast.Dict):
        cases = _cases(call.args[0])
        names = list(dict.fromkeys(cases.values()))
        return {"next": names, "kind": "split-switch", "condition": _said(said.get("condition")), "switch_cases": cases}
    names = [argument.attr for argument in call.args if isinstance(argument, ast.Attribute)]
    if "foreach" in said:
        return {"next": names, "kind": "split-foreach", "foreach_artifact": _said(said["foreach"])}
    if "num_parallel" in said:
        return {"next": names, "kind": "split-parallel", "num_parallel": _said(said["num_parallel"])}
    return {"next": names, **({"kind": "split-static"} if len(names) > 1 else {})}


def _cases(display: ast.Dict) -> dict[str, str]:
    pairs = zip(display.keys, display.values)
    return {str(_said(key)): value.attr for key, value in pairs if isinstance(value, ast.Attribute)}


def _said(node: ast.expr | None) -> Any:
    """A literal's value; of anything else the text."""
    if node is None:
        return None
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ast.unparse(node)


def _is_next(function: ast.expr, this: str) -> bool:
    return (
        isinstance(function, ast.Attribute)
        and function.attr == "next"
        and isinstance(function.value, ast.Name)
        and function.value.id == this
    )


def _order(steps: dict[str, dict[str, Any]], start: str) -> list[str]:
    """The steps as they are met from the first one on, a join after all that leads to it."""
    missing = dict.fromkeys(steps, 0)
    for step in steps.values():
        for follower in step["next"]:
            if follower != step["name"]:
                missing[follower] = missing.get(follower, 0) + 1
    ready, found = [start], {}
    while ready:
        name = ready.pop()
        if name not in steps or name in found:
            continue
        found[name] = True
        for follower in reversed(steps[name]["next"]):
            missing[follower] -= follower != name
            if missing[follower] == 0:
                ready.append(follower)
    return list(found)


def _set_joins(steps: dict[str, dict[str, Any]], start: str, joins: set[str]) -> None:
    """Tell each split, foreach and gang its join: the first one met at its own level."""
    waiting: list[tuple[str, tuple[str, ...]]] = [(start, ())]
    seen: set[str] = set()
    while waiting:
        name, opened = waiting.pop()
        if name in seen or name not in steps:
            continue
        seen.add(name)
        step = steps[name]
        if name in joins and opened:
            steps[opened[-1]]["matching_join"] = name
            opened = opened[:-1]
        if step["type"] in ("split-static", "split-foreach", "split-parallel"):
            opened = (*opened, name)
        waiting += [(follower, opened) for follower in step["next"]]


def _structure(steps: dict[str, dict[str, Any]], start: str, end: str) -> list[Any]:
    """The names in order; after a split or a switch the list of its arms, each such a list up to where they meet."""
    if start == end:
        return [end]
    return [*_block(steps, _meetings(steps, start), start, end), end]


def _block(steps: dict[str, dict[str, Any]], meetings: dict[str, str | None], name: str, stop: str | None) -> list[Any]:
    found: list[Any] = []
    following: str | None = name
    while following != stop and following in steps:
        step = steps[following]
        found.append(following)
        if step["type"].startswith("split"):
            is_switch = step["type"] == "split-switch"
            meeting = meetings.get(following) if is_switch else step.get("matching_join")
            found.append([_block(steps, meetings, arm, meeting) for arm in step["next"] if arm != following])
            following = meeting
        else:
            following = step["next"][0] if step["next"] else None
    return found


def _meetings(steps: dict[str, dict[str, Any]], start: str) -> dict[str, str | None]:
    """For each step the first one that all ways from it lead through; None at the end."""
    order = _order(steps, start)
    place = {name: at for at, name in enumerate(order)}
    found: dict[str, str | None] = {}

    def common(left: str | None, right: str | None) -> str | None:
        while left != right and left is not None and right is not None:
            if place[left] < place[right]:
                left = found[left]
            else:
                right = found[right]
        return left if left == right else None

    for name in reversed(order):
        arms = [arm for arm in steps[name]["next"] if arm != name and arm in place]
        meeting: str | None = arms[0] if arms else None
        for arm in arms[1:]:
            meeting = common(meeting, arm)
        found[name] = meeting
    return found
