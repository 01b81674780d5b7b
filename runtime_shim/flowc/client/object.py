"""What all objects of the client have in common: a path, a store, tags, equality, and that they pickle."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar

from flowc.artifacts.address import RunAddress, TaskAddress
from flowc.artifacts.manifest import RunRecord, read_run
from flowc.client.context import get_namespace, open_here
from flowc.exceptions import MetaflowException, MetaflowInvalidPathspec, MetaflowNamespaceMismatch, MetaflowNotFound
from flowc.store.protocol import MissingError, Store, StoreError


class MetaflowObject:
    """A flow, run, step, task or artifact of a store; it is looked up when it is made, and read when it is asked.

    Two are equal where path and store are. Pickled, it keeps both, and is the same object wherever that store can be reached.
    """

    parts: ClassVar[tuple[str, ...]] = ()
    """What the components of the path are."""

    pathspec: str
    _has_ids: bool | None = None
    """What its run's record says of it, once that is known."""
    _store_url: str
    _namespace: str | None

    def __init__(self, pathspec: str, attempt: int | None = None, _namespace_check: bool = True) -> None:
        self._set(pathspec, open_here().url, get_namespace() if _namespace_check else None)
        self._only_attempt(attempt)
        self._check()

    def _only_attempt(self, attempt: int | None) -> None:
        """Show one attempt of a task, counted from 0, in place of the newest."""
        if attempt is not None:
            raise MetaflowInvalidPathspec(
                f"{type(self).__name__}(…, attempt=…): only tasks and artifacts have attempts"
            )

    @classmethod
    def _at(cls, pathspec: str, of: MetaflowObject) -> Any:
        """One that is known to exist, in the store and the namespace of another."""
        made = cls._restored(pathspec, of._store_url, of._namespace)
        made._has_ids = of._has_ids
        return made

    @classmethod
    def _restored(cls, pathspec: str, store: str, namespace: str | None) -> Any:
        made = object.__new__(cls)
        made._set(pathspec, store, namespace)
        return made

    def _set(self, pathspec: str, store: str, namespace: str | None) -> None:
        self.pathspec = pathspec
        self._store_url = store
        self._namespace = namespace
        self._names = split(pathspec, type(self).parts)

    def _rename(self, pathspec: str) -> None:
        """Show the path that its run gives it, in place of another one by which it was found."""
        self.pathspec, self._names = pathspec, split(pathspec, type(self).parts)

    def _check(self) -> None:
        """Raise MetaflowNotFound where there is no such object, MetaflowNamespaceMismatch where another namespace has it."""
        try:
            self._found()
        except MissingError:
            raise MetaflowNotFound(f"{type(self).__name__}({self.pathspec!r}) is not in {self._store_url}") from None
        if self._namespace is not None and self._namespace not in self.tags:
            raise MetaflowNamespaceMismatch(self._namespace)

    def _found(self) -> None:
        """Raise MissingError where there is no such object."""
        _ = self._record

    @property
    def _store(self) -> Store:
        return open_here(self._store_url)

    @property
    def _run(self) -> RunAddress:
        return RunAddress(self._names[0], self._names[1])

    @property
    def _record(self) -> RunRecord:
        return read_run(self._store, self._run)

    def _shown(self, task: TaskAddress) -> str:
        """What a task of its run is called: its id, in a run of 0.1.0 its index path."""
        if self._has_ids is None:
            self._has_ids = self._record.has_ids
        return task.id if self._has_ids else task.name

    @property
    def _key(self) -> str:
        """Its path; equal for all paths of one object."""
        return self.pathspec

    @property
    def id(self) -> str:
        """The last component of its path."""
        return self._names[-1]

    @property
    def path_components(self) -> list[str]:
        """The components of its path."""
        return list(self._names)

    @property
    def tags(self) -> frozenset[str]:
        """The run's tags: its user's and those that tell where it comes from."""
        return self.user_tags | self.system_tags

    @property
    def user_tags(self) -> frozenset[str]:
        """The tags that the run was given."""
        return frozenset(self._record.tags)

    @property
    def system_tags(self) -> frozenset[str]:
        """Tags that follow from how the run began: `user:…`, `date:…`, `project:…`."""
        record = self._record
        found = {f"user:{record.user}", f"date:{moment(record.created):%Y-%m-%d}"}
        if record.project:
            name, _, branch = record.project.partition(".")
            found |= {f"project:{name}", f"project_branch:{branch}"}
        return frozenset(found)

    @property
    def origin_pathspec(self) -> str | None:
        """Where it was cloned from; None where it was not."""
        return None

    def is_in_namespace(self) -> bool:
        """Whether the current namespace shows it."""
        namespace = get_namespace()
        return namespace is None or namespace in self.tags

    def __iter__(self) -> Iterator[Any]:
        """What is below it; nothing, where nothing can be."""
        return iter(())

    def __contains__(self, id: object) -> bool:
        return any(child.id == id for child in self)

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other) or not isinstance(other, MetaflowObject):
            return NotImplemented
        return (self._key, self._store_url) == (other._key, other._store_url)

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._key, self._store_url))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.pathspec!r})"

    def _repr_html_(self) -> str | None:
        """What a notebook shows: a small table; its path where that cannot be read, or is all."""
        from flowc.shown.html import shown

        try:
            return shown(type(self).__name__, self)
        except (MetaflowException, MissingError, StoreError):  # missing: a run that begins at this moment
            return None

    def __reduce__(self) -> tuple[Any, ...]:
        return restore, (type(self).__name__, self.pathspec, self._store_url, self._namespace)


def split(pathspec: str, parts: tuple[str, ...]) -> tuple[str, ...]:
    """The components of a path. A run's name may hold a `/`. Raises MetaflowInvalidPathspec."""
    flow, _, rest = pathspec.partition("/") if isinstance(pathspec, str) else ("", "", "")
    below = len(parts) - 2
    words = [flow, *(rest.rsplit("/", below) if below > 0 else [rest])] if len(parts) > 1 else [str(pathspec)]
    if len(words) != len(parts) or not all(words):
        raise MetaflowInvalidPathspec(f"{pathspec!r} is no {'/'.join(parts)}")
    return tuple(words)


def moment(seconds: float) -> datetime:
    """A time of the store as the language gives it: local, without a zone."""
    return datetime.fromtimestamp(seconds)


def restore(kind: str, pathspec: str, store: str, namespace: str | None) -> Any:
    """What a pickled object of the client becomes; nothing is looked up before it is asked for. `kind` is its class's name."""
    found = next((each for each in MetaflowObject.__subclasses__() if each.__name__ == kind), None)
    if found is None:
        raise MetaflowException(f"a pickle holds a {kind!r}, which this flowc does not know: update it")
    return found._restored(pathspec, store, namespace)


restore.__module__ = "flowc.client"
"""Pickles name it there: so all kinds are loaded when it is called."""
