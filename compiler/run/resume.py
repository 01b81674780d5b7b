"""A run that goes on from another one: what that has done is taken over, task by task, wherever nothing before it runs anew."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import takewhile
from math import ceil

from flowc.artifacts.address import RunAddress, child, last_part, parent
from flowc.artifacts.manifest import Manifest, RunRecord, read_run, runs
from flowc.artifacts.ordering import claim
from flowc.client.walk import at_once
from flowc.exceptions import CallMistake
from flowc.resuming.clone import MANY, Clone
from flowc.store import open_store
from flowc.store.protocol import MissingError, Store

from compiler.ir.flow import Switch
from compiler.ir.graph import successors
from compiler.ir.plan import Begin, Enter, FanOut, Gather, Plan, Scope, Task
from compiler.mistakes import CallError
from compiler.run.walk import Ready, Report, Walk
from compiler.slotted_class import fresh, mutable, record

_Rows = Mapping[str, tuple[Manifest, ...]]
"""By index path what the steps of a container have left, the first ones."""

LATEST = "latest"
"""The word for the newest run of the flow in the store."""


@record
class Resume:
    """The run to go on from, and the step that runs anew with all that follows it; without one only what has not succeeded."""

    origin: RunRecord
    step: str | None

    @property
    def parameters(self) -> Mapping[str, object]:
        """What the origin was given."""
        return self.origin.given or {}


def find(plan: Plan, store: str, run: str, step: str | None) -> Resume:
    """The run of that name (also as FLOW/RUN, or `latest`). Raises CallError where there is none."""
    flow, opened = plan.flow.name, open_store(store)
    if run == LATEST:
        newest = next(runs(opened, flow), None)
        if newest is None:
            raise CallError(f"there is no run of {flow} in {opened.url} to resume")
        return Resume(newest, step)
    name = run.removeprefix(f"{flow}/")
    try:
        return Resume(read_run(opened, RunAddress(flow, name)), step)
    except MissingError as error:
        raise CallError(f"no run {flow}/{name} in {opened.url} to resume: `flowc runs {flow}` lists them") from error


@mutable
class Resumption:
    """The progress of a resumed run: what it takes over, and what runs anew and makes all behind it run anew."""

    plan: Plan
    store: Store
    resume: Resume
    into: RunRecord
    clone: Clone
    gangs: frozenset[str]
    anew: set[tuple[str, str]] = fresh(default_factory=set)
    known: dict[tuple[str, str], Manifest | None] = fresh(default_factory=dict)
    begun: dict[tuple[str, str], Mapping[str, int]] = fresh(default_factory=dict)
    """By container, how many of its steps are taken over at each index path."""

    def rehearse(self) -> None:
        """Go all the way that is taken over, and write nothing. Raises CallError where the code does not fit what was done."""
        walk = Walk(self.plan)
        wave = walk.begin()
        while wave:
            following: list[Ready] = []
            for ready, rows in zip(wave, self._all_chosen(wave), strict=True):
                for found in _found(rows):
                    _check_fits(self.plan, self.plan.tasks[found.address.step], found)
                report = _report(ready.task, rows)
                following += walk.end(ready, report) if report else []
            wave = following

    def take(self, wave: Sequence[Ready]) -> list[Report | None]:
        """Take tasks over that may start at once, and what each reported; None where it has to run.

        Raises CallError where the run's id is another's, or the origin is deleted meanwhile.
        """
        chosen = self._all_chosen(wave)
        for ready, rows in zip(wave, chosen, strict=True):
            if isinstance(ready.task.loads, Begin) and _found(rows):
                self._claim()
                _told(self.clone.begin)
            for index, found in rows.items():
                next_one = ready.task.steps[len(found) :][:1]
                if next_one and next_one[0].repeats and self._may_take(Ready(next_one[0], index)):
                    _told(partial(self.clone.take_iterations, next_one[0].step, index, self._is_replaced))
        taken = [found for rows in chosen for found in _found(rows)]
        _told(lambda: at_once(self.clone.take, taken, MANY))
        for ready, rows in zip(wave, chosen, strict=True):
            self.begun[ready.task.step, ready.index] = {index: len(found) for index, found in rows.items() if found}
        return [_report(ready.task, rows) for ready, rows in zip(wave, chosen, strict=True)]

    def _all_chosen(self, wave: Sequence[Ready]) -> list[_Rows]:
        """What each of the containers leaves to be taken over; what has to be read is read several at once."""
        rows = [self._indexes(ready) for ready in wave]
        places = [
            (task.step, index)
            for ready, indexes in zip(wave, rows, strict=True)
            for index in indexes
            for task in ready.task.steps
            if self._may_take(Ready(task, index))
        ]
        unknown = [place for place in places if place not in self.known]
        self.known.update(zip(unknown, self.clone.all_finished(unknown), strict=True))
        for ready, indexes in zip(wave, rows, strict=True):
            if not indexes:  # nobody knows the members of before: all that follows them runs anew
                self._all_run(ready)
        return [
            {index: self._row(ready.task, index) for index in indexes}
            for ready, indexes in zip(wave, rows, strict=True)
        ]

    def _all_run(self, ready: Ready) -> None:
        """What the steps of a portion lead to runs anew, whatever its members are."""
        assert ready.task.chunk, "no other container is without an index path"
        member = child(parent(ready.index), last_part(ready.index) * ready.task.chunk.size)
        for task in ready.task.steps:
            self._runs(Ready(task, member))

    def _indexes(self, ready: Ready) -> Sequence[str]:
        """The index paths of a container: of a portion of a foreach those of its members."""
        chunk, loads = ready.task.chunk, ready.task.loads
        if chunk is None:
            return (ready.index,)
        assert isinstance(loads, Enter), "the body of a foreach is entered"
        around, number = parent(ready.index), last_part(ready.index)
        split = self._finished(loads.split, around)
        width = (split.fan if split else None) or 0
        return [child(around, at) for at in range(number * chunk.size, min((number + 1) * chunk.size, width))]

    def _row(self, container: Task, index: str) -> tuple[Manifest, ...]:
        """What the steps of a container leave at an index path, up to the first that has to run.

        Those behind it are looked at all the same: so what follows them is known to run anew, too.
        """
        found = [self._chosen(Ready(task, index)) for task in container.steps]
        return tuple(each for each in takewhile(lambda one: one is not None, found) if each is not None)

    def _chosen(self, ready: Ready) -> Manifest | None:
        found = self._finished(ready.task.step, ready.index) if self._may_take(ready) else None
        if found is None or self._is_replaced(found):
            found = None
            self._runs(ready)
        return found

    def _is_replaced(self, found: Manifest) -> bool:
        """Whether a task that it has loaded from has left something else since."""
        return any(found.replaced(lambda step, name: None if "~" in name else self._finished(step, name)))

    def _may_take(self, ready: Ready) -> bool:
        task, index = ready.task, ready.index
        place = parent(index) if isinstance(task.loads, Enter) else index
        if task.step == self.resume.step or (task.step, place) in self.anew:
            return False
        return task.step not in self.gangs or all(
            self._finished(task.step, member) for member in self._members(task, index)
        )

    def _members(self, task: Task, index: str) -> Iterator[str]:
        """The index paths of a gang: nodes that have to meet are taken over together or not at all."""
        assert isinstance(task.loads, Enter), "a gang's first step is entered from its split"
        split = self._finished(task.loads.split, parent(index))
        yield from (child(parent(index), node) for node in range((split.fan if split else None) or 0))

    def _finished(self, step: str, index: str) -> Manifest | None:
        if (step, index) not in self.known:
            self.known[step, index] = self.clone.finished(step, index)
        return self.known[step, index]

    def _runs(self, ready: Ready) -> None:
        """What this task leads to runs anew, too."""
        if isinstance(ready.task.loads, Begin) and self.resume.origin.given is None:
            raise CallError(
                f"run {self.resume.origin.run} was made by an older flowc, which has not kept what its parameters were: start a new run"
            )
        for step in successors(self.plan.flow.steps[ready.task.step]):
            joins = isinstance(self.plan.tasks[step].loads, Gather)
            self.anew.add((step, parent(ready.index) if joins else ready.index))

    def _claim(self) -> None:
        _told(lambda: claim(self.store, self.into))


def _found(rows: _Rows) -> list[Manifest]:
    return [found for row in rows.values() for found in row]


def _report(task: Task, rows: _Rows) -> Report | None:
    """What a container would report all of whose tasks are taken over; None where one is not."""
    if not rows or any(len(row) < len(task.steps) for row in rows.values()):
        return None
    last = _found(rows)[-1]
    return Report(None if last.fan is None else ceil(last.fan / task.counts_by), last.case)


def _told(step: Callable[[], object]) -> None:
    """Do it; a wrong call of the shim is one of this command, too. Raises CallError."""
    try:
        step()
    except CallMistake as error:
        raise CallError(str(error)) from error


def resumption(plan: Plan, store: str, resume: Resume, run_id: str, owner: str, tags: tuple[str, ...]) -> Resumption:
    """The run of that id, as it goes on from its origin. Raises CallError where it cannot."""
    opened, origin = open_store(store), resume.origin
    into = origin._replace(run=run_id, owner=owner, created=time.time(), tags=tags, origin=origin.run)
    gangs = frozenset(_gangs(plan.root))
    found = Resumption(plan, opened, resume, into, Clone(opened, origin, into), gangs)
    found.rehearse()
    _told(found.clone.check)
    return found


def _gangs(scope: Scope) -> Iterator[str]:
    for node in scope.flat:
        if isinstance(node, FanOut):
            if node.kind == "gang":
                yield from (task.step for task in node.body.tasks() if isinstance(task.loads, Enter))
            yield from _gangs(node.body)


def _check_fits(plan: Plan, task: Task, found: Manifest) -> None:
    """Where the code leads elsewhere by now, what the origin left cannot be gone on from."""
    now = plan.flow.steps[task.step]
    onward = set(successors(now))
    if isinstance(now.next, Switch) and found.case is not None:
        cases = now.next.cases
        onward = {cases[found.case].target} if found.case < len(cases) else set()
    is_kind = (found.fan is not None, found.case is not None) == (task.reports == "fan", task.reports == "case")
    if set(found.next) == onward and is_kind:
        return
    then = ", ".join(found.next) or "the end"
    raise CallError(
        f"step `{task.step}` of run {found.address.run} went on to {then}, and the code has another way now: "
        f"resume with `--from {task.step}`, or start a new run"
    )
