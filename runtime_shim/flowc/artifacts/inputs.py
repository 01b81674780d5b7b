"""The inputs of a join, and `merge_artifacts`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from flowc.artifacts import pickling
from flowc.artifacts.manifest import Blob, Manifest, Stored, read
from flowc.artifacts.work import KEY, Work, item_of, stack_text
from flowc.exceptions import (
    CallMistake,
    MetaflowException,
    MissingInMergeArtifactsException,
    UnhandledInMergeArtifactsException,
)
from flowc.named_tuple import NamedTuple
from flowc.standard_path import standard_path
from flowc.store.protocol import MissingError, Store, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, overload

_AHEAD = 16
"""How many inputs are read at once where a read is a request."""


class Place(NamedTuple):
    """Where one input lies: the arm's first step, the address of the task that it ended with, the switches that say so."""

    arm: str
    address: Any
    switches: tuple[Manifest, ...] = ()


class Input:
    """One branch of a join: its artifacts are attributes."""

    def __init__(self, manifest: Manifest) -> None:
        self.__dict__[KEY] = manifest

    def __getattr__(self, name: str) -> Any:
        manifest: Manifest = self.__dict__[KEY]
        if name[:2] == "__" or name not in manifest:
            raise AttributeError(f"step {manifest.address.step!r} ({manifest.address}) has no artifact {name!r}")
        value = self.__dict__[name] = manifest[name]
        return value

    @property
    def index(self) -> int | None:
        """The place of the branch in the innermost foreach; None outside any."""
        stack = self.__dict__[KEY].stack
        return stack[-1].place if stack else None

    @property
    def input(self) -> Any:
        """The item of the branch; None outside any foreach."""
        manifest = self.__dict__[KEY]
        return item_of(manifest, manifest.stack[-1]) if manifest.stack else None

    def foreach_stack(self) -> list[tuple[int, int, str]]:
        """As `self.foreach_stack()` was in the branch."""
        manifest = self.__dict__[KEY]
        return stack_text(manifest.stack, lambda level: item_of(manifest, manifest.stack[level]))

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError("an input of a join is no artifact: save what you need of it")


class Inputs(Sequence[Input]):
    """What a join gets: in the order of the split, by place or by the name of a branch's step."""

    def __init__(self, store: Store, places: list[Place], named: bool) -> None:
        self._store = store
        self.places = places
        self._named = named
        self._found: dict[int, Input] = {}

    def manifests(self) -> list[Manifest]:
        """What each branch left, in order. Raises CallMistake where one is not in the store."""
        return [branch.__dict__[KEY] for branch in self]

    def __len__(self) -> int:
        return len(self.places)

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, place: int) -> Input: ...

        @overload
        def __getitem__(self, place: slice) -> list[Input]: ...

    def __getitem__(self, place: int | slice) -> Input | list[Input]:
        if isinstance(place, slice):
            return [self[number] for number in range(*place.indices(len(self)))]
        number = range(len(self.places))[place]
        if number not in self._found:
            self._found[number] = Input(_read(self._store, self.places[number].address))
        return self._found[number]

    def __iter__(self) -> Iterator[Input]:
        for number in range(len(self)):
            if number not in self._found and not self._store.url.startswith("file:"):
                self._read_ahead(range(number, min(number + _AHEAD, len(self))))
            yield self[number]

    def _read_ahead(self, numbers: range) -> None:
        """Read some inputs side by side: each is a request, and requests wait. What fails is read again when its turn comes."""
        with standard_path():
            import threading

        def read_one(number: int) -> None:
            with contextlib.suppress(MetaflowException, StoreError):
                self._found[number] = Input(_read(self._store, self.places[number].address))

        threads = [threading.Thread(target=read_one, args=(number,)) for number in numbers if number not in self._found]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def __getattr__(self, name: str) -> Input:
        if name[:1] == "_":
            raise AttributeError(name)
        if self._named:
            for key in (_last_step, _first_step):
                for number, place in enumerate(self.places):
                    if key(place) == name:
                        return self[number]
        there = ", ".join(map(_told, self.places)) if self._named else "inputs[0], inputs[1], …"
        raise AttributeError(f"no input {name!r}: this join has {there}")

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError("`inputs` is no artifact: save what you need of it")


def _last_step(place: Place) -> Any:
    return place.address.step


def _first_step(place: Place) -> Any:
    return place.arm


def _told(place: Place) -> str:
    """An input by its last step, and by its arm's first where a switch may have led elsewhere."""
    last = str(place.address.step)
    return last if last == place.arm else f"{last} (of the arm of {place.arm})"


def _read(store: Store, address: Any) -> Manifest:
    try:
        return read(store, address)
    except MissingError:
        raise CallMistake(
            f"the artifacts of {address} are not in the store {store.url}: did it run, and there?"
        ) from None


def merge(flow: Any, work: Work, inputs: Any, exclude: Sequence[str], include: Sequence[str]) -> None:
    """Let the join carry on each artifact of which all branches that have it hold the same value.

    What the join has set itself is left alone. Nothing is set where something is wrong: both lists given, another step than a
    join, a name with different values, a name of `include` that no branch has.
    """
    if work.inputs is None:
        raise MetaflowException(
            f"step {work.address.step!r} is no join: merge_artifacts is for steps that take `inputs`"
        )
    if include and exclude:
        raise MetaflowException("merge_artifacts takes `exclude` or `include`, not both")
    candidates = _candidates(flow, work, inputs, exclude, include)
    missing = sorted(set(include) - set(candidates) - _own(flow, work))
    if missing:
        raise MissingInMergeArtifactsException(f"no branch has {', '.join(missing)}", missing)
    unhandled = sorted(name for name, stored in candidates.items() if not _agree(stored))
    if unhandled:
        names = ", ".join(unhandled)
        text = f"these artifacts differ between the branches of {work.address.step!r}: {names}. Set them before, or exclude them"
        raise UnhandledInMergeArtifactsException(text, unhandled)
    work.inherited.update({name: stored[0] for name, stored in candidates.items()})


def _own(flow: Any, work: Work) -> set[str]:
    return set(flow.__dict__) | set(work.inherited)


def _candidates(
    flow: Any, work: Work, inputs: Any, exclude: Sequence[str], include: Sequence[str]
) -> dict[str, list[Stored]]:
    own = _own(flow, work)
    found: dict[str, list[Stored]] = {}
    for branch in inputs:
        manifest: Manifest = branch.__dict__[KEY]
        fixed = {*manifest.parameters, *manifest.constants}
        for name in manifest.names:
            wanted = name in include if include else name not in exclude
            if wanted and name not in own and name not in fixed:
                found.setdefault(name, []).append(Stored(manifest, manifest.entry(name)))
    return found


def _agree(stored: list[Stored]) -> bool:
    first = stored[0]
    return all(_same(first, other) for other in stored[1:])


def _same(left: Stored, right: Stored) -> bool:
    kinds = {left.entry.kind, right.entry.kind}
    if len(kinds) > 1:
        # A class of ours may have another name in what an earlier version saved: then the values decide.
        return all(kind.startswith("flowc.") for kind in kinds) and _value_bytes(left) == _value_bytes(right)
    return content(left) == content(right) or _value_bytes(left) == _value_bytes(right)


def content(stored: Stored) -> object:
    """What two artifacts have in common whose bytes are the same."""
    if isinstance(stored.entry, Blob):
        return stored.entry.raw
    return stored.manifest.content(stored.entry)


def _value_bytes(stored: Stored) -> bytes:
    # The same value has different pickles where one was made from what was unpickled: unpickled once more, they meet.
    value = stored.manifest.value(stored.entry)
    return b"".join(bytes(piece) for piece in pickling.dumps(value, whole=True).stream)
