"""The pages as text: templates, and what they are filled with. All text of authors is escaped by the templates."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from compiler.call.history import RunState, TaskState
from compiler.slotted_class import record
from compiler.terminal.times import ago, local_moment, size, took
from compiler.ui import comparing
from compiler.ui.drawing import Box, phase_of_all, picture
from compiler.ui.library import OVER, TASKS, FlowLine, LiveCard, RunPart, StepPart, counted, line_of, phase_of, sharing
from compiler.ui.timeline import timeline

_FOLDER = Path(__file__).parent
STATIC = _FOLDER / "static"
FEW = 40
"""So many tasks of a step stand on the page of their run."""
PHASES = ("succeeded", "failed", "running", "queued", "terminated", "unknown")


@record
class Links:
    """Where pages lie: on a server, or as files beside each other. `home` is what stands before each address."""

    home: str = "/"
    is_static: bool = False

    def flow(self, flow: str) -> str:
        """The runs of a flow."""
        return self._page("flow", flow)

    def run(self, flow: str, run: str) -> str:
        """A run."""
        return f"{self.home}index.html" if self.is_static else self._page("flow", flow, "run", run)

    def step(self, flow: str, run: str, step: str) -> str:
        """The tasks of a step."""
        return self._page("flow", flow, "run", run, "step", step)

    def task(self, flow: str, run: str, step: str, index: str) -> str:
        """A task."""
        if self.is_static:
            return f"{self.home}{quote(file_name(step, index))}"
        return self._page("flow", flow, "run", run, "task", step, index)

    def _page(self, *words: str) -> str:
        return self.home + "/".join(quote(word, safe="") for word in words)


def file_name(step: str, index: str) -> str:
    """The file of a task's page in a copy."""
    return f"task-{step}{'' if index == '-' else '-' + index}.html"


@cache
def _environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: Mapping[str, Callable[..., object]] = {
        "moment": lambda seconds: local_moment(seconds) or "",
        "ago": lambda seconds: ago(seconds, time.time()),
        "size": size,
        "seconds": lambda seconds: took(0.0, seconds, None),
    }
    found.filters.update(filters)
    return found


def _page(template: str, links: Links, **values: object) -> str:
    return _environment().get_template(template).render(links=links, phases=PHASES, **values)


def message_page(links: Links, title: str, text: str) -> str:
    """A page that says one thing."""
    return _page("message.html", links, title=title, text=text)


def flows_page(links: Links, store: str, flows: Sequence[FlowLine]) -> str:
    """All flows of the store."""
    return _page("flows.html", links, title="flows", store=store, flows=flows)


def runs_page(links: Links, flow: str, part: RunPart, chosen: Mapping[str, str]) -> str:
    """Runs of a flow, and the filters that hold."""
    return _page("runs.html", links, title=flow, flow=flow, part=part, chosen=chosen, now=time.time(), took=took)


@record
class _Step:
    """A step on the page of a run: `tasks` where they are few."""

    name: str
    phase: str
    count: int
    phases: Mapping[str, int]
    tasks: tuple[TaskState, ...]
    shared: tuple[str, ...]
    """What the containers did in which its tasks shared one with others."""


def run_page(links: Links, state: RunState, *, is_live: bool) -> str:
    """A run: graph, timeline, steps."""
    line = line_of(state)
    flow, run = line.flow, line.run
    stands = partial(phase_of, is_over=line.status in OVER)
    now = time.time() if line.status == "running" else None
    steps, boxes, goes = [], [], {}
    shared = sharing(state.tasks)
    for step, phases, tasks in counted(state.tasks, state.unread, stands):
        count = sum(phases.values())
        few = tuple(tasks) if count <= FEW else ()
        containers = dict.fromkeys(shared[place] for task in tasks if (place := (step, task.address.index)) in shared)
        steps.append(_Step(step, phase_of_all(phases), count, phases, few, tuple(containers)))
        following = dict.fromkeys(to for task in tasks if task.manifest for to in task.manifest.next)
        is_split = any(task.manifest and task.manifest.fan is not None for task in tasks)
        boxes.append(Box(step, phases, tuple(following), is_split))
        goes[step] = links.task(flow, run, step, tasks[0].address.index) if count == 1 else links.step(flow, run, step)
    if links.is_static:
        goes = {step: goes[step] for step in goes if "task-" in goes[step]}
    return _page(
        "run.html",
        links,
        title=f"{flow}/{run}",
        line=line,
        steps=steps,
        graph=Markup(picture(boxes, goes)) if boxes else "",
        times=timeline(state.tasks, line.created, now, state.unread),
        took=took,
        now=now,
        phase_of=stands,
        shared=shared,
        few=FEW,
        failed=[task for task in state.tasks if phase_of(task) == "failed"],
        other_code={task.step: files for task, files in state.other_code().items()},
        is_live=is_live and line.status in ("running", "queued", "unknown"),
    )


def step_page(links: Links, flow: str, run: str, step: str, part: StepPart) -> str:
    """The tasks of one step."""
    last = max((part.count - 1) // TASKS, 0)
    return _page(
        "step.html",
        links,
        title=f"{run}/{step}",
        flow=flow,
        run=run,
        step=step,
        part=part,
        last=last,
        phase_of=phase_of,
        took=took,
    )


@record
class Card:
    """A card of a task: its number among them, its type and id."""

    number: int
    kind: str
    name: str


@record
class Artifact:
    """An artifact of a task. `of`: where it comes from, `parameter`, `constant`, or nothing for the task's own."""

    name: str
    kind: str
    size: int
    of: str


def task_page(
    links: Links,
    state: TaskState,
    iterations: Sequence[TaskState],
    *,
    may_show: bool,
    live_cards: Sequence[LiveCard] = (),
) -> str:
    """A task: attempts with what they printed, artifacts, cards; `live_cards` are those that it shows while it runs."""
    address, manifest = state.address, state.manifest
    artifacts = []
    for name in sorted(manifest.names) if manifest else ():
        assert manifest is not None
        entry = manifest.entry(name)
        of = "parameter" if name in manifest.parameters else "constant" if name in manifest.constants else ""
        artifacts.append(Artifact(name, entry.kind, entry.size, of))
    cards = [Card(at, each["type"], each["id"] or "") for at, each in enumerate(manifest.cards if manifest else ())]
    return _page(
        "task.html",
        links,
        title=address.id,
        flow=address.flow,
        run=address.run,
        state=state,
        address=address,
        phase=phase_of(state),
        artifacts=artifacts,
        cards=cards,
        live_cards=live_cards,
        loaded=(manifest.loaded if manifest else None) or (),
        iterations=iterations,
        phase_of=phase_of,
        took=took,
        may_show=may_show,
    )


def value_page(links: Links, state: TaskState, name: str, text: str) -> str:
    """The text of one artifact."""
    address = state.address
    return _page(
        "value.html", links, title=name, flow=address.flow, run=address.run, address=address, name=name, text=text
    )


def compare_page(links: Links, one: RunState, other: RunState) -> str:
    """Two runs side by side."""
    return _page(
        "compare.html",
        links,
        title=f"{one.record.run} and {other.record.run}",
        one=line_of(one),
        other=line_of(other),
        parameters=comparing.parameters(one, other),
        tasks=list(comparing.tasks(one, other)),
        is_partial=bool(one.unread or other.unread),
        took=took,
    )
