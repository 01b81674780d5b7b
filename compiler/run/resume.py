"""A run that goes on from another one: what that has done is taken over, task by task, wherever nothing before it runs anew."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from flowc.artifacts.address import RunAddress, child, parent
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

    def rehearse(self) -> None:
        """Go all the way that is taken over, and write nothing. Raises CallError where the code does not fit what was done."""
        walk = Walk(self.plan)
        wave = walk.begin()
        while wave:
            following: list[Ready] = []
            for ready, found in zip(wave, self._all_chosen(wave), strict=True):
                if found is not None:
                    _check_fits(self.plan, ready.task, found)
                    following += walk.end(ready, Report(found.fan, found.case))
            wave = following

    def take(self, wave: Sequence[Ready]) -> list[Report | None]:
        """Take tasks over that may start at once, and what each reported; None where it has to run.

        Raises CallError where the run's id is another's, or the origin is deleted meanwhile.
        """
        chosen = self._all_chosen(wave)
        for ready, found in zip(wave, chosen, strict=True):
            if found is not None and isinstance(ready.task.loads, Begin):
                self._claim()
                _told(self.clone.begin)
            elif found is None and ready.task.repeats and self._may_take(ready):
                _told(partial(self.clone.take_iterations, ready.task.step, ready.index, self._is_replaced))
        taken = [found for found in chosen if found is not None]
        _told(lambda: at_once(self.clone.take, taken, MANY))
        return [Report(found.fan, found.case) if found else None for found in chosen]

    def _all_chosen(self, wave: Sequence[Ready]) -> list[Manifest | None]:
        """What each of the tasks leaves to be taken over; what has to be read is read several at once."""
        places = [(ready.task.step, ready.index) for ready in wave if self._may_take(ready)]
        unknown = [place for place in places if place not in self.known]
        self.known.update(zip(unknown, self.clone.all_finished(unknown), strict=True))
        return [self._chosen(ready) for ready in wave]

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
