"""What a generated step does: each act is written as source, and done once more by the oracle on plain dicts."""

from __future__ import annotations

import array
import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Box:
    """An object of a class that the flow's own file defines."""

    value: object


class Unforeseen:
    """A value that the language leaves open; it only has to be the same on every engine."""

    def __repr__(self) -> str:
        return "<anything>"

    def __deepcopy__(self, memo: object) -> Unforeseen:
        return self


UNFORESEEN = Unforeseen()


@dataclass(slots=True)
class Running:
    """One task as the oracle runs it: its artifacts so far, and what it can see."""

    step: str
    path: tuple[int, ...]
    stack: tuple[tuple[int, int, object], ...]
    state: dict[str, object]
    inputs: tuple[dict[str, object], ...] = ()
    lasts: tuple[str, ...] = ()
    """The step that each input was left by."""
    parameters: Mapping[str, object] = field(default_factory=dict)
    is_over: bool = False
    """True once the step has failed for good: what it would do next it does not."""

    @property
    def mark(self) -> str:
        """The step and its place, as the source computes them too."""
        return f"{self.step}@{'.'.join(map(str, self.path)) or '-'}"


class Act(Protocol):
    """One thing that a step does. `lines` is its source, `apply` its meaning."""

    def lines(self) -> list[str]:
        """Source lines without the step's indentation."""
        ...

    def apply(self, task: Running) -> None:
        """Change the artifacts as the lines do."""
        ...


def mark_source(step: str) -> str:
    """The expression whose value is `Running.mark`."""
    return f'"{step}@" + place(self.foreach_stack())'


@dataclass(frozen=True, slots=True)
class Begin:
    """The first step's: a trail, a list and a dict that later steps change in place."""

    step: str

    def lines(self) -> list[str]:
        return [f"self.trail = [{mark_source(self.step)}]", 'self.bag = ["start"]', "self.book = {}"]

    def apply(self, task: Running) -> None:
        task.state.update(trail=[task.mark], bag=["start"], book={})


@dataclass(frozen=True, slots=True)
class Trail:
    """The way to this task, longer by one."""

    step: str

    def lines(self) -> list[str]:
        return [f"self.trail = self.trail + [{mark_source(self.step)}]"]

    def apply(self, task: Running) -> None:
        trail = task.state["trail"]
        assert isinstance(trail, list)
        task.state["trail"] = [*trail, task.mark]


@dataclass(frozen=True, slots=True)
class Gather:
    """A join's trail: those of its inputs in their order."""

    step: str

    def lines(self) -> list[str]:
        return [f"self.trail = [one.trail for one in inputs] + [{mark_source(self.step)}]"]

    def apply(self, task: Running) -> None:
        task.state["trail"] = [*(one["trail"] for one in task.inputs), task.mark]


@dataclass(frozen=True, slots=True)
class Where:
    """The index, and the stack without its values."""

    step: str

    def lines(self) -> list[str]:
        stack = "[(index, count) for index, count, _ in self.foreach_stack()]"
        return [f"self.where_{self.step} = (self.index, {stack})"]

    def apply(self, task: Running) -> None:
        index = task.path[-1] if task.path else None
        task.state[f"where_{self.step}"] = (index, [(at, count) for at, count, _ in task.stack])


@dataclass(frozen=True, slots=True)
class Item:
    """The item of this task."""

    step: str

    def lines(self) -> list[str]:
        return [f"self.item_{self.step} = self.input"]

    def apply(self, task: Running) -> None:
        task.state[f"item_{self.step}"] = copy.deepcopy(task.stack[-1][2]) if task.stack else None


@dataclass(frozen=True, slots=True)
class Current:
    """What `current` says."""

    step: str
    flow: str
    retry: int

    def lines(self) -> list[str]:
        return [f"self.now_{self.step} = (current.flow_name, current.step_name, current.retry_count)"]

    def apply(self, task: Running) -> None:
        task.state[f"now_{self.step}"] = (self.flow, self.step, self.retry)


@dataclass(frozen=True, slots=True)
class Node:
    """What a gang's node knows of its gang."""

    step: str

    def lines(self) -> list[str]:
        return [f"self.node_{self.step} = (current.parallel.node_index, current.parallel.num_nodes)"]

    def apply(self, task: Running) -> None:
        index, count, _ = task.stack[-1]
        task.state[f"node_{self.step}"] = (index, count)


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that is the same in every task."""

    name: str
    source: str
    value: object

    def lines(self) -> list[str]:
        return [f"self.{self.name} = {self.source}"]

    def apply(self, task: Running) -> None:
        task.state[self.name] = copy.deepcopy(self.value)


@dataclass(frozen=True, slots=True)
class Sighting:
    """A parameter as this step sees it."""

    step: str
    attribute: str

    def lines(self) -> list[str]:
        return [f"self.saw_{self.step} = self.{self.attribute}"]

    def apply(self, task: Running) -> None:
        task.state[f"saw_{self.step}"] = copy.deepcopy(task.parameters[self.attribute])


@dataclass(frozen=True, slots=True)
class Environment:
    """What `@environment` gives this step."""

    step: str
    variable: str
    text: str

    def lines(self) -> list[str]:
        return [f'self.env_{self.step} = os.environ.get("{self.variable}")']

    def apply(self, task: Running) -> None:
        task.state[f"env_{self.step}"] = self.text


@dataclass(frozen=True, slots=True)
class Append:
    """An inherited list and dict, changed in place."""

    step: str

    def lines(self) -> list[str]:
        return [f"self.bag.append({mark_source(self.step)})", f'self.book["{self.step}"] = len(self.bag)']

    def apply(self, task: Running) -> None:
        bag, book = task.state["bag"], task.state["book"]
        assert isinstance(bag, list)
        assert isinstance(book, dict)
        bag.append(task.mark)
        book[self.step] = len(bag)


@dataclass(frozen=True, slots=True)
class Extend:
    """A join that takes the first input's list and adds the others' to it, in place."""

    def lines(self) -> list[str]:
        return [
            "self.bag = inputs[0].bag",
            "self.book = {}",
            "for one in list(inputs)[1:]:",
            "    self.bag += one.bag",
            "for one in inputs:",
            "    self.book.update(one.book)",
        ]

    def apply(self, task: Running) -> None:
        bags = [one["bag"] for one in task.inputs]
        task.state["bag"] = [entry for bag in bags if isinstance(bag, list) for entry in bag]
        book: dict[object, object] = {}
        for one in task.inputs:
            pages = one["book"]
            assert isinstance(pages, dict)
            book.update(pages)
        task.state["book"] = book


@dataclass(frozen=True, slots=True)
class ByName:
    """A join's inputs by the names of their arms' first and last steps; a last one that no switch led to is not there."""

    step: str
    arms: tuple[str, ...]
    lasts: tuple[str, ...]

    @property
    def _is_plain(self) -> bool:
        """Whether each arm ends with one step, whatever switches decide."""
        return len(self.lasts) == len(self.arms)

    @property
    def _names(self) -> tuple[str, ...]:
        return self.lasts if self._is_plain else tuple(dict.fromkeys((*self.lasts, *self.arms)))

    def lines(self) -> list[str]:
        spelling = (
            "inputs.{}.trail[-1]" if self._is_plain else 'getattr(getattr(inputs, "{}", None), "trail", [None])[-1]'
        )
        found = ", ".join(spelling.format(name) for name in self._names)
        return [f"self.named_{self.step} = [{found}]"]

    def apply(self, task: Running) -> None:
        trails = [one["trail"] for one in task.inputs]
        marks = [str(trail[-1]) for trail in trails if isinstance(trail, list)]
        by_last = dict(zip(task.lasts, marks, strict=True))
        by_arm = dict(zip(self.arms, marks, strict=True))
        task.state[f"named_{self.step}"] = [by_last.get(name, by_arm.get(name)) for name in self._names]


@dataclass(frozen=True, slots=True)
class Merge:
    """`merge_artifacts`; `brings` are the names that it is known to bring.

    One of all names but those `left_out` brings more where a merge before it could be that is to be refused: that one has set what
    is left out there.
    """

    source: str
    brings: tuple[str, ...]
    left_out: tuple[str, ...] | None = None

    def lines(self) -> list[str]:
        return [f"self.merge_artifacts({self.source})"]

    def apply(self, task: Running) -> None:
        for name in (*self.brings, *self._others(task)):
            held = [one[name] for one in task.inputs if name in one]
            if held and name not in task.state:
                task.state[name] = copy.deepcopy(held[0])

    def _others(self, task: Running) -> list[str]:
        if self.left_out is None:
            return []
        return [name for one in task.inputs for name in one if name[0] != "_" and name not in self.left_out]


@dataclass(frozen=True, slots=True)
class RefusedMerge:
    """A merge that cannot be: it must raise, and set nothing. Where no input has come so far as to differ, it can."""

    step: str

    def lines(self) -> list[str]:
        return [
            "try:",
            "    self.merge_artifacts(inputs)",
            f'    self.refused_{self.step} = "no"',
            "except Exception as error:",
            f'    self.refused_{self.step} = type(error).__name__, hasattr(self, "bag")',
        ]

    def apply(self, task: Running) -> None:
        first, *others = task.inputs
        if any(one != first for one in others):
            task.state[f"refused_{self.step}"] = ("UnhandledInMergeArtifactsException", False)
            return
        taken = {name: value for name, value in first.items() if name[0] != "_" and name not in task.state}
        task.state.update(copy.deepcopy(taken))
        task.state[f"refused_{self.step}"] = "no"


@dataclass(frozen=True, slots=True)
class Noise:
    """Output that looks like what an engine reads."""

    text: str

    def lines(self) -> list[str]:
        return [f"print({self.text!r})"]

    def apply(self, task: Running) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Spoil:
    """The foreach's variable, changed in the body: the item stays what it was at the split."""

    variable: str

    def lines(self) -> list[str]:
        return [f'self.{self.variable} = "spoiled"']

    def apply(self, task: Running) -> None:
        task.state[self.variable] = "spoiled"


@dataclass(frozen=True, slots=True)
class Items:
    """A foreach's items. Sets, dicts and generators are read once, in their order."""

    step: str
    variable: str
    kind: str
    width: int
    ragged: bool

    def lines(self) -> list[str]:
        count = f"{self.width} + self.index % 2" if self.ragged else str(self.width)
        each = f"for n in range({count})"
        source = {
            "list": f'[{mark_source(self.step)} + f"#{{n}}" {each}]',
            "ints": f"[10 * n {each}]",
            "text": f'"a{{ü$b\'"[:{count}]',
            "dicts": f'tuple({{"n": n, "of": {mark_source(self.step)}}} {each})',
            "range": f"range(5, 5 + {count})",
            "set": f"set(range({count}))",
            "dict": f'{{f"k{{n}}": [n] {each}}}',
            "generator": f"({mark_source(self.step)} + str(n) {each})",
            "array": f'array.array("i", range({count}))',
            "gang": count,
        }[self.kind]
        return [f"self.{self.variable} = {source}"]

    def values(self, task: Running) -> list[object]:
        """The items in split order."""
        count = self.width + (task.path[-1] % 2 if self.ragged and task.path else 0)
        numbers = range(count)
        made: dict[str, list[object]] = {
            "list": [f"{task.mark}#{n}" for n in numbers],
            "ints": [10 * n for n in numbers],
            "text": list("a{ü$b'"[:count]),
            "dicts": [{"n": n, "of": task.mark} for n in numbers],
            "range": [5 + n for n in numbers],
            "set": list(numbers),
            "dict": [(f"k{n}", [n]) for n in numbers],
            "generator": [task.mark + str(n) for n in numbers],
            "array": list(numbers),
            "gang": list(numbers),
        }
        return made[self.kind]

    def apply(self, task: Running) -> None:
        values = self.values(task)
        whole: dict[str, object] = {
            "list": values,
            "ints": values,
            "text": "".join(map(str, values)),
            "dicts": tuple(values),
            "range": range(5, 5 + len(values)),
            "set": set(values) if self.kind == "set" else None,
            "dict": {f"k{n}": [n] for n in range(len(values))},
            "generator": UNFORESEEN,
            "array": array.array("i", range(len(values))),
            "gang": len(values),
        }
        task.state[self.variable] = whole[self.kind]
