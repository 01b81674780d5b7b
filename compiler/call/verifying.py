"""Whether all that a run has left in its store is what was written: each object is read once, a piece at a time."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from flowc.artifacts.address import RunAddress, TaskAddress, created_prefix, escape, unescape
from flowc.artifacts.manifest import VERSION, Manifest, RunRecord, parse_run
from flowc.artifacts.pickling import Blob, opened, seal
from flowc.store.protocol import DamagedError, MissingError, Store

from compiler.run.process_state import life
from compiler.slotted_class import fresh, mutable, record

State = Literal["damaged", "gone"]
_PIECE = 4 * 1024 * 1024
"""Bytes that are read at once."""


@record
class Finding:
    """Something that is not what was written. `tasks` are those that refer to it, `key` its place in the store.

    `repair` is what may be done about it: `again` (taken away, so that the tasks do it again), `told` (an attempt's record, which is
    written anew) or nothing.
    """

    state: State
    what: str
    key: str
    tasks: tuple[TaskAddress, ...] = ()
    repair: Literal["again", "told", ""] = ""


@mutable
class Verified:
    """What was found in a run; `objects` and `size` (bytes) have been read; when each task began, in seconds since 1970."""

    run: RunAddress
    record: RunRecord | None = None
    objects: int = 0
    size: int = 0
    findings: list[Finding] = fresh(default_factory=list)
    began: dict[TaskAddress, float] = fresh(default_factory=dict)

    @property
    def again(self) -> list[TaskAddress]:
        """The tasks that have to run again, since something of theirs is damaged or gone, in the order in which they ran."""
        return self.ordered({task for finding in self.findings for task in finding.tasks})

    def ordered(self, tasks: Iterable[TaskAddress]) -> list[TaskAddress]:
        """The tasks in the order in which they ran."""
        return sorted(tasks, key=lambda task: (self.began.get(task, float("inf")), str(task)))


@mutable
class _Use:
    """Who refers to a blob: the tasks, and as what."""

    tasks: set[TaskAddress] = fresh(default_factory=set)
    named: set[str] = fresh(default_factory=set)


@mutable
class _Reading:
    """The progress through a run: what is found, and who refers to what."""

    store: Store
    found: Verified
    progress: Callable[[Verified], None]
    uses: dict[str, _Use] = fresh(default_factory=dict)
    blobs: list[str] = fresh(default_factory=list)
    manifests: set[TaskAddress] = fresh(default_factory=set)
    loaded: set[TaskAddress] = fresh(default_factory=set)

    def tell(self, finding: Finding) -> None:
        """Note what is not what was written."""
        self.found.findings.append(finding)

    def counted(self, size: int) -> None:
        """Count bytes that were read."""
        self.found.size += size
        self.progress(self.found)

    def read(self, key: str) -> None:
        """One object of the run; a blob waits until all is known that refers to it."""
        run, place = self.found.run, key[len(self.found.run.folder) + 1 :]
        last = place.rpartition("/")[2]
        if place.startswith("_blobs/"):
            self.blobs.append(last)
        elif place == "_run.json":
            self._run(self._data(key))
        elif not place.startswith("_") and re.fullmatch("manifest|attempt-[0-9]+", last) and place.count("/") == _DEPTH:
            step, name, _ = place.split("/")
            task = _address(run, unescape(step) or step, name)
            data = self._data(key)
            if last == "manifest":
                self._manifest(task, data)
            else:
                self._attempt(task, last, data)

    def _data(self, key: str) -> bytes:
        data = self.store.get(key).data
        self.found.objects += 1
        self.counted(len(data))
        return data

    def _run(self, data: bytes) -> None:
        try:
            self.found.record = parse_run(data)
        except DamagedError:
            self.tell(Finding("damaged", "the record of the run", self.found.run.record))

    def _manifest(self, task: TaskAddress, data: bytes) -> None:
        self.manifests.add(task)
        try:
            manifest = Manifest(self.store, task, data)
        except DamagedError:
            self.tell(Finding("damaged", f"the manifest of {task}", task.manifest, (task,)))
            return
        self.found.began[task] = manifest.started
        for sha, what in _referred(manifest):
            use = self.uses.setdefault(sha, _Use())
            use.tasks.add(task)
            use.named.add(what)
        self.loaded.update(_address(task.of, step, name) for step, name, _ in manifest.loaded or ())

    def _attempt(self, task: TaskAddress, name: str, data: bytes) -> None:
        fields = opened(data)
        if fields is None:
            self.tell(Finding("damaged", f"the start {name} of {task}", f"{task.folder}/{name}", (), "told"))
            return
        self.found.began.setdefault(task, fields["started"])
        for where in fields.get("log", {}).values():
            if isinstance(where, list):
                self.uses.setdefault(where[0], _Use()).named.add(f"what {name} of {task} printed")

    def read_blobs(self) -> None:
        """Read the blobs, and tell of those that are not there."""
        run = self.found.run
        for sha in self.blobs:
            self.found.objects += 1
            if not _is_whole(self.store, run.blob(sha), sha, self.counted):
                self._tell_blob("damaged", sha, self.uses.get(sha, _Use()))
        for sha in sorted(self.uses.keys() - set(self.blobs)):
            self._tell_blob("gone", sha, self.uses[sha])

    def _tell_blob(self, state: State, sha: str, use: _Use) -> None:
        names = sorted(use.named)
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        what = f"{', '.join(names[:_NAMED]) or 'nothing that counts'}{more} (blob {sha[:12]})"
        self.tell(Finding(state, what, self.found.run.blob(sha), tuple(self.found.ordered(use.tasks)), "again"))


_NAMED = 5
"""So many names of a blob are told; of more the number."""


_DEPTH = 2
"""Slashes in the place of a task's object: its step, its name, the object's own."""


def verify(store: Store, run: RunAddress, progress: Callable[[Verified], None] = lambda _: None) -> Verified:
    """Read all objects of a run. Raises MissingError where it has none."""
    found = Verified(run)
    reading = _Reading(store, found, progress)
    for key in store.list(f"{run.folder}/"):
        reading.read(key)
    if not found.objects and not reading.blobs:
        raise MissingError(run.folder)
    if found.record is None and all(each.key != run.record for each in found.findings):
        reading.tell(Finding("gone", "the record of the run", run.record))
    for task in sorted(reading.loaded - reading.manifests, key=str):
        reading.tell(Finding("gone", f"the manifest of {task}", task.manifest, (task,)))
    reading.read_blobs()
    return found


def _address(run: RunAddress, step: str, name: str) -> TaskAddress:
    index, _, iteration = name.partition("~")
    return run.task(step, index, int(iteration) if iteration else None)


def _referred(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """The blobs that a manifest refers to, and as what."""
    known: dict[str, str] = {frame.items: f"the items of {frame.step}" for frame in manifest.stack}
    known |= {entry.sha: name for name in manifest.names if isinstance(entry := manifest.entry(name), Blob)}
    known |= {str(card["sha"]): "a card" for card in manifest.cards}
    if manifest.items:
        known[manifest.items[0]] = f"the items of {manifest.address.step}"
    for sha in manifest.blobs:
        yield sha, known.get(sha, "small artifacts or output")


def _is_whole(store: Store, key: str, sha: str, count: Callable[[int], None] = lambda _: None) -> bool:
    """Whether an object is there and has the digest that it is named by."""
    digest = hashlib.sha256()
    try:
        size = store.size(key) or 0
        for start in range(0, size, _PIECE):
            piece = store.get_range(key, start, min(_PIECE, size - start))
            digest.update(piece)
            count(len(piece))
    except MissingError:
        return False
    return digest.hexdigest() == sha


def may_live(store: Store, found: Verified) -> bool:
    """Whether nothing tells that the run has ended: its process, the mark of one that went well."""
    known = life(store.url, found.run)
    if known is not None:
        return known == "running"
    name = escape(found.run.run)
    return not any(key.endswith(f"~{name}") for key in store.list(created_prefix(found.run.flow, successful=True)))


def repair(store: Store, found: Verified) -> list[str]:
    """Do what can be done about each finding, and say it.

    A blob comes back from the run that this one goes on from, where that has it whole; else what is damaged is taken away, so that
    another attempt writes it, and a resumed run does again what refers to it. A damaged manifest stays: the next attempt replaces it.
    What is whole by now is left alone.
    """
    return [said for finding in found.findings for said in _repaired(store, found, finding)]


def _repaired(store: Store, found: Verified, finding: Finding) -> Iterator[str]:
    if finding.repair == "told":
        number = int(finding.key.rpartition("-")[2])
        there = store.get(finding.key)
        if opened(there.data) is None and store.replace(finding.key, _lost_attempt(number), there.etag):
            yield f"wrote {finding.key} anew, as an attempt of which nothing is known"
    elif finding.repair == "again":
        sha = finding.key.rpartition("/")[2]
        if _is_whole(store, finding.key, sha):
            return
        if finding.state == "damaged":
            store.delete(finding.key)
        origin = found.record.origin if found.record else ""
        theirs = RunAddress(found.run.flow, origin).blob(sha) if origin else ""
        if theirs and _is_whole(store, theirs, sha):
            store.copy(theirs, finding.key)
            yield f"brought {finding.key} back from {origin}"
        elif finding.state == "damaged":
            yield f"took {finding.key} away"


def _lost_attempt(number: int) -> bytes:
    failure = ("flowc.store.protocol.DamagedError", "what was known of this attempt was damaged", "")
    facts = {"attempt": number, "token": "", "retry": 0, "started": 0, "finished": 0, "failure": failure, "log": {}}
    return seal(json.dumps({"version": VERSION, **facts}).encode())
