"""What a step leaves: which of its attributes are artifacts, and the manifest that makes them visible."""

from __future__ import annotations

import contextlib
import json
import pickle
import types
import warnings
from collections.abc import Iterator, Mapping, Sequence

from flowc.artifacts import pickling
from flowc.artifacts.manifest import PARTS, VERSION, Failure, Stored
from flowc.artifacts.ordering import Fence
from flowc.artifacts.pickling import Blob, Entry, Packed
from flowc.artifacts.work import Transition, Work
from flowc.exceptions import UnpicklableArtifactException
from flowc.named_tuple import NamedTuple
from flowc.store.protocol import Data, Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from flowc.artifacts.loading import Base

PACK = 256 * 1024
"""A pack over this size is a blob of its own, so that a manifest stays quick to read."""


class Fresh(NamedTuple):
    """A value that this task pickled; `known` is the blob that the value was loaded from."""

    kind: str
    pickled: pickling.Pickled
    known: Blob | None = None


class Small(NamedTuple):
    """A small value that this task pickled."""

    kind: str
    data: bytes


Artifact: TypeAlias = "Fresh | Small | Stored"


class Facts(NamedTuple):
    """What every manifest of a run carries on, and where in the graph the task stands."""

    created: float
    tags: tuple[str, ...]
    parameters: tuple[str, ...]
    constants: tuple[str, ...]
    open: tuple[tuple[str, str], ...]
    since: tuple[str, ...] | None
    decisions: Mapping[str, int]
    chose: Mapping[str, str]
    loaded: Sequence[tuple[str, str, str]]
    code: Mapping[str, str]


def facts(
    found: Base | None,
    created: float,
    tags: tuple[str, ...],
    given: tuple[str, ...],
    fixed: tuple[str, ...],
    code: Mapping[str, str],
) -> Facts:
    """What a task's manifest carries on of what it has loaded; the first one, which loads nothing, begins with `given` and `fixed`.

    `code` has the files that it has run.
    """
    if found is None:
        constants = tuple(name for name in fixed if name not in given)
        return Facts(created, tags, given, constants, (), (), {}, {}, (), code)
    there = found.manifest
    return Facts(
        created,
        tags,
        there.parameters,
        there.constants,
        found.open,
        found.since,
        found.decisions,
        found.chose,
        found.loaded,
        code,
    )


class Outcome(NamedTuple):
    """What of a task is no artifact: facts, the way on, how it ended, what was printed."""

    facts: Facts
    transition: Transition | None
    caught: Failure | None
    finished: float
    stdout: bytes
    stderr: bytes


def pickled(step: str, name: str, value: Any, known: Blob | None = None) -> Fresh | Small:
    """A value's bytes. Raises UnpicklableArtifactException, which names the artifact, its type and the step."""
    if type(value) in pickling.UNCHANGING:
        data = pickle.dumps(value, 5)
        if len(data) < pickling.SMALL:
            return Small(type(value).__name__, data)
    kind = kind_of(value)
    try:
        found = pickling.dumps(value)
        if found.buffers and found.size < pickling.SMALL:
            found = pickling.dumps(value, whole=True)
    except pickling.NotPicklableError as error:
        raise UnpicklableArtifactException(
            f"artifact {name!r} of step {step!r} is of type {kind} and cannot be saved: {error}"
        ) from None
    return Fresh(kind, found, known)


def constants(step: str, values: Mapping[str, Any]) -> Iterator[tuple[str, Fresh | Small]]:
    """A class's constants; one that cannot be saved (a lock, a module) is what the code says in each task."""
    for name, value in values.items():
        with contextlib.suppress(UnpicklableArtifactException):
            yield name, pickled(step, name, value)


def kind_of(value: Any) -> str:
    """The name of a value's type."""
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def artifacts(flow: Any, work: Work, fixed: Mapping[str, Artifact]) -> dict[str, Artifact]:
    """All that is visible after the step: parameters and constants as they were, what it carries on, what it has set."""
    found: dict[str, Artifact] = dict(fixed)
    inherited, loaded = work.inherited, work.loaded
    found.update({name: stored for name, stored in inherited.items() if name not in found})
    for name, value in _own(flow):
        if name in fixed or (name in loaded and loaded[name] is value):
            continue
        before = inherited.get(name)
        known = before.entry if before and isinstance(before.entry, Blob) else None
        found[name] = pickled(work.address.step, name, value, known)
    return found


def _own(flow: Any) -> Iterator[tuple[str, Any]]:
    """The attributes of the instance that are artifacts."""
    mangled = tuple(f"_{base.__name__.lstrip('_')}__" for base in type(flow).__mro__)
    for name, value in list(vars(flow).items()):
        if name.startswith("__") or (name.startswith(mangled) and not name.endswith("__")):
            continue
        if isinstance(value, (types.FunctionType, types.MethodType)):
            warnings.warn(
                f"self.{name} is a function: functions are not saved, later steps do not see it", stacklevel=1
            )
            continue
        yield name, value


def manifest(store: Store, fence: Fence, work: Work, found: Mapping[str, Artifact], outcome: Outcome) -> bytes:
    """Save the large artifacts and make the manifest of all of them."""
    entries: dict[str, Entry] = {}
    pack: list[Data] = []
    end = 0
    for name, artifact in found.items():
        kind, data = _placed(artifact)
        if data is None:
            entries[name] = _blob(store, work, artifact)
        else:
            entries[name] = Packed(kind, end, len(data))
            pack.append(data)
            end += len(data)
    where: Any = end
    if end > PACK:
        where, pack, end = pickling.save_pieces(store, work.address.of, pack), [], 0
    log, tail = _log(store, work, outcome, end)
    header = {
        "version": PARTS if any(isinstance(entry, Blob) and entry.stored for entry in entries.values()) else VERSION,
        **_facts(fence, work, outcome),
        **_way(store, work, outcome),
        **_lineage(fence, work, outcome),
        "pack": where,
        "log": log,
        "artifacts": entries,
    }
    return b"".join((json.dumps(header, separators=(",", ":")).encode(), b"\n", *pack, *tail))


def _placed(artifact: Artifact) -> tuple[str, Data | None]:
    """The type's name, and the bytes where they are small."""
    if isinstance(artifact, Small):
        return artifact
    if isinstance(artifact, Stored):
        entry = artifact.entry
        return entry.kind, artifact.manifest.content(entry) if isinstance(entry, Packed) else None
    is_small = artifact.pickled.size < pickling.SMALL
    return artifact.kind, b"".join(artifact.pickled.stream) if is_small else None


def _blob(store: Store, work: Work, artifact: Artifact) -> Entry:
    """Where a large artifact lies, which is saved where this task made it."""
    if isinstance(artifact, Fresh):
        return pickling.save_blob(store, work.address.of, artifact.kind, artifact.pickled, artifact.known)
    assert isinstance(artifact, Stored), "what is small lies in the pack"
    return artifact.entry


def _facts(fence: Fence, work: Work, outcome: Outcome) -> dict[str, Any]:
    return {
        "attempt": fence.attempt,
        "token": fence.token,
        "retry": fence.retry,
        "started": fence.started,
        "finished": outcome.finished,
        "created": outcome.facts.created,
        "tags": outcome.facts.tags,
        "parameters": outcome.facts.parameters,
        "constants": outcome.facts.constants,
        "stack": work.stack,
        "code": outcome.facts.code,
        "caught": outcome.caught,
    }


def _way(store: Store, work: Work, outcome: Outcome) -> dict[str, Any]:
    """What follows: the steps, the width or case, the splits that are open then."""
    taken, opened, decisions = outcome.transition, outcome.facts.open, outcome.facts.decisions
    found: dict[str, Any] = {"next": (), "closes": "", "open": opened, "decisions": decisions}
    if taken is None:
        return found
    found["next"] = taken.targets
    if taken.into_join and opened:
        found["closes"] = opened[-1][1]
    if taken.kind in ("split", "foreach", "gang"):
        found["open"] = (*opened, (work.address.step, "split" if taken.kind == "split" else "foreach"))
    if taken.case is not None:
        found["case"] = taken.case
        found["decisions"] = {**decisions, work.address.step: taken.case}
    if taken.items is not None:
        found["fan"] = len(taken.items)
        found["items"] = _items(store, work, taken)
    return found


def _lineage(fence: Fence, work: Work, outcome: Outcome) -> dict[str, Any]:
    """Which attempts led here: of what was loaded, of the open splits, of the switches."""
    facts, taken = outcome.facts, outcome.transition
    found: dict[str, Any] = {"loaded": facts.loaded, "chose": facts.chose}
    if taken is not None and taken.case is not None:
        found["chose"] = {**facts.chose, work.address.step: fence.token}
    if facts.since is not None:
        is_split = taken is not None and taken.kind in ("split", "foreach", "gang")
        found["since"] = (*facts.since, fence.token) if is_split else facts.since
    return found


def _items(store: Store, work: Work, taken: Transition) -> tuple[str, int]:
    assert taken.items is not None, "a foreach has items"
    try:
        return pickling.save_items(store, work.address.of, taken.items)
    except pickling.NotPicklableError as error:
        step, kinds = work.address.step, ", ".join(sorted({kind_of(item) for item in taken.items}))
        raise UnpicklableArtifactException(
            f"the items of artifact {taken.variable!r} of step {step!r} are of type {kinds} and cannot be saved: {error}"
        ) from None


def _log(store: Store, work: Work, outcome: Outcome, end: int) -> tuple[dict[str, Any], list[bytes]]:
    """Where the output lies: behind the pack while it is small, else in a blob."""
    places: dict[str, Any] = {}
    tail: list[bytes] = []
    for name, output in (("stdout", outcome.stdout), ("stderr", outcome.stderr)):
        if len(output) < pickling.SMALL:
            places[name] = (end, len(output), "")
            tail.append(output)
            end += len(output)
        else:
            sha, size = pickling.save_pieces(store, work.address.of, (output,))
            places[name] = (0, size, sha)
    return places, tail
