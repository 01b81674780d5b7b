"""Where a task's things lie in the store, and what `--load` says: pure functions of names."""

from __future__ import annotations

import re

from flowc.named_tuple import NamedTuple
from flowc.store.protocol import sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

_LONGEST = 180
_INDEX = r"([0-9]+(?:\.[0-9]+)*)"
_SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")


def escape(component: str) -> str:
    """One component of a key, without collisions: `[A-Za-z0-9._-]` stay, a leading `_` or `.` and all else are `%XX`.

    What would be longer than 180 characters is cut and ends in `~` and a hash; only the run's record then says the name.
    """
    assert component, "a component of a key has at least one character"
    text = component if component[0] not in "_." and _SAFE.issuperset(component) else _quoted(component)
    if len(text) <= _LONGEST:
        return text
    digest = sha256((component.encode("utf-8", "surrogatepass"),))[:32]
    return f"{re.sub('%.?$', '', text[:140])}~{digest}"


def unescape(text: str) -> str | None:
    """The component that `escape` made the text of; None where it was cut."""
    if re.search("~[0-9a-f]{32}$", text):
        return None
    data = re.sub(rb"%([0-9A-F]{2})", lambda match: bytes.fromhex(match[1].decode()), text.encode())
    return data.decode("utf-8", "surrogatepass")


def _quoted(component: str) -> str:
    data = component.encode("utf-8", "surrogatepass")
    return "".join(
        char if char in _SAFE and (place or char not in "_.") else f"%{byte:02X}"
        for place, (byte, char) in enumerate(zip(data, map(chr, data)))
    )


class RunAddress(NamedTuple):
    """A run of a flow, by their names."""

    flow: str
    run: str

    @property
    def folder(self) -> str:
        """The prefix of everything that belongs to the run, without the last `/`."""
        return f"{escape(self.flow)}/{escape(self.run)}"

    @property
    def record(self) -> str:
        """The key of the claim."""
        return f"{self.folder}/_run.json"

    def blob(self, sha: str) -> str:
        """The key of a blob, by its content."""
        return f"{self.folder}/_blobs/{sha}"

    def task(self, step: str, index: str = "-", iteration: int | None = None) -> TaskAddress:
        """The address of one of its tasks."""
        return TaskAddress(self.flow, self.run, step, index, iteration)

    def named(self, step: str, text: str) -> TaskAddress:
        """The task of a step by its id (`fit-2.0`, `loop-i3`) or its index path (`2.0`, `-~3`); no task has what is neither."""
        found = re.fullmatch(f"(?:{re.escape(step)}(?:-{_INDEX})?(?:-i([0-9]+))?|(-|{_INDEX})(?:~([0-9]+))?)", text)
        if found is None:
            return self.task(step, text)
        iteration = found[2] or found[5]
        return self.task(step, found[1] or found[3] or "-", int(iteration) if iteration else None)


class TaskAddress(NamedTuple):
    """A task: a step of a run, its index path (`-` outside any foreach), and its iteration where a switch repeats it."""

    flow: str
    run: str
    step: str
    index: str = "-"  # type: ignore[assignment]  # a tuple has a method of that name, which nobody wants here
    iteration: int | None = None

    @property
    def of(self) -> RunAddress:
        """The run that the task belongs to."""
        return RunAddress(self.flow, self.run)

    @property
    def folder(self) -> str:
        """The prefix of the task's objects, without the last `/`."""
        return f"{escape(self.flow)}/{escape(self.run)}/{escape(self.step)}/{self.name}"

    @property
    def name(self) -> str:
        """What tells it from the other tasks of its step: `2.0`, or `2.0~7` for an iteration."""
        return self.index if self.iteration is None else f"{self.index}~{self.iteration}"

    @property
    def id(self) -> str:
        """What tells it from all tasks of its run, and may be part of a file's name: `fit`, `fit-2.0`, `loop-i3`, `loop-2.0-i3`."""
        words = [self.step, *([] if self.index == "-" else [self.index])]
        return "-".join(words if self.iteration is None else [*words, f"i{self.iteration}"])

    @property
    def place(self) -> tuple[int, ...]:
        """What the tasks of a step are ordered by."""
        return () if self.index == "-" else tuple(int(part) for part in self.index.split("."))

    @property
    def iterations(self) -> str:
        """What the keys of its iterations begin with."""
        return f"{self.folder}~"

    @property
    def manifest(self) -> str:
        """The key of what the newest finished attempt left."""
        return f"{self.folder}/manifest"

    @property
    def attempts(self) -> str:
        """What the keys of the attempts begin with."""
        return f"{self.folder}/attempt-"

    def attempt(self, number: int) -> str:
        """The key of a task's start; that of an iteration holds the task's own number, too, in eight digits."""
        return f"{self.attempts}{number:0{4 if self.iteration is None else 8}d}"

    @property
    def live_pages(self) -> str:
        """What the keys of the pages begin with that its cards are while it runs."""
        return f"{self.of.folder}/_live/{escape(self.step)}/{self.name}/"

    def live(self, attempt: int) -> str:
        """The same of one attempt."""
        return f"{self.live_pages}{attempt:04d}-"

    def at(self, step: str, index: str) -> TaskAddress:
        """Another task of the same run."""
        return TaskAddress(self.flow, self.run, step, index)

    def __str__(self) -> str:
        return f"{self.flow}/{self.run}/{self.step}/{self.id}"


def child(index: str, part: int) -> str:
    """The index path one level deeper."""
    return str(part) if index == "-" else f"{index}.{part}"


def parent(index: str) -> str:
    """The index path one level up."""
    return index.rpartition(".")[0] or "-"


def last_part(index: str) -> int:
    """The task's own place among its siblings."""
    return int(index.rpartition(".")[2])


def created_prefix(flow: str, successful: bool = False) -> str:
    """What the keys begin with that order a flow's runs, newest first; `successful` ones alone, or all."""
    return f"{escape(flow)}/{'_successful' if successful else '_created'}/"


def created_key(address: RunAddress, created: float, successful: bool = False) -> str:
    """The key that puts a run among the runs of its flow."""
    inverse = 10**16 - 1 - int(created * 1_000_000)
    return f"{created_prefix(address.flow, successful)}{inverse:016d}~{escape(address.run)}"


class Choice(NamedTuple):
    """The step to load from where each of the named switches took one of the named cases."""

    when: tuple[tuple[str, tuple[int, ...]], ...]
    step: str


Load: TypeAlias = "tuple[Choice, ...]"
"""An ordered decision list; the first choice whose conditions hold is loaded."""


class Begin(NamedTuple):
    """The first step: it takes the parameters and claims the run."""


class Follow(NamedTuple):
    """The step goes on from one earlier step at its own index path."""

    load: Load


class Enter(NamedTuple):
    """The first step of a foreach's body: `split` is one level up. In a gang it waits for its siblings."""

    split: str
    gang: bool = False


class Merge(NamedTuple):
    """The join of a static split: its inputs in order, each with its arm's first step."""

    split: str
    arms: tuple[tuple[str, Load], ...]


class Gather(NamedTuple):
    """The join of a foreach: `load` at `<index>.0`, `<index>.1`, …"""

    split: str
    load: Load


Loads: TypeAlias = "Begin | Follow | Enter | Merge | Gather"


def parse_loads(text: str) -> Loads:
    """What `--load` says; `compiler.backends.command.loads_text` writes it. Raises ValueError for any other text."""
    kind, colon, rest = text.partition(":")
    if not colon or "=" in kind:
        return Follow(_load(text)) if text else Begin()
    split, slash, what = rest.partition("/")
    if kind in ("foreach", "gang") and not slash:
        return Enter(_step(split), kind == "gang")
    if kind == "merge" and slash:
        return Merge(_step(split), tuple(_arm(part) for part in what.split(";")))
    if kind == "gather" and slash:
        return Gather(_step(split), _load(what))
    raise ValueError(f"no way to load: {text!r}")


def _arm(text: str) -> tuple[str, Load]:
    name, arrow, load = text.partition(">")
    return _step(name), _load(load if arrow else name)


def _load(text: str) -> Load:
    return tuple(_choice(part) for part in text.split(","))


def _choice(text: str) -> Choice:
    conditions, colon, step = text.rpartition(":")
    if not colon:
        return Choice((), _step(step))
    return Choice(tuple(_condition(part) for part in conditions.split("+")), _step(step))


def _condition(text: str) -> tuple[str, tuple[int, ...]]:
    switch, _, cases = text.partition("=")
    if not switch.isidentifier() or not all(case.isdecimal() for case in cases.split(".")):
        raise ValueError(f"no condition on a switch: {text!r}")
    return switch, tuple(int(case) for case in cases.split("."))


def _step(text: str) -> str:
    if not text.isidentifier():
        raise ValueError(f"no step's name: {text!r}")
    return text
