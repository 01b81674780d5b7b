"""All orders in which the containers of a run may start, load and end, explored over the real store code.

The flow is two splits deep: `start` opens a static split into `outer` and `side`, `outer` a foreach of `body`, joined by `inner`, and
`meet` joins the arms. A container has three moments: it takes its attempt number, it loads, it publishes. The engine starts a task
once what comes before it has ended. Beyond that, a few containers come again: retried with a counter that begins anew, started late, twice,
or after somebody has cleared a task with all that follows it.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flowc.artifacts import ordering, saving
from flowc.artifacts.address import Begin, Choice, Enter, Follow, Gather, Loads, Merge, TaskAddress
from flowc.artifacts.loading import Base, base
from flowc.artifacts.manifest import Manifest
from flowc.artifacts.ordering import Fence
from flowc.artifacts.work import KEY, Transition, Work
from flowc.exceptions import CallMistake
from flowc.store.protocol import Data, Found, MissingError

Task = tuple[str, str]
"""A step and an index path."""


@dataclass(frozen=True)
class Rule:
    """How a task of the flow loads, what must have ended before it, where it leads."""

    loads: Loads
    after: tuple[Task, ...]
    next: Transition | None


def _to(*steps: str, kind: str = "linear", items: list[Any] | None = None, joins: bool = False) -> Transition:
    return Transition(steps, kind, "", None, items, joins)


def _from(step: str) -> tuple[Choice, ...]:
    return (Choice((), step),)


BODIES: tuple[Task, ...] = (("body", "0"), ("body", "1"))
FLOW: dict[Task, Rule] = {
    ("start", "-"): Rule(Begin(), (), _to("outer", "side", kind="split")),
    ("outer", "-"): Rule(Follow(_from("start")), (("start", "-"),), _to("body", kind="foreach")),
    ("side", "-"): Rule(Follow(_from("start")), (("start", "-"),), _to("meet", joins=True)),
    **{body: Rule(Enter("outer"), (("outer", "-"),), _to("inner", joins=True)) for body in BODIES},
    ("inner", "-"): Rule(Gather("outer", _from("body")), BODIES, _to("meet", joins=True)),
    ("meet", "-"): Rule(
        Merge("start", (("outer", _from("inner")), ("side", _from("side")))), (("inner", "-"), ("side", "-")), None
    ),
}


class Memory:
    """A store in memory, and what is asked of it here."""

    url = "file:memory"

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects

    def get(self, key: str) -> Found:
        if key not in self.objects:
            raise MissingError(key)
        return Found(self.objects[key], lambda data: str(hash(data)))

    def get_range(self, key: str, start: int, size: int) -> memoryview:
        return memoryview(bytearray(self.get(key).data[start : start + size]))

    def put(self, key: str, parts: Iterable[Data]) -> None:
        self.objects[key] = b"".join(parts)

    def create(self, key: str, data: bytes) -> bool:
        return self.objects.setdefault(key, data) == data

    def replace(self, key: str, data: bytes, etag: str) -> bool:
        if self.get(key).etag != etag:
            return False
        self.objects[key] = data
        return True

    def size(self, key: str) -> int | None:
        return len(self.objects[key]) if key in self.objects else None

    def list(self, prefix: str, limit: int | None = None) -> Iterator[str]:
        yield from sorted(key for key in self.objects if key.startswith(prefix))[:limit]

    def copy(self, source: str, key: str) -> None:
        self.objects[key] = self.objects[source]

    def delete(self, key: str) -> None:
        self.objects.pop(key, None)


@dataclass(frozen=True)
class Container:
    """A container of a task between its moments: `fence` once it has its number, `lineage` once it has loaded."""

    task: Task
    name: str
    fence: Fence | None = None
    base: Base | None = field(default=None, compare=False)
    lineage: tuple[tuple[Task, str], ...] | None = None


@dataclass(frozen=True)
class State:
    """The store, the containers that live, the tasks that the engine holds for done, how often containers came again."""

    objects: tuple[tuple[str, bytes], ...]
    living: tuple[Container, ...]
    done: frozenset[Task]
    begun: tuple[tuple[Task, int], ...]
    again: int
    cleared: bool = False

    @property
    def key(self) -> object:
        return self.objects, self.living, self.done, self.begun, self.again, self.cleared


class MixedUpError(Exception):
    """A task has loaded two generations of one earlier task."""


@dataclass
class Seen:
    """What an exploration came by."""

    states: int = 0
    refused: int = 0
    mixed: list[str] = field(default_factory=list)
    ended: int = 0


def explore(again: int, clears: bool, mixed_at_most: int = 1) -> Seen:
    """Go all ways on which at most `again` containers come again, one clear beside them where `clears`."""
    seen, known = Seen(), set()
    waiting = [State((), (), frozenset(), (), 0)]
    while waiting and len(seen.mixed) < mixed_at_most:
        state = waiting.pop()
        if state.key in known:
            continue
        known.add(state.key)
        seen.states += 1
        seen.ended += ("meet", "-") in state.done
        waiting += _following(state, again, clears, seen)
    return seen


def wander(rng: random.Random, again: int, clears: bool, seen: Seen) -> None:
    """Go one way at random, to its end."""
    ways = [State((), (), frozenset(), (), 0)]
    while ways:
        state = rng.choice(ways)
        seen.states += 1
        ways = _following(state, again, clears, seen)
    seen.ended += ("meet", "-") in state.done


def _following(state: State, again: int, clears: bool, seen: Seen) -> list[State]:
    found = [_move(state, number, seen) for number in range(len(state.living))]
    begun = dict(state.begun)
    active = {each.task for each in state.living}
    for task, rule in FLOW.items():
        if task not in state.done and task not in active and state.done.issuperset(rule.after):
            if begun.get(task, 0) <= state.cleared:
                found.append(_start(state, task))
        elif begun.get(task) and state.again < again:
            found.append(replace(_start(state, task), again=state.again + 1))
        if clears and not state.cleared and task in state.done:
            found.append(_clear(state, task))
    return [each for each in found if each is not None]


def _start(state: State, task: Task) -> State:
    begun = dict(state.begun)
    number = begun[task] = begun.get(task, 0) + 1
    name = f"{task[0]}.{task[1]}#{number}"
    living = tuple(sorted((*state.living, Container(task, name)), key=lambda each: each.name))
    return replace(state, living=living, begun=tuple(sorted(begun.items())))


def _clear(state: State, task: Task) -> State:
    """Somebody clears a task and all that follows it; containers that live go on."""
    behind, size = {task}, 0
    while size != len(behind):
        size = len(behind)
        behind |= {each for each, rule in FLOW.items() if behind & set(rule.after)}
    return replace(state, done=state.done - behind, cleared=True)


def _move(state: State, number: int, seen: Seen) -> State | None:
    """The next moment of one container."""
    container = state.living[number]
    others = (*state.living[:number], *state.living[number + 1 :])
    store = Memory(dict(state.objects))
    done, moved = state.done, None
    try:
        moved = _moment(store, container)
        done = done if moved else done | {container.task}
    except CallMistake:
        seen.refused += 1
    except MixedUpError as error:
        seen.mixed.append(str(error))
    living = tuple(sorted((*others, *([moved] if moved else [])), key=lambda each: each.name))
    return replace(state, objects=tuple(sorted(store.objects.items())), living=living, done=done)


def _moment(store: Memory, container: Container) -> Container | None:
    """Take the number, load, or publish; None where that was the last."""
    step, index = container.task
    address = TaskAddress("F", "r", step, index)
    rule = FLOW[container.task]
    if container.fence is None:
        container = replace(container, fence=ordering.begin(store, address, 0, container.name, 0.0))
        if not container.name.endswith("#1"):
            return container
    if container.lineage is None:
        found = None if isinstance(rule.loads, Begin) else base(store, address, rule.loads)
        return replace(container, base=found, lineage=_lineage(container, found))
    ordering.publish(store, container.fence, _manifest(store, container, rule))
    return None


def _lineage(container: Container, found: Base | None) -> tuple[tuple[Task, str], ...]:
    """Which container of each earlier task this one's values come from. Raises MixedUpError where there are two of one."""
    known: dict[Task, str] = {}
    for manifest in _loaded(found):
        for task, name in manifest["lineage"]:
            if known.setdefault(task, name) != name:
                raise MixedUpError(f"{container.name} has loaded {name} and {known[task]}")
    return tuple(sorted({**known, container.task: container.name}.items()))


def _loaded(found: Base | None) -> Sequence[Manifest]:
    if found is None:
        return ()
    branches = [branch.__dict__[KEY] for branch in found.inputs] if found.inputs is not None else []
    return [found.manifest, *branches]


def _manifest(store: Memory, container: Container, rule: Rule) -> bytes:
    assert container.fence is not None
    found, taken = container.base, rule.next
    if taken is not None and taken.kind == "foreach":
        # What a foreach goes over may be less in its next attempt.
        taken = taken._replace(items=["a", "b"] if container.name.endswith("#1") else ["c"])
    work = Work(container.fence.address, found.stack if found else ())
    work.transition = taken
    facts = saving.facts(found, 0.0, (), (), (), {})
    artifacts = {"lineage": saving.pickled(container.task[0], "lineage", container.lineage)}
    outcome = saving.Outcome(facts, taken, None, 0.0, b"", b"")
    return saving.manifest(store, container.fence, work, artifacts, outcome)
