"""The script: a function for each container, and one for each level of index paths."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from compiler.backends import Options
from compiler.backends.command import (
    argv,
    environment,
    flow_image,
    hook_argv,
    hook_task,
    inert_text,
    own_image,
    step_environment,
)
from compiler.backends.secrets import secret_environment
from compiler.ir.plan import Edge, FanOut, Plan, Scope, Task, entry

RUN, INDEX, RETRY, PARAMETERS = '"$run"', '"$1"', '"$2"', '"$parameters"'
_OURS = {RUN, INDEX, RETRY, PARAMETERS}
"""The words of a command that the shell expands; every other is quoted."""

_MISTAKE, _RAISED, _BUG = "2", "1", "70"
"""Exit codes: after a mistake in the call none tries again; what the step raised is final where only the system's faults are not; a step
that does not report what it should is a fault of ours."""

HEAD = """#!/bin/sh
# Compiled from {flow} by flowc: change the flow and compile it again.
# sh {name} RUN [PARAMETERS]: RUN names a run that is new, PARAMETERS is a JSON object.
set -eu
run=shell-${{1:?the name of a new run}}
parameters=${{2:-"{{}}"}}
told=$(mktemp -d)
trap 'rm -rf "$told"' EXIT
"""

FUNCTIONS = """
# start IMAGE CPU MEMORY GPU DISK COMMAND...: one container, which is a process here, or what the program FLOWC_START makes of it.
start() {
    if [ -n "${FLOWC_START:-}" ]; then "$FLOWC_START" "$@"; else shift 5; "$@"; fi
}

# tries MOST PAUSE FINAL STEP INDEX: a container until it ends well, MOST times, and not again after an exit code among FINAL.
tries() {
    most=$1 pause=$2 final=$3 retry=0
    while ! attempt "$4" "$5" "$retry"; do
        retry=$((retry + 1))
        if is "$code" $final || [ "$retry" -ge "$most" ]; then exit "$code"; fi
        sleep "$pause"
    done
}

attempt() {
    rm -f "$told/fan" "$told/case"
    code=0
    FLOWC_REPORT=dir:$told "$@" || code=$?
    return "$code"
}

# is WORD WORDS...: whether the first is among the others.
is() {
    word=$1
    shift
    for other; do if [ "$word" = "$other" ]; then return 0; fi; done
    return 1
}

members() {
    member=0
    while [ "$member" -lt "$1" ]; do echo "$member"; member=$((member + 1)); done
}
"""


def script(plan: Plan, options: Options, name: str) -> str:
    """The whole file, which is called `name`."""
    flow = inert_text(f"{plan.flow.path}:{plan.flow.name}")
    shared = environment(plan, options, "")
    exported = [f"export {name}={quote(value)}\n" for name, value in shared.items() if name != "FLOWC_REPORT"]
    names = _names(plan)
    lines = [HEAD.format(flow=flow, name=name), *exported, FUNCTIONS]
    lines += [line for task in plan.root.containers() for line in _step(task, names, options)]
    lines += _scope(plan.root, "main", "-", names)
    lines += _hooks(plan, options)
    return "".join(lines)


def _names(plan: Plan) -> dict[str, str]:
    """By the first step of each container what its function is called: its step, where a shell can."""
    tasks = enumerate(plan.root.containers())
    return {task.step: task.step if task.step.isascii() else str(number) for number, task in tasks}


def _step(task: Task, names: dict[str, str], options: Options) -> Iterator[str]:
    """The function of a container: $1 is the index path, $2 how many attempts there were."""
    words = argv(task, run=RUN, index=INDEX, retry=RETRY, owner=RUN, parameters=PARAMETERS)
    yield f"\nstep_{names[task.step]}() {{\n    {_started(task, words, options)}\n}}\n"


def _started(task: Task, words: tuple[str, ...], options: Options) -> str:
    """One container as a command: its image and sizes, its variables, its time, its words."""
    asked = task.resources
    sizes = [asked.cpu, asked.memory, asked.gpu, asked.disk]
    place = [own_image(task, options) or flow_image(options), *("" if size is None else f"{size:g}" for size in sizes)]
    variables = {**secret_environment(task, "aws-secrets-manager"), **step_environment(task)}
    python = str(options.target.get("python") or "python")
    before = ["env", *(f"{name}={value}" for name, value in variables.items())] if variables else []
    limit = ["timeout", f"{task.deadline}"] if task.deadline is not None else []
    command = [*before, *limit, python, *words[1:]]
    return " ".join(["start", *map(quote, place), *(word if word in _OURS else quote(word) for word in command)])


def _scope(scope: Scope, name: str, index: str, names: dict[str, str]) -> Iterator[str]:
    """The function of a level, after those of the levels in it. $1 is its index path."""
    lines: list[str] = []
    for node in scope.flat:
        if isinstance(node, FanOut):
            yield from _scope(node.body, names[node.split.step], '"$1"', names)
        lines += _node(node, index, names)
    cases = [f"case_{names[task.step]}=" for task in map(entry, scope.flat) if task.reports == "case"]
    body = "".join(f"    {line}\n" for line in (*cases, *lines))
    yield f"\nscope_{name}() {{\n{body}}}\n"


def _node(node: Task | FanOut, index: str, names: dict[str, str]) -> list[str]:
    """The lines of a node: its container, what it reported, the body that it opens."""
    task = entry(node)
    name = names[task.step]
    final = f"{_MISTAKE} {_RAISED}" if task.retry and task.retry.only_system and not task.catch else _MISTAKE
    pause = f"{task.retry.pause:g}" if task.retry else "0"
    lines = [f"tries {task.attempts} {pause} {quote(final)} step_{name} {index}"]
    if task.reports == "case":
        lines.append(f'case_{name}=$(cat "$told/case") || exit {_BUG}')
    if isinstance(node, FanOut):
        lines += _body(node, index, name)
    if not task.ways:
        return lines
    return [f"if {_taken(task.ways, names)}; then", *(f"    {line}" for line in lines), "fi"]


def _body(fan: FanOut, index: str, name: str) -> list[str]:
    """The body once a member, or all members at once where they are the nodes of a gang."""
    member = f"member_{name}"
    inner = f'"${member}"' if index == "-" else f'"$1.${member}"'
    head = [f'fan=$(cat "$told/fan") || exit {_BUG}', f'for {member} in $(members "$fan"); do']
    if fan.kind == "foreach":
        return [*head, f"    scope_{name} {inner}", "done"]
    node = f'    (told=$(mktemp -d "$told/XXXXXX") && scope_{name} {inner}) & nodes="$nodes $!"'
    return ["nodes=", *head, node, "done", 'for node in $nodes; do wait "$node" || exit; done']


def _taken(ways: tuple[Edge, ...], names: dict[str, str]) -> str:
    """Whether a switch took one of the cases that lead here."""
    return " || ".join(f'is "$case_{names[edge.node]}" {" ".join(map(str, edge.cases))}' for edge in ways)


def _hooks(plan: Plan, options: Options) -> Iterator[str]:
    """The end: the run, and each function that is called for how it ended, whatever that one does."""
    if not plan.hooks:
        yield "\nscope_main -\n"
        return
    yield "\nended=0\n(scope_main -) || ended=$?\n"
    for hook in plan.hooks:
        call = _started(hook_task(hook), hook_argv(hook, run=RUN), options)
        yield f'if [ "$ended" {"-eq" if hook.on == "success" else "-ne"} 0 ]; then {call} || true; fi\n'
    yield 'exit "$ended"\n'
