"""The Client: flows, runs, steps, tasks and artifacts of a store.

    Flow("Train").latest_successful_run["fit"].task.data.model

What is shown follows the run's decisions and widths from its first step on, never what lies in the store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from flowc.artifacts.manifest import RunRecord, parse_run, runs
from flowc.artifacts.pickling import opened, seal
from flowc.client.context import (
    default_metadata,
    default_namespace,
    flow_names,
    get_metadata,
    get_namespace,
    metadata,
    namespace,
    open_here,
)
from flowc.client.object import MetaflowObject, moment, restore
from flowc.client.task import DataArtifact, Metadata, MetaflowArtifacts, MetaflowData, Task, task_at, task_of
from flowc.client.trigger import MetaflowEvent, Trigger, namespaced_event_name, trigger_of
from flowc.client.walk import Found, is_started, iterations, newest_failure, repeated, tasks_of, walk
from flowc.exceptions import MetaflowNamespaceMismatch, MetaflowNotFound, MetaflowTaggingError
from flowc.store.protocol import MissingError

__all__ = [
    "DataArtifact",
    "Flow",
    "Metadata",
    "Metaflow",
    "MetaflowArtifacts",
    "MetaflowData",
    "MetaflowEvent",
    "MetaflowObject",
    "Run",
    "Step",
    "Task",
    "Trigger",
    "default_metadata",
    "default_namespace",
    "get_metadata",
    "get_namespace",
    "metadata",
    "namespace",
    "namespaced_event_name",
    "restore",
    "task_of",
    "trigger_of",
]


class Metaflow:
    """All flows of the store that have a run in the current namespace."""

    @property
    def flows(self) -> list[Flow]:
        """The flows, by name."""
        return list(self)

    def __iter__(self) -> Iterator[Flow]:
        for name in flow_names(open_here()):
            try:
                yield Flow(name)
            except (MetaflowNotFound, MetaflowNamespaceMismatch):
                continue

    def __getitem__(self, name: str) -> Flow:
        return Flow(name)

    def __contains__(self, name: object) -> bool:
        return any(flow.id == name for flow in self)

    def __repr__(self) -> str:
        return "Metaflow()"


class Flow(MetaflowObject):
    """A flow by its class name. Iteration gives its runs in the namespace, the newest first."""

    parts = ("Flow",)

    def _check(self) -> None:
        found = False
        for record in runs(self._store, self.id):
            if self._namespace is None or self._namespace in _run(record, self).tags:
                return
            found = True
        if found:
            raise MetaflowNamespaceMismatch(str(self._namespace))
        raise MetaflowNotFound(f"Flow({self.id!r}) has no run in {self._store_url}")

    @property
    def tags(self) -> frozenset[str]:
        """A flow has none of its own."""
        return frozenset()

    @property
    def user_tags(self) -> frozenset[str]:
        """A flow has none of its own."""
        return frozenset()

    @property
    def system_tags(self) -> frozenset[str]:
        """A flow has none of its own."""
        return frozenset()

    @property
    def parent(self) -> None:
        """Nothing is above a flow."""
        return

    @property
    def created_at(self) -> datetime:
        """When its oldest run began."""
        return moment(min(record.created for record in runs(self._store, self.id)))

    @property
    def latest_run(self) -> Run | None:
        """The newest run by its creation, whatever became of it; None where the namespace has none."""
        return next(iter(self), None)

    @property
    def latest_successful_run(self) -> Run | None:
        """The newest run by its creation that has succeeded; None where the namespace has none."""
        return next((run for run in self._runs((), successful=True) if run.successful), None)

    def runs(self, *tags: str) -> Iterator[Run]:
        """The runs that have all these tags, the newest first."""
        return self._runs(tags)

    def _runs(self, tags: Iterable[str], successful: bool = False) -> Iterator[Run]:
        wanted = {*tags} if self._namespace is None else {*tags, self._namespace}
        for record in runs(self._store, self.id, successful):
            run = _run(record, self)
            if wanted <= run.tags:
                yield run

    def __iter__(self) -> Iterator[Run]:
        return self._runs(())

    def __getitem__(self, run: str) -> Run:
        found: Run = Run._at(f"{self.id}/{run}", self)
        try:
            found._check()
        except MetaflowNotFound:
            raise KeyError(run) from None
        return found

    def __contains__(self, run: object) -> bool:
        try:
            self[str(run)]
        except (KeyError, MetaflowNamespaceMismatch):
            return False
        return True


class Run(MetaflowObject):
    """A run by its flow and its name. Iteration gives its steps in the flow's order."""

    parts = ("Flow", "run")
    _known_record: RunRecord | None = None

    @property
    def parent(self) -> Flow:
        """The flow."""
        found: Flow = Flow._at(self._names[0], self)
        return found

    @property
    def _record(self) -> RunRecord:
        if self._known_record is None:
            self._known_record = super()._record
            self._has_ids = self._known_record.has_ids
        return self._known_record

    @property
    def origin_pathspec(self) -> str | None:
        """The run that it was resumed from; None where it was not."""
        origin = self._record.origin
        return f"{self._names[0]}/{origin}" if origin else None

    @property
    def other_code(self) -> dict[str, tuple[str, ...]]:
        """Where the code changed while it ran: the tasks, by their paths, that ran other code than those before them, and the files."""
        from flowc.artifacts.mixing import other_code

        found = other_code(manifest for _, manifest in self._walk() if manifest is not None)
        return {self._record.path_of(address): files for address, files in found.items()}

    @property
    def created_at(self) -> datetime:
        """When its first step claimed it."""
        return moment(self._record.created)

    @property
    def successful(self) -> bool:
        """Whether every task that its decisions lead to has finished, the last step's too, and no newer attempt has failed."""
        tasks = list(self._walk())
        ended = [manifest for _, manifest in tasks if manifest is not None]
        if len(ended) < len(tasks) or not any(manifest.is_end for manifest in ended):
            return False
        again = repeated(self._store, self._run, {address.step for address, _ in tasks})
        return not any(
            newest_failure(self._store, manifest.address, manifest.attempt)
            for manifest in ended
            if manifest.address.folder in again
        )

    @property
    def finished(self) -> bool:
        """Whether its last step has ended."""
        end = self.end_task
        return end is not None and end.finished

    @property
    def finished_at(self) -> datetime | None:
        """When its last step ended."""
        end = self.end_task
        return end.finished_at if end else None

    @property
    def end_task(self) -> Task | None:
        """The task of its last step, once that has begun."""
        for address, manifest in self._walk("-"):
            is_end = manifest.is_end if manifest else address.step == "end"
            if is_end and is_started(self._store, (address, manifest)):
                return task_at(address, self, manifest)
        return None

    @property
    def data(self) -> MetaflowData | None:
        """The artifacts of its last step; None before that has finished."""
        end = self.end_task
        return end.data if end and end.finished else None

    def steps(self, *tags: str) -> Iterator[Step]:
        """The steps that have begun; a step has its run's tags."""
        return iter(self) if {*tags} <= self.tags else iter(())

    @property
    def code(self) -> None:
        """The code is in the image or in the package that the deployment names; no copy lies with the run."""
        return

    @property
    def trigger(self) -> Trigger | None:
        """The events and runs that started it; None where it was started by hand or by its schedule."""
        return trigger_of(self._record.trigger, self._store_url)

    def add_tag(self, tag: str) -> None:
        """Give it another tag."""
        self.replace_tags((), (tag,))

    def add_tags(self, tags: Iterable[str]) -> None:
        """Give it more tags."""
        self.replace_tags((), tags)

    def remove_tag(self, tag: str) -> None:
        """Take a tag away."""
        self.replace_tags((tag,), ())

    def remove_tags(self, tags: Iterable[str]) -> None:
        """Take tags away."""
        self.replace_tags(tags, ())

    def replace_tag(self, tag_to_remove: str, tag_to_add: str) -> None:
        """Take one tag away and give it another."""
        self.replace_tags((tag_to_remove,), (tag_to_add,))

    def replace_tags(self, tags_to_remove: Iterable[str], tags_to_add: Iterable[str]) -> None:
        """Take tags away and give others, in one change of the run's record."""
        import json

        removed, added = set(_checked(tags_to_remove)), _checked(tags_to_add)
        fixed = sorted(removed & self.system_tags)
        if fixed:
            raise MetaflowTaggingError(
                f"{', '.join(fixed)}: tags that follow from how a run began cannot be taken away"
            )
        while True:
            try:
                found = self._store.get(self._run.record)
                record = parse_run(found.data)
            except MissingError:
                raise MetaflowNotFound(f"{self!r} is not in {self._store_url} any more") from None
            kept = [tag for tag in record.tags if tag not in removed]
            tags = (*kept, *(tag for tag in dict.fromkeys(added) if tag not in kept))
            data = seal(json.dumps({**(opened(found.data) or {}), "tags": tags}).encode())
            if self._store.replace(self._run.record, data, found.etag):
                self._known_record = parse_run(data)
                return

    def _walk(self, toward: str | None = None) -> Iterator[Found]:
        return walk(self._store, self._run, toward)

    def __iter__(self) -> Iterator[Step]:
        begun: dict[str, list[Found]] = {}
        for found in self._walk():
            if is_started(self._store, found):
                begun.setdefault(found[0].step, []).append(found)
        for name, tasks in begun.items():
            step: Step = Step._at(f"{self.pathspec}/{name}", self)
            step._begun = tasks
            yield step

    def __getitem__(self, step: str) -> Step:
        found: Step = Step._at(f"{self.pathspec}/{step}", self)
        if found.task is None:
            raise KeyError(step)
        return found

    def __contains__(self, step: object) -> bool:
        return (
            isinstance(step, str)
            and bool(step)
            and "/" not in step
            and Step._at(f"{self.pathspec}/{step}", self).task is not None
        )


class Step(MetaflowObject):
    """A step of a run. Iterating gives its tasks in the order of their index paths, each iteration where a switch repeats it."""

    parts = ("Flow", "run", "step")
    _begun: list[Found] | None = None
    """The tasks that its run's iteration met: all steps of a run are shown by one walk."""

    def _found(self) -> None:
        if self.task is None:
            raise MissingError(self.pathspec)

    @property
    def parent(self) -> Run:
        """The run."""
        found: Run = Run._at("/".join(self._names[:2]), self)
        return found

    @property
    def task(self) -> Task | None:
        """Its task, the first in a foreach; None where none has begun. What iterations have left is the last one's."""
        if self._begun is not None:
            first = min(self._begun, key=_place)
            return task_at(first[0], self, first[1])
        for toward in ("-", None):  # the second look where only other children of a foreach took it
            for address, manifest in walk(self._store, self._run, toward):
                if address.step == self.id and is_started(self._store, (address, manifest)):
                    return task_at(address, self, manifest)
        return None

    def tasks(self, *tags: str) -> Iterator[Task]:
        """The tasks that have begun; a task has its run's tags."""
        return iter(self) if {*tags} <= self.tags else iter(())

    @property
    def control_task(self) -> Task | None:
        """The first task, which leads where the step runs in parallel."""
        return self.task

    @property
    def control_tasks(self) -> Iterator[Task]:
        """The first task of each gang or foreach, which leads there."""
        return (task for task in self if task.index in (None, 0) and not task.iteration)

    @property
    def created_at(self) -> datetime:
        """When the first of its tasks began."""
        return min(task.created_at for task in self)

    @property
    def finished_at(self) -> datetime | None:
        """When the last of its tasks ended; None while one runs."""
        moments = [task.finished_at for task in self]
        known = [found for found in moments if found is not None]
        return max(known) if known and len(known) == len(moments) else None

    @property
    def parent_steps(self) -> Iterator[Step]:
        """The steps that it goes on from."""
        return self._around(lambda task: task.parent_tasks)

    @property
    def child_steps(self) -> Iterator[Step]:
        """The steps that go on from it, as far as they have begun."""
        return self._around(lambda task: task.child_tasks)

    def _around(self, tasks: Callable[[Task], Iterator[Task]]) -> Iterator[Step]:
        seen: set[str] = set()
        for task in self:
            for found in tasks(task):
                if found.parent.id not in seen:
                    seen.add(found.parent.id)
                    yield found.parent

    @property
    def environment_info(self) -> None:
        """Nothing is recorded of the environment."""
        return

    def __iter__(self) -> Iterator[Task]:
        for found in self._tasks():
            each = iterations(self._store, found)
            yield from (task_at(address, self) for address in each)
            if not each:
                yield task_at(found[0], self, found[1])

    def _tasks(self) -> Iterator[Found]:
        """What has begun, in order, read as it is asked for."""
        if self._begun is not None:
            return iter(sorted(self._begun, key=_place))
        return (found for found in tasks_of(self._store, self._run, self.id) if is_started(self._store, found))

    def __getitem__(self, task: str) -> Task:
        found: Task = Task._at(f"{self.pathspec}/{task}", self)
        try:
            found._check()
        except (MetaflowNotFound, ValueError):
            raise KeyError(task) from None
        return found

    def __contains__(self, task: object) -> bool:
        wanted = self._run.named(self.id, str(task))
        return any(found._address == wanted for found in self)


_LONGEST_TAG = 500


def _place(found: Found) -> tuple[int, ...]:
    return found[0].place


def _checked(tags: Iterable[str]) -> list[str]:
    """The tags. Raises MetaflowTaggingError for what cannot be one."""
    found = [tags] if isinstance(tags, str) else list(tags)
    for tag in found:
        if not isinstance(tag, str) or not tag or len(tag) > _LONGEST_TAG:
            raise MetaflowTaggingError(f"{tag!r} is no tag: a tag is a text of 1 to {_LONGEST_TAG} characters")
    return found


def _run(record: RunRecord, of: MetaflowObject) -> Run:
    found: Run = Run._at(f"{record.flow}/{record.run}", of)
    found._known_record, found._has_ids = record, record.has_ids
    return found
