"""Tasks of a run and their artifacts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from flowc.artifacts.address import TaskAddress, last_part
from flowc.artifacts.manifest import Attempt, Failure, Manifest, attempts, read
from flowc.artifacts.pickling import Packed
from flowc.client.context import metaflow_importable
from flowc.client.object import MetaflowObject, moment, restore
from flowc.client.walk import is_started, iterations, newest_failure, walk
from flowc.exceptions import CaughtFailure
from flowc.store.protocol import MissingError

if TYPE_CHECKING:
    from flowc.client.flows import Step


class Metadata(NamedTuple):
    """One fact of a task."""

    name: str
    value: str
    created_at: datetime
    type: str
    task: Task


class Task(MetaflowObject):
    """A task, found by its `id` (`fit`, `fit-2.0`, `loop-i3`) or by its index path (`-` outside any foreach, `2.0`)."""

    parts = ("Flow", "run", "step", "task")
    _known: Manifest | None = None
    _wanted: int | None = None

    def _found(self) -> None:
        for found in walk(self._store, self._run, self.index_path):
            if found[0] == self._whole and is_started(self._store, found):
                if self.iteration is None:
                    self._known = found[1]
                elif self._address not in iterations(self._store, found):
                    break
                if self._wanted is not None and self._wanted not in {one.number for one in self.attempts}:
                    break
                self._rename(f"{self._run.flow}/{self._run.run}/{self._names[2]}/{self._shown(self._address)}")
                return
        raise MissingError(self.pathspec)

    @property
    def _address(self) -> TaskAddress:
        return self._run.named(self._names[2], self._names[3])

    @property
    def _key(self) -> str:
        return str(self._address)

    @property
    def _whole(self) -> TaskAddress:
        """The task that an iteration is one of; its own address where it is none."""
        return self._address._replace(iteration=None)

    def _only_attempt(self, attempt: int | None) -> None:
        self._wanted = None if attempt is None else attempt + 1

    @property
    def _manifest(self) -> Manifest | None:
        if self._known is None:
            try:
                self._known = read(self._store, self._address)
            except MissingError:
                return None
        return self._known if self._wanted in (None, self._known.attempt) else None

    @property
    def _failed(self) -> Attempt | None:
        """The newest failed attempt that is newer than what the task left, or the attempt that was asked for if it failed."""
        if self._wanted is not None:
            return next((one for one in self.attempts if one.number == self._wanted and one.failure), None)
        return newest_failure(self._store, self._address, self._manifest.attempt if self._manifest else 0)

    @property
    def origin_pathspec(self) -> str | None:
        """The task of the resumed run that it was taken over from; None where it ran itself."""
        origin = self._manifest.origin if self._manifest else ""
        return f"{self._names[0]}/{origin}/{self._names[2]}/{self._names[3]}" if origin else None

    @property
    def parent(self) -> Step:
        """The step."""
        found: Step = restore("Step", "/".join(self._names[:3]), self._store_url, self._namespace)
        found._has_ids = self._has_ids
        return found

    @property
    def index_path(self) -> str:
        """`2.0`: the third child's first child; `-` outside any foreach."""
        return self._address.index

    @property
    def iteration(self) -> int | None:
        """Its iteration where a switch sends the step back to itself; None elsewhere."""
        return self._address.iteration

    @property
    def index(self) -> int | None:
        """Its place in the innermost foreach; None outside any."""
        return None if self.index_path == "-" else last_part(self.index_path)

    @property
    def foreach_stack(self) -> list[tuple[int, int, str]]:
        """For each foreach around it: its place, how many there are, and the item as short text."""
        from flowc.artifacts.work import stack_text

        manifest = self._manifest
        return stack_text(manifest.stack, manifest.item) if manifest else []

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Its starts, the first one first: number, times, failure, output."""
        return attempts(self._store, self._address)

    @property
    def current_attempt(self) -> int:
        """How often it was started again: 0 for a task that was started once."""
        return max(len(list(self._store.list(self._address.attempts))) - 1, 0)

    @property
    def retry_count(self) -> int:
        """How much of `@retry` the attempt had used up that counts."""
        failed = self._failed
        if failed:
            return failed.retry
        return self._manifest.retry if self._manifest else 0

    @property
    def successful(self) -> bool:
        """Whether it has finished, and no newer attempt has failed."""
        return self._manifest is not None and self._failed is None

    @property
    def finished(self) -> bool:
        """Whether it has finished or failed; a task that may be retried counts as failed until it is."""
        return self._manifest is not None or self._failed is not None

    @property
    def created_at(self) -> datetime:
        """When it began."""
        manifest = self._manifest
        return moment(manifest.started if manifest else self.attempts[0].started)

    @property
    def finished_at(self) -> datetime | None:
        """When it ended; None while it runs."""
        failed, manifest = self._failed, self._manifest
        if failed and failed.finished is not None:
            return moment(failed.finished)
        return moment(manifest.finished) if manifest else None

    @property
    def exception(self) -> CaughtFailure | None:
        """Why it failed (also where `@catch` took it), with `type`, `exception` and `stacktrace`; None where it did not."""
        failed, manifest = self._failed, self._manifest
        failure: Failure | None = failed.failure if failed else manifest.caught if manifest else None
        return CaughtFailure(*failure) if failure else None

    @property
    def stdout(self) -> str:
        """What it printed."""
        failed, manifest = self._failed, self._manifest
        return failed.stdout if failed else manifest.stdout if manifest else ""

    @property
    def stderr(self) -> str:
        """What it printed to its standard error."""
        failed, manifest = self._failed, self._manifest
        return failed.stderr if failed else manifest.stderr if manifest else ""

    @property
    def stdout_size(self) -> int:
        """The size of `stdout` in bytes."""
        return len(self.stdout.encode())

    @property
    def stderr_size(self) -> int:
        """The size of `stderr` in bytes."""
        return len(self.stderr.encode())

    def loglines(self, stream: str, as_unicode: bool = True) -> Iterator[tuple[datetime, Any]]:
        """The lines of `stdout` or `stderr`, each with a time: when the task began, for none is kept of single lines."""
        began = self.created_at
        for line in (self.stdout if stream == "stdout" else self.stderr).splitlines():
            yield began, line if as_unicode else line.encode()

    @property
    def metadata(self) -> list[Metadata]:
        """What is known of the attempt that counts: its number, its end, the store, the run's user and origin."""
        record, manifest, failed = self._record, self._manifest, self._failed
        known = {
            "attempt": str(self._position(failed.number if failed else manifest.attempt if manifest else 1)),
            "attempt_ok": str(failed is None) if failed or manifest else None,
            "ds-type": self._store_url.partition(":")[0].replace("file", "local"),
            "ds-root": self._store_url,
            "user": record.user,
            "origin-run-id": record.origin or None,
            "retry_count": str(self.retry_count),
        }
        began = self.created_at
        return [Metadata(name, value, began, name, self) for name, value in known.items() if value is not None]

    def _position(self, number: int) -> int:
        """Which of its starts has this number, from 0; the numbers of an iteration hold those of the whole task, too."""
        if self.iteration is None:
            return number - 1
        return next((at for at, one in enumerate(self.attempts) if one.number == number), 0)

    @property
    def metadata_dict(self) -> dict[str, str]:
        """`metadata` by name."""
        return {each.name: each.value for each in self.metadata}

    @property
    def environment_info(self) -> None:
        """Nothing is recorded of the environment: it is the image's."""
        return

    @property
    def data(self) -> MetaflowData:
        """Its artifacts as attributes: `task.data.x`."""
        return MetaflowData(self)

    @property
    def artifacts(self) -> MetaflowArtifacts:
        """Its public artifacts as attributes that are not read yet: `task.artifacts.x.data`; iterate over them all."""
        return MetaflowArtifacts({found.id: found for found in self})

    @property
    def runtime_name(self) -> str | None:
        """What ran it: `local`, `argo`, `airflow` or `sfn`, as the run's name begins."""
        return self._run.run.partition("-")[0]

    @property
    def code(self) -> None:
        """The code is in the image or in the package that the deployment names; no copy lies with the run."""
        return

    @property
    def code_digests(self) -> dict[str, str]:
        """The CRC-32 of each file of the code that it ran, by its path in the code's root; `Run.other_code` compares them."""
        manifest = self._manifest
        return manifest.code if manifest else {}

    @property
    def parent_tasks(self) -> Iterator[Task]:
        """The tasks that it goes on from; for a join all of its inputs."""
        if self.iteration:
            yield self._sibling(self._address._replace(iteration=self.iteration - 1))
            return
        for address, manifest in walk(self._store, self._run):
            if manifest and self._whole in manifest.followers():
                yield self._sibling(address)

    @property
    def child_tasks(self) -> Iterator[Task]:
        """The tasks that go on from it, as far as they have begun."""
        followers = self._manifest.followers() if self._manifest else ()
        if self.iteration is not None and self._whole in followers:
            followers = (self._address._replace(iteration=self.iteration + 1),)
        for address in followers:
            if next(self._store.list(address.attempts), None) is not None:
                yield self._sibling(address)

    @property
    def parent_task_pathspecs(self) -> Iterator[str]:
        """The paths of `parent_tasks`."""
        return (task.pathspec for task in self.parent_tasks)

    @property
    def child_task_pathspecs(self) -> Iterator[str]:
        """The paths of `child_tasks`."""
        return (task.pathspec for task in self.child_tasks)

    def __iter__(self) -> Iterator[DataArtifact]:
        for name in self._artifact_names():
            if not name.startswith("_"):
                yield self._artifact(name)

    def __getitem__(self, name: str) -> DataArtifact:
        if name not in self._artifact_names():
            raise KeyError(name)
        return self._artifact(name)

    def __contains__(self, name: object) -> bool:
        return name in self._artifact_names()

    def _artifact_names(self) -> tuple[str, ...]:
        return self._manifest.names if self._manifest else ()

    def _artifact(self, name: str) -> DataArtifact:
        found: DataArtifact = DataArtifact._at(f"{self.pathspec}/{name}", self)
        found._of = self
        return found

    def _sibling(self, address: TaskAddress, manifest: Manifest | None = None) -> Task:
        return task_at(address, self, manifest)


class DataArtifact(MetaflowObject):
    """One artifact of a task. Nothing is unpickled before `data`."""

    parts = ("Flow", "run", "step", "task", "artifact")
    _of: Task | None = None

    def _only_attempt(self, attempt: int | None) -> None:
        self.parent._only_attempt(attempt)

    def _found(self) -> None:
        task = self.parent
        task._found()
        if self.id not in task:
            raise MissingError(self.pathspec)
        self._rename(f"{task.pathspec}/{self.id}")

    @property
    def _key(self) -> str:
        return f"{self.parent._key}/{self.id}"

    @property
    def parent(self) -> Task:
        """The task."""
        if self._of is None:
            self._of = Task._at("/".join(self._names[:4]), self)
        assert self._of is not None, "it was just made"
        return self._of

    @property
    def _manifest(self) -> Manifest:
        found = self.parent._manifest
        if found is None or self.id not in found:
            raise MissingError(self.pathspec)
        return found

    @property
    def data(self) -> Any:
        """Its value, unpickled anew each time; classes of the flow's file are imported from where Python finds it."""
        with metaflow_importable():
            return self._manifest[self.id]

    @property
    def size(self) -> int:
        """The bytes that it takes in the store."""
        return self._manifest.entry(self.id).size

    @property
    def sha(self) -> str:
        """The sha256 of its bytes."""
        manifest = self._manifest
        entry = manifest.entry(self.id)
        return hashlib.sha256(manifest.content(entry)).hexdigest() if isinstance(entry, Packed) else entry.sha

    @property
    def kind(self) -> str:
        """Its type's name."""
        return self._manifest.entry(self.id).kind

    @property
    def created_at(self) -> datetime:
        """When its task began."""
        return self.parent.created_at

    @property
    def finished_at(self) -> datetime | None:
        """When its task ended."""
        return self.parent.finished_at


class MetaflowData:
    """The artifacts of a task as attributes; each is unpickled anew when it is asked for."""

    def __init__(self, task: Task) -> None:
        self._task = task

    @property
    def _artifacts(self) -> dict[str, DataArtifact]:
        return {name: self._task._artifact(name) for name in self._task._artifact_names()}

    def __getattr__(self, name: str) -> Any:
        if name == "_task" or (name.startswith("__") and name.endswith("__")):
            raise AttributeError(name)
        if name not in self._task:
            raise AttributeError(
                f"{self._task!r} has no artifact {name!r}; it has {', '.join(self._task._artifact_names()) or 'none'}"
            )
        return self._task._artifact(name).data

    def __contains__(self, name: object) -> bool:
        return name in self._task

    def __dir__(self) -> list[str]:
        return sorted(self._task._artifact_names())

    def __repr__(self) -> str:
        return f"<MetaflowData: {', '.join(self._task._artifact_names())}>"


class MetaflowArtifacts:
    """Artifacts by name, as attributes; iteration gives them all."""

    def __init__(self, found: dict[str, DataArtifact]) -> None:
        self._found = found

    def __getattr__(self, name: str) -> DataArtifact:
        if name == "_found" or name not in self._found:
            raise AttributeError(name)
        return self._found[name]

    def _asdict(self) -> dict[str, DataArtifact]:
        return dict(self._found)

    @property
    def _fields(self) -> tuple[str, ...]:
        return tuple(self._found)

    def __iter__(self) -> Iterator[DataArtifact]:
        return iter(self._found.values())

    def __len__(self) -> int:
        return len(self._found)

    def __contains__(self, name: object) -> bool:
        return name in self._found

    def __repr__(self) -> str:
        return f"MetaflowArtifacts({', '.join(self._found)})"


def task_at(address: TaskAddress, of: MetaflowObject, manifest: Manifest | None = None) -> Task:
    """The task of an address that a walk gave."""
    found: Task = Task._at(f"{address.flow}/{address.run}/{address.step}/{of._shown(address)}", of)
    found._known = manifest
    return found


def running_task(address: TaskAddress, url: str) -> Task:
    """The task that runs in this process, whatever the namespace; it has left nothing yet."""
    found: Task = Task._restored(str(address), url, None)
    return found


def task_of(manifest: Manifest) -> Task:
    """The task that a manifest tells of, whatever the namespace; it need not be in the store yet."""
    found: Task = Task._restored(str(manifest.address), manifest.store.url, None)
    found._known = manifest
    return found
