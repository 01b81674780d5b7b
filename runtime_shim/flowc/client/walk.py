"""The tasks of a run as its decisions and widths lead to them, read several at once, and no more of them than are needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flowc.artifacts.address import RunAddress, TaskAddress
from flowc.artifacts.manifest import Attempt, Manifest, parse_attempt, read, read_run
from flowc.store.files import FileStore
from flowc.store.protocol import MissingError, Store

_AT_ONCE = 16
_WAVE = 256

Found = tuple[TaskAddress, "Manifest | None"]


def walk(store: Store, run: RunAddress, toward: str | None = None) -> Iterator[Found]:
    """Every task that the run has or will have next, in order, with its manifest; None where it has not finished.

    With `toward`, an index path (`-` for the flow's own level), of each foreach only the child is seen that leads there, the
    first where none does: enough for every task at that path. Raises MissingError where there is no such run.
    """
    wave = [run.task(read_run(store, run).first)]
    seen = set(wave)
    while wave:
        following: list[TaskAddress] = []
        for start in range(0, len(wave), _WAVE):
            for address, manifest in _together(store, wave[start : start + _WAVE]):
                yield address, manifest
                for follower in _followers(manifest, toward) if manifest else ():
                    if follower not in seen:
                        seen.add(follower)
                        following.append(follower)
        wave = following


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


def _together(store: Store, wave: list[TaskAddress]) -> list[Found]:
    def one(address: TaskAddress) -> Found:
        try:
            return address, read(store, address)
        except MissingError:
            return address, None

    if len(wave) == 1 or isinstance(store, FileStore):
        return [one(address) for address in wave]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(_AT_ONCE, len(wave))) as pool:
        return list(pool.map(one, wave))
