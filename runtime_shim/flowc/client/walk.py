"""The tasks of a run as its decisions and widths lead to them, read several at once, and no more of them than are needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from flowc.artifacts.address import RunAddress, TaskAddress
from flowc.artifacts.manifest import Attempt, Manifest, parse_attempt, read, read_run
from flowc.store.files import FileStore
from flowc.store.protocol import MissingError, Store

T = TypeVar("T")
R = TypeVar("R")

_AT_ONCE = 16
_WAVE = 256

Found = tuple[TaskAddress, "Manifest | None"]


def walk(store: Store, run: RunAddress, toward: str | None = None) -> Iterator[Found]:
    """Every task that the run has or will have next, in order, with its manifest; None where it has not finished.

    With `toward`, an index path (`-` for the flow's own level), of each foreach only the child is seen that leads there, the
    first where none does: enough for every task at that path. Raises MissingError where there is no such run.
    """
    yield from waves(store, [run.task(read_run(store, run).first)], toward)


def waves(
    store: Store, wave: list[TaskAddress], toward: str | None = None, leaving: dict[TaskAddress, None] | None = None
) -> Iterator[Found]:
    """The tasks of the first wave and all that follow; with `leaving` those outside any foreach are put there and not followed."""
    seen = set(wave)
    while wave:
        following: list[TaskAddress] = []
        for start in range(0, len(wave), _WAVE):
            for address, manifest in together(store, wave[start : start + _WAVE]):
                yield address, manifest
                for follower in _followers(manifest, toward) if manifest else ():
                    if leaving is not None and follower.index == "-":
                        leaving[follower] = None
                    elif follower not in seen:
                        seen.add(follower)
                        following.append(follower)
        wave = following


def tasks_of(store: Store, run: RunAddress, step: str) -> Iterator[Found]:
    """The tasks of one step that `walk` meets, in the order of their index paths, the first ones early.

    Of a foreach outside any other some children are read at a time, with all that is in them: no more is in memory than that.
    Raises MissingError where there is no such run.
    """
    wave = [run.task(read_run(store, run).first)]
    seen = set(wave)
    passed: list[tuple[TaskAddress, ...]] = []
    while wave:
        following: dict[TaskAddress, None] = {}
        for address, manifest in together(store, wave):
            if address.step == step:
                yield address, manifest
                return
            if manifest is None or manifest.fan is None:
                following |= dict.fromkeys(manifest.followers() if manifest else ())
                continue
            is_met = False
            for rest, found in _windows(store, manifest.followers(), step, following):
                is_met = is_met or bool(found)
                yield from found
                if not is_met:  # it may be in a child further on, or elsewhere: that is cheaper to see
                    passed.append(rest)
                    break
            if is_met:
                return
        wave = [each for each in following if each not in seen]
        seen.update(wave)
    for children in passed:
        for _, found in _windows(store, children, step, {}):
            yield from found


def _windows(
    store: Store, children: tuple[TaskAddress, ...], step: str, leaving: dict[TaskAddress, None]
) -> Iterator[tuple[tuple[TaskAddress, ...], list[Found]]]:
    """The tasks of the step in some children at a time, few at first, with the children that are left."""
    size = _AT_ONCE
    while children:
        window, children = children[:size], children[size:]
        found = [each for each in waves(store, [*window], None, leaving) if each[0].step == step]
        yield children, sorted(found, key=lambda each: each[0].place)
        size = min(2 * size, _WAVE) if len(found) <= _WAVE else _AT_ONCE


def is_started(store: Store, found: Found) -> bool:
    """Whether any attempt of the task has begun."""
    address, manifest = found
    return manifest is not None or store.size(address.attempt(1)) is not None


def iterations(store: Store, found: Found) -> list[TaskAddress]:
    """The iterations of a task that a switch sends back to itself, as far as they have begun, in order; none of others."""
    address, manifest = found
    if manifest is not None:
        numbers: Iterable[int] = range(manifest.iterations or 0)
    else:
        folders = {key[len(address.iterations) :].partition("/")[0] for key in store.list(address.iterations)}
        numbers = sorted(int(number) for number in folders)
    return [address._replace(iteration=number) for number in numbers]


def newest_failure(store: Store, address: TaskAddress, above: int) -> Attempt | None:
    """The newest failed one of the attempts with a higher number than `above`."""
    for key in reversed(list(store.list(address.attempts))):
        if int(key[len(address.attempts) :]) <= above:
            return None
        attempt = parse_attempt(store, address, store.get(key).data)
        if attempt.failure:
            return attempt
    return None


def repeated(store: Store, run: RunAddress, steps: set[str]) -> set[str]:
    """Of the tasks of these steps, the folders of those that were started more than once, by a listing a step."""
    found: set[str] = set()
    for step in steps:
        folder = run.task(step).folder.rpartition("/")[0]
        keys = [key for key in store.list(folder + "/") if "/attempt-" in key]
        found |= {key.rpartition("/")[0] for key in keys if not key.endswith("-0001")}
    return found


def _followers(manifest: Manifest, toward: str | None) -> tuple[TaskAddress, ...]:
    found = manifest.followers()
    if toward is None or manifest.fan is None:
        return found
    leading = [follower for follower in found if f"{toward}.".startswith(f"{follower.index}.")]
    return tuple(leading or found[:1])


def together(store: Store, wave: Sequence[TaskAddress]) -> Iterable[Found]:
    """These tasks with their manifests; None where one has not finished."""

    def one(address: TaskAddress) -> Found:
        try:
            return address, read(store, address)
        except MissingError:
            return address, None

    return read_at_once(store, one, wave)


def read_at_once(store: Store, function: Callable[[T], R], items: Sequence[T]) -> Iterable[R]:
    """What the function reads for each item, in order: a few at once where each asks a server."""
    return map(function, items) if isinstance(store, FileStore) else at_once(function, items)


def at_once(function: Callable[[T], R], items: Sequence[T], most: int | None = None) -> list[R]:
    """What the function gives for each item, in order, so many at once."""
    if len(items) <= 1:
        return [function(item) for item in items]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(most or _AT_ONCE, len(items))) as pool:
        return list(pool.map(function, items))
