"""What a task leaves in the store, and how it is read back.

    record = read_run(store, RunAddress("Flow", "local-1"))         # the claim; MissingError where there is none
    manifest = read(store, record.address.task("train", "2.0"))     # MissingError where no attempt has finished
    manifest["model"]                                                # an artifact's value, unpickled; KeyError
    runs(store, "Flow", successful=True)                             # records of runs, newest first, by a listing and a read each
    attempts(store, address)                                         # the task's starts, failures among them, by a listing

A manifest is one object: a line of JSON, then the pack (the bytes of all small artifacts), then the attempt's output. It begins with
the CRC-32 of what follows (`seal`), as the records of runs and attempts do; what an older flowc wrote has none.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping

from flowc.artifacts import pickling
from flowc.artifacts.address import RunAddress, TaskAddress, child, created_key, created_prefix, escape, parent
from flowc.artifacts.pickling import Blob, Entry, Frame, Packed, damaged, entry_of, opened, seal
from flowc.named_tuple import NamedTuple
from flowc.store.protocol import DamagedError, MissingError, Store, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VERSION = 1
"""Of records, and of manifests without `PARTS`."""

PARTS = 2
"""The version of manifests that refer to blobs whose parts are compressed one by one, and the newest that is read."""

__all__ = [
    "Attempt",
    "Blob",
    "Entry",
    "Failure",
    "Frame",
    "Manifest",
    "Packed",
    "RunRecord",
    "attempts",
    "read",
    "read_run",
    "runs",
]


class RunRecord(NamedTuple):
    """The claim of a run. `created` is in seconds since 1970; `parameters` are attributes' names; `first` the first step;
    `trigger` the events that started it, each with `name`, `id`, `timestamp` and `type` (`event` or `run`).

    `origin` is the run that it was resumed from; `given` the parameters as they were given (None: an older flowc did not keep them).
    `scheduled` is the time (ISO 8601, UTC) for which a clock started it, or nothing.
    `has_ids`: its tasks have ids that are unique within the run (`TaskAddress.id`); those of 0.1.0 had their index paths.
    `source` is the flow as its first task was told it (`path/of/flow.py:Name`), `code` the URL of the code archive, where it had one.
    """

    flow: str
    run: str
    owner: str
    created: float
    tags: tuple[str, ...]
    parameters: tuple[str, ...]
    first: str
    user: str
    project: str
    version: int = VERSION
    trigger: tuple[Any, ...] = ()
    origin: str = ""
    given: Mapping[str, Any] | None = None
    scheduled: str = ""
    has_ids: bool = False
    source: str = ""
    code: str = ""

    @property
    def address(self) -> RunAddress:
        """The run's address."""
        return RunAddress(self.flow, self.run)

    def id_of(self, task: TaskAddress) -> str:
        """What one of its tasks is called."""
        return task.id if self.has_ids else task.name

    def path_of(self, task: TaskAddress) -> str:
        """Where one of its tasks is, as the client takes it."""
        return f"{self.flow}/{self.run}/{task.step}/{self.id_of(task)}"


class Failure(NamedTuple):
    """Why an attempt failed: the exception's type, its text, and the user's own frames as text."""

    type: str
    exception: str
    stacktrace: str


class Attempt(NamedTuple):
    """One start of a task. `finished` and `failure` are None where it has not failed: it runs, was killed, or left the manifest."""

    number: int
    token: str
    retry: int
    started: float
    finished: float | None
    failure: Failure | None
    stdout: str
    stderr: str


class Manifest:
    """What the newest finished attempt of a task left: facts, and its artifacts by name, each read when it is asked for.

    Raises DamagedError where the bytes are not what was written.
    """

    __slots__ = ("_body", "_header", "_pack", "address", "store")

    def __init__(self, store: Store, address: TaskAddress, data: bytes) -> None:
        end = data.find(b"\n")
        self.store = store
        self.address = address
        header = opened(data, end) if end > 0 else None
        if header is None:
            raise damaged(f"the manifest of {address}", store, address.of)
        self._header = header
        self._body = memoryview(data)[end + 1 :]
        self._pack: memoryview | None = None
        if self._header["version"] > PARTS:
            raise StoreError(f"{address} was written by a newer flowc: update the one that reads it")

    @property
    def attempt(self) -> int:
        """The number of the attempt that left it."""
        return int(self._header["attempt"])

    @property
    def token(self) -> str:
        """What only that attempt knows."""
        return str(self._header["token"])

    @property
    def retry(self) -> int:
        """How much of `@retry` was used up."""
        return int(self._header["retry"])

    @property
    def started(self) -> float:
        """In seconds since 1970."""
        return float(self._header["started"])

    @property
    def finished(self) -> float:
        """In seconds since 1970."""
        return float(self._header["finished"])

    @property
    def created(self) -> float:
        """When the run was created."""
        return float(self._header["created"])

    @property
    def tags(self) -> tuple[str, ...]:
        """The run's tags."""
        return tuple(self._header["tags"])

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of artifacts that are parameters."""
        return tuple(self._header["parameters"])

    @property
    def constants(self) -> tuple[str, ...]:
        """Names of artifacts that are constants."""
        return tuple(self._header["constants"])

    @property
    def fan(self) -> int | None:
        """How many children a foreach has; None elsewhere."""
        found: int | None = self._header.get("fan")
        return found

    @property
    def case(self) -> int | None:
        """The position of the key that a switch took; None elsewhere."""
        found: int | None = self._header.get("case")
        return found

    @property
    def next(self) -> tuple[str, ...]:
        """The steps that follow, the switch's case already taken."""
        return tuple(self._header["next"])

    @property
    def is_end(self) -> bool:
        """Whether it is the flow's last step."""
        return not self._header["next"]

    @property
    def iterations(self) -> int | None:
        """How many iterations a step had that a switch sent back to itself; None elsewhere, also in an iteration."""
        found: int | None = self._header.get("iterations")
        return found

    @property
    def stack(self) -> tuple[Frame, ...]:
        """The foreaches around the task, the outermost first."""
        return tuple(Frame(*frame) for frame in self._header["stack"])

    @property
    def open(self) -> tuple[tuple[str, str], ...]:
        """The splits that are open after the task, the outermost first: (step, `split` or `foreach`)."""
        return tuple((step, kind) for step, kind in self._header["open"])

    @property
    def since(self) -> tuple[str, ...] | None:
        """The tokens of the splits of `open`, as the task's inputs knew them; None where an older flowc wrote it."""
        found = self._header.get("since")
        return None if found is None else tuple(found)

    @property
    def chose(self) -> dict[str, str]:
        """The tokens of the switches of `decisions`."""
        return dict(self._header.get("chose", ()))

    @property
    def loaded(self) -> tuple[tuple[str, str, str], ...] | None:
        """What the task loaded: of each manifest the step, the task's name in it, the first digits of the token.

        None where an older flowc wrote it.
        """
        found = self._header.get("loaded")
        return None if found is None else tuple((step, index, token) for step, index, token in found)

    @property
    def code(self) -> dict[str, str]:
        """The CRC-32 of each file of the code that the task ran, by its path in the code's root; none where an older flowc wrote it."""
        return dict(self._header.get("code", ()))

    def replaced(self, left: Callable[[str, str], Manifest | None]) -> Iterator[TaskAddress]:
        """The tasks that have left something else since this one loaded it; `left` says what a step's task of that name has left by now."""
        for step, name, token in self.loaded or ():
            now = left(step, name)
            if now is not None and not now.token.startswith(token):
                yield now.address

    @property
    def decisions(self) -> dict[str, int]:
        """The cases that switches took on the way to here, in this scope."""
        return dict(self._header["decisions"])

    @property
    def items(self) -> tuple[str, int] | None:
        """A foreach's items: their blob and its size; None elsewhere."""
        found = self._header.get("items")
        return (found[0], found[1]) if found else None

    @property
    def caught(self) -> Failure | None:
        """The failure that `@catch` turned into an artifact; None elsewhere."""
        found = self._header.get("caught")
        return Failure(*found) if found else None

    @property
    def cards(self) -> tuple[dict[str, Any], ...]:
        """The cards that the task left: `type`, `id`, and the blob of the page, `sha` and `size`."""
        return tuple(self._header.get("cards", ()))

    @property
    def origin(self) -> str:
        """The run that the task was taken over from; empty where it ran itself."""
        return str(self._header.get("origin", ""))

    @property
    def blobs(self) -> Mapping[str, int]:
        """All blobs of the run that it refers to, by their sha256, with their sizes in bytes."""
        header = self._header
        found = {frame.items: frame.size for frame in self.stack}
        found |= {each[0]: each[1] for each in (header["pack"], header.get("items")) if isinstance(each, list)}
        entries = (self.entry(name) for name in self.names)
        found |= {entry.sha: entry.size for entry in entries if isinstance(entry, Blob)}
        found |= {str(card["sha"]): card["size"] for card in self.cards}
        return found | {sha: size for _, size, sha in header["log"].values() if sha}

    def as_attempt(self, attempt: int, token: str) -> bytes:
        """The same manifest as a later attempt leaves it, which has found it ready."""
        chose = {**self.chose, self.address.step: token} if self.case is not None else self.chose
        return self._with(attempt=attempt, token=token, chose=chose)

    def as_task(self, attempt: Mapping[str, Any], iterations: int) -> bytes:
        """The manifest of the task whose last iteration this is; `attempt` has the facts of the task's own."""
        chose = {**self.chose, self.address.step: attempt["token"]}
        return self._with(**attempt, iterations=iterations, chose=chose)

    def taken_over(self, created: float, tags: tuple[str, ...]) -> bytes:
        """The same manifest for a run that was resumed from this one, as attempt 0: any attempt of that run's own counts more."""
        return seal(self._with(attempt=0, created=created, tags=tags, origin=self.address.run))

    def with_entries(self, entries: Mapping[str, Blob]) -> bytes:
        """The same manifest with other artifacts under some of its names."""
        return seal(self._with(artifacts={**self._header["artifacts"], **entries}, version=PARTS))

    def _with(self, **facts: Any) -> bytes:
        """The same manifest with other facts."""
        return b"".join((json.dumps({**self._header, **facts}, separators=(",", ":")).encode(), b"\n", self._body))

    @property
    def names(self) -> tuple[str, ...]:
        """The artifacts' names: the task's own, what it carries on, parameters and constants."""
        return tuple(self._header["artifacts"])

    def entry(self, name: str) -> Entry:
        """Where an artifact lies. Raises KeyError."""
        return entry_of(self._header["artifacts"][name])

    def stored(self, names: Iterable[str]) -> dict[str, Stored]:
        """Some of its artifacts by their names, each with where it lies. Raises KeyError."""
        there = self._header["artifacts"]
        return {name: Stored(self, entry_of(there[name])) for name in names}

    def content(self, entry: Packed) -> memoryview:
        """The pickle of a small artifact."""
        if self._pack is None:
            where = self._header["pack"]
            if isinstance(where, int):
                self._pack = self._body[:where]
            else:
                self._pack = self._blob("the small artifacts", *where)
        return self._pack[entry.start : entry.start + entry.size]

    def __contains__(self, name: str) -> bool:
        return name in self._header["artifacts"]

    def __getitem__(self, name: str) -> Any:
        """An artifact's value, unpickled anew at each call. Raises KeyError, DamagedError."""
        return self.value(self.entry(name), f"artifact {name!r}")

    def value(self, entry: Entry, what: str = "an artifact") -> Any:
        """The value of one of its entries, unpickled anew at each call. Raises DamagedError, which names it as `what`."""
        if isinstance(entry, Packed):
            return pickling.loads(self.content(entry))
        try:
            return pickling.load_blob(self.store, self.address.of, entry)
        except (DamagedError, MissingError):
            raise self._damaged(what) from None

    def item(self, level: int = -1) -> Any:
        """What the foreach at that level of `stack` gave to this task (its `self.input`), unpickled anew at each call."""
        return self.item_of(self.stack[level])

    def item_of(self, frame: Frame) -> Any:
        """What a foreach of the run gave to one of its children, unpickled anew at each call. Raises DamagedError."""
        try:
            return pickling.load_item(self.store, self.address.of, frame)
        except (DamagedError, MissingError):
            raise damaged(
                f"item {frame.place} of the foreach of {self.address.of.task(frame.step)}", self.store, self.address.of
            ) from None

    def item_at(self, place: int) -> Any:
        """The item that a foreach split gives to one of its children, unpickled anew at each call."""
        assert self.items is not None, f"{self.address} is no foreach"
        assert self.fan is not None, "a foreach has a width"
        return self.item_of(Frame(self.address.step, place, self.fan, *self.items))

    @property
    def stdout(self) -> str:
        """What the attempt printed."""
        return self._log("stdout")

    @property
    def stderr(self) -> str:
        """What the attempt printed to its standard error, the traceback of a caught failure included."""
        return self._log("stderr")

    def _log(self, stream: str) -> str:
        start, size, sha = self._header["log"][stream]
        if sha:
            return log_text(self._blob(stream, sha, size))
        return log_text(self._body[start : start + size])

    def card(self, card: Mapping[str, Any]) -> bytes:
        """The page of one of `cards`. Raises DamagedError."""
        return bytes(self._blob("a card", card["sha"], card["size"]))

    def _blob(self, what: str, sha: str, size: int) -> memoryview:
        try:
            return pickling.whole(self.store, self.address.of, sha, size)
        except (DamagedError, MissingError):
            raise self._damaged(what) from None

    def _damaged(self, what: str) -> DamagedError:
        return damaged(f"{what} of {self.address}", self.store, self.address.of)

    def followers(self) -> tuple[TaskAddress, ...]:
        """The tasks that follow: all children of a foreach, all arms of a split, the join at its own level."""
        index = self.address.index
        if self.fan is not None:
            return tuple(self.address.at(self.next[0], child(index, part)) for part in range(self.fan))
        if self._header["closes"] == "foreach":
            index = parent(index)
        return tuple(self.address.at(step, index) for step in self.next)


class Stored(NamedTuple):
    """An artifact that some manifest has."""

    manifest: Manifest
    entry: Entry


def log_text(data: bytes | memoryview) -> str:
    """The text of a kept output."""
    return bytes(data).decode("utf-8", "replace")


def read(store: Store, address: TaskAddress) -> Manifest:
    """The manifest of a task. Raises MissingError where no attempt has finished."""
    return Manifest(store, address, store.get(address.manifest).data)


def read_run(store: Store, address: RunAddress) -> RunRecord:
    """The record of a run. Raises MissingError where there is no such run, or it is being deleted."""
    data = store.get(address.record).data
    if opened(data) is None:
        raise damaged(f"the record {address.record}", store, address)
    return parse_run(data)


def parse_run(data: bytes) -> RunRecord:
    """The record that the bytes of `_run.json` hold. Raises DamagedError, and MissingError where the run is being deleted."""
    fields = opened(data)
    if fields is None:
        raise DamagedError("the record of the run is damaged: start a new run")
    if fields.get("deleted"):
        raise MissingError(fields["run"])
    if fields["version"] > VERSION:
        raise StoreError(f"run {fields['run']} was written by a newer flowc: update the one that reads it")
    known = {name: fields[name] for name in RunRecord._fields if name in fields}
    lists = ("tags", "parameters", "trigger")
    return RunRecord(**{**known, **{name: tuple(known[name]) for name in lists if name in known}})


def runs(store: Store, flow: str, successful: bool = False) -> Iterator[RunRecord]:
    """The runs of a flow, the newest first, by one listing and a read each; `successful` ones alone, or all.

    What was deleted, also by hand, is not there, and what was created again counts once, as it is now.
    """
    for key in store.list(created_prefix(flow, successful)):
        name = key.rpartition("/")[2].partition("~")[2]
        try:
            record = parse_run(store.get(f"{escape(flow)}/{name}/_run.json").data)
        except MissingError:
            continue
        if created_key(record.address, record.created, successful) == key:
            yield record


def attempts(store: Store, address: TaskAddress) -> tuple[Attempt, ...]:
    """The starts of a task, the first one first, by a listing and a read each."""
    return tuple(parse_attempt(store, address, store.get(key).data) for key in store.list(address.attempts))


def parse_attempt(store: Store, address: TaskAddress, data: bytes) -> Attempt:
    """The start that the bytes of `attempt-NNNN` tell."""
    fields = opened(data)
    if fields is None:
        raise damaged(f"the start of an attempt of {address}", store, address.of)
    failure = Failure(*fields["failure"]) if fields.get("failure") else None
    log = {name: _attempt_log(store, address, where) for name, where in fields.get("log", {}).items()}
    return Attempt(
        fields["attempt"],
        fields["token"],
        fields["retry"],
        fields["started"],
        fields.get("finished"),
        failure,
        log.get("stdout", ""),
        log.get("stderr", ""),
    )


def _attempt_log(store: Store, address: TaskAddress, where: str | list[Any]) -> str:
    if isinstance(where, str):
        return where
    try:
        return log_text(pickling.whole(store, address.of, where[0], where[1]))
    except (DamagedError, MissingError):
        raise damaged(f"the output of an attempt of {address}", store, address.of) from None
