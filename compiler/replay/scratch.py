"""The folder of a replay: what the run's store is covered with, so that nothing of the run changes."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from flowc.artifacts.address import TaskAddress, parse_loads
from flowc.artifacts.loading import Base, base
from flowc.artifacts.manifest import Manifest, read
from flowc.artifacts.pickling import Blob, dumps, save_blob
from flowc.artifacts.saving import kind_of
from flowc.client.walk import at_once
from flowc.store.overlay import LEFT, OverlayStore, Rules, write_rules
from flowc.store.protocol import MissingError, Store

from compiler.backends.command import loads_text
from compiler.ir.plan import Begin, Plan, Task
from compiler.mistakes import CallError
from compiler.replay.chosen import Chosen
from compiler.slotted_class import record
from compiler.workspace.settings import did_you_mean

_MANY = 32
"""So many manifests are read at once."""


@record
class Scratch:
    """The folder, the run's store under it, and what was set anew: artifacts of earlier steps, or parameters of the first one."""

    folder: Path
    store: OverlayStore
    blobs: Mapping[str, Blob]
    given: Mapping[str, object]

    @property
    def left(self) -> Manifest | None:
        """What the replay has left, where it has."""
        try:
            return read(self.store, self.address)
        except MissingError:
            return None

    @property
    def address(self) -> TaskAddress:
        """The task."""
        return TaskAddress(*self.store.rules.task)


@contextmanager
def scratch(
    store: Store, chosen: Chosen, plan: Plan, values: Mapping[str, object], keep: Path | None
) -> Iterator[Scratch]:
    """A fresh folder, which is gone at the end; what `kept` moved away is not. Raises CallError for a name to be set that is none."""
    beside = (
        {"dir": keep.absolute().parent, "prefix": f".{keep.name}-"}
        if keep
        else {"dir": None, "prefix": "flowc-replay-"}
    )
    folder = Path(tempfile.mkdtemp(**beside))
    try:
        task = plan.tasks[chosen.address.step]
        rules = _rules(store, chosen, task)
        over = OverlayStore(store, str(folder), rules)
        blobs: Mapping[str, Blob] = {}
        given: Mapping[str, object] = {}
        if isinstance(task.loads, Begin) and not chosen.address.iteration:
            given = _parameters(plan, values)
            rules = rules._replace(has_parameters=chosen.now is not None, given=tuple(given))
            given = given if rules.has_parameters else {**(chosen.record.given or {}), **given}
            over = OverlayStore(store, str(folder), rules)
        elif values:
            blobs = _set(over, chosen, plan, task, values)
        write_rules(str(folder), rules)
        if chosen.now is not None:
            (folder / LEFT).write_bytes(store.get(chosen.address.manifest).data)
        yield Scratch(folder, over, blobs, given)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _rules(store: Store, chosen: Chosen, task: Task) -> Rules:
    """What the replay does not see: what the attempt and those after it left; of a task that repeats all iterations."""
    address = chosen.address
    hidden = [f"{address.folder}/"]
    if task.repeats and address.iteration is None:
        hidden.append(address.iterations)
    before = [key for key in store.list(address.attempts) if int(key[len(address.attempts) :]) < chosen.number]
    return Rules(store.url, tuple(address), tuple(hidden), tuple(before))


def _parameters(plan: Plan, values: Mapping[str, object]) -> dict[str, object]:
    """The values by the parameters' attributes. Raises CallError."""
    names = {name: each.attribute for each in plan.parameters for name in (each.name, each.attribute)}
    for name in values:
        if name not in names:
            raise CallError(
                f"--set {name}: the flow has no parameter of that name, and its first step has no other input{did_you_mean(name, names)}"
            )
    return {names[name]: value for name, value in values.items()}


def _set(over: OverlayStore, chosen: Chosen, plan: Plan, task: Task, values: Mapping[str, object]) -> dict[str, Blob]:
    """Let what the task loads have other artifacts. Raises CallError where none of it has one of that name."""
    loaded = manifests(base(over, chosen.address, parse_loads(loads_text(task.loads))))
    attributes = {each.name: each.attribute for each in plan.parameters}
    known = {name for each in loaded for name in each.names}
    found: dict[str, Blob] = {}
    for name, value in values.items():
        attribute = name if name in known else attributes.get(name, name)
        if attribute not in known:
            told = "; the item of a foreach cannot be set" if name == "input" else did_you_mean(name, known)
            raise CallError(f"--set {name}: no input of {chosen.path} has an artifact of that name{told}")
        found[attribute] = save_blob(over, chosen.record.address, kind_of(value), dumps(value, whole=True))
    for each in loaded:
        mine = {name: blob for name, blob in found.items() if name in each}
        if mine:
            over.put(each.address.manifest, (each.with_entries(mine),))
    return found


def manifests(found: Base) -> tuple[Manifest, ...]:
    """What a task goes on from: the step before it; of a join, the split and the ends of its branches."""
    return (found.manifest, *(found.inputs.manifests() if found.inputs is not None else ()))


def replaced_inputs(store: Store, chosen: Chosen, task: Task) -> list[str]:
    """The tasks that have left something else since the attempt loaded it; of one that did not write that down, by the times.

    They count as they are now. Raises CallMistake where what the task loads is not there.
    """
    run = chosen.record.address
    if chosen.left is not None and chosen.left.loaded is not None:
        places = [(run.named(step, name), token) for step, name, token in chosen.left.loaded]
        now = at_once(lambda place: read(store, place[0]), places, _MANY)
        return [
            chosen.record.path_of(each.address)
            for each, (_, token) in zip(now, places, strict=True)
            if not each.token.startswith(token)
        ]
    if isinstance(task.loads, Begin) and not chosen.address.iteration:
        return []
    found = manifests(base(store, chosen.address, parse_loads(loads_text(task.loads))))
    return [chosen.record.path_of(each.address) for each in found if each.finished > chosen.started]


def kept(found: Scratch, chosen: Chosen, keep: Path) -> str:
    """Let the folder stay, under that name, as a store that holds the task whole; its URL. Raises CallError where something is there."""
    left, store = found.left, found.store
    for sha in sorted(left.blobs) if left is not None else ():
        store.copy(chosen.record.address.blob(sha), chosen.record.address.blob(sha))
    store.copy(chosen.record.address.record, chosen.record.address.record)
    for name in (".replay", LEFT, GIVEN):
        (found.folder / name).unlink(missing_ok=True)
    try:
        if keep.is_dir():
            keep.rmdir()
        found.folder.rename(keep)
    except OSError as error:
        raise CallError(f"cannot keep the replay in {keep}: {error.strerror}") from error
    return f"file:{keep.absolute()}"


GIVEN = ".given"
"""The parameters that are given anew, as JSON, in the folder."""


def write_given(found: Scratch) -> str:
    """The URL of the parameters that are given anew."""
    path = found.folder / GIVEN
    path.write_text(json.dumps(found.given), encoding="utf-8")
    return f"file:{path}"
