"""What an emitted DAG file says of its own tasks: which step each is, and which lists of index paths its groups are mapped over.

The inverse of `compiler.backends.airflow.steps` and `segments`. A task id is the step's name, below `foreach-<split>[-<n>].` where it is
in a foreach; only where a name was too long for Airflow does the file itself have to tell, and it does by the words of the step's call.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Mapping

from compiler.backends.operating import Sharing, step_of
from compiler.slotted_class import fresh, record

HEADLINE = re.compile(r'"""The flow .*, written by flowc: change the flow, not this file\."""')
"""The first line of every DAG file that we have written: our mark in the folder."""
TAG = "flowc"
"""Our mark in Airflow."""
_GROUP = re.compile(r"foreach-(?P<split>[^\W\d]\w*)(?:-[0-9]+)?\Z")
_LIST = re.compile(r"index_path\(ti, '([^']+)'\)")
_STEP = re.compile(r"[^\W\d]\w*\Z")


@record
class Layout:
    """The tasks of a DAG file: `steps` by task id within a group, `lists` by group; `gangs` are the steps whose tasks meet each other.

    `shared` says by task id what those do that do several tasks; their step is the first.
    """

    steps: Mapping[str, str]
    lists: Mapping[str, str]
    gangs: frozenset[str]
    shared: Mapping[str, Sharing] = fresh(default_factory=dict)

    def step(self, task: str) -> str:
        """The step of a task id, empty for what is no step."""
        name = task.rpartition(".")[2]
        if name.startswith("_"):
            return ""
        return self.steps.get(name, name)

    def shares(self, task: str) -> Sharing | None:
        """What the task of this id does beside its step; None for one of a step alone."""
        return self.shared.get(task.rpartition(".")[2])

    def all_steps(self, task: str) -> tuple[str, ...]:
        """Each step that the task of this id does; none for what is no step."""
        shares, step = self.shares(task), self.step(task)
        return shares.steps if shares else (step,) if step else ()

    def indices(self, task: str) -> str:
        """The task that has listed the index paths of the group that a task is in; empty where it is in none."""
        group = task.rpartition(".")[0]
        found = _GROUP.match(group)
        return self.lists.get(group) or (f"_each_{found['split']}" if found else "")


PLAIN = Layout({}, {}, frozenset())
"""The layout of a file in which no name was shortened."""


def is_plain(task: str) -> bool:
    """Whether a task id says its step and its group by itself."""
    group, _, name = task.rpartition(".")
    return bool(_STEP.match(name)) and (not group or bool(_GROUP.match(group)))


def layout(source: str) -> Layout:
    """What a DAG file of ours says; one that is none says nothing."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return PLAIN
    steps: dict[str, str] = {}
    gangs: set[str] = set()
    shared: dict[str, Sharing] = {}
    lists: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (task := _text(_keyword(node, "task_id"))):
            words = _words(node)
            if words:
                step, shares = step_of(words[0])
                steps[task] = step
                shared |= {task: shares} if shares else {}
                gangs |= {step} if any(word.startswith("gang:") for word in words) else set()
        elif isinstance(node, ast.FunctionDef) and (group := _group(node)):
            lists[group] = _list(node)
    return Layout(steps, lists, frozenset(gangs), shared)


def _words(call: ast.Call) -> list[str]:
    """The words of a step's call behind `python -m flowc step`: the step, and what it loads."""
    arguments = _keyword(call, "arguments")
    if isinstance(arguments, ast.List):
        return [text for each in arguments.elts if (text := _text(each))]
    command = _text(_keyword(call, "bash_command"))
    try:
        words = shlex.split(command)
    except ValueError:
        return []
    return words[words.index("step") + 1 :] if "step" in words[:6] else []


def _group(function: ast.FunctionDef) -> str:
    for each in function.decorator_list:
        if isinstance(each, ast.Call) and (group := _text(_keyword(each, "group_id"))):
            return group
    return ""


def _list(function: ast.FunctionDef) -> str:
    """The list in the first statement of a group: `index = "{{ index_path(ti, '<task id>') }}"`."""
    first = function.body[0] if function.body else None
    found = _LIST.search(_text(first.value)) if isinstance(first, ast.Assign) else None
    return found[1] if found else ""


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((each.value for each in call.keywords if each.arg == name), None)


def _text(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
