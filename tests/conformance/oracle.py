"""The oracle: which tasks a generated flow must have, how many attempts each, and every artifact's value."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.conformance import acts
from tests.conformance.furnish import StepDef
from tests.conformance.shapes import Diamond, Each, Line, Node

Path = tuple[int, ...]
Stack = tuple[tuple[int, int, object], ...]
State = dict[str, object]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What one task must be."""

    artifacts: Mapping[str, object]
    attempts: int


@dataclass(slots=True)
class Oracle:
    """Runs the acts on plain dicts, task after task; a copy between tasks stands for the store."""

    steps: Mapping[str, StepDef]
    parameters: Mapping[str, object]
    tasks: dict[tuple[str, str], Foreseen] = field(default_factory=dict)

    def run(self, nodes: Sequence[Node], state: State, path: Path = (), stack: Stack = ()) -> State:
        """Run nodes one after the other at an index path; the state after the last."""
        for node in nodes:
            match node:
                case Line():
                    state = self._task(node.name, path, stack, state)
                case Diamond():
                    state = self._task(node.split, path, stack, state)
                    ends = [self.run(arm, state, path, stack) for arm in node.arms]
                    state = self._task(node.join, path, stack, {}, ends)
                case Each():
                    state = self._task(node.split, path, stack, state)
                    items = self._items(node, path)
                    ends = [
                        self.run(node.body, state, (*path, n), (*stack, (n, len(items), item)))
                        for n, item in enumerate(items)
                    ]
                    state = self._task(node.join, path, stack, {}, ends)
        return state

    def _items(self, node: Each, path: Path) -> list[object]:
        items = next(act for act in self.steps[node.split].acts if isinstance(act, acts.Items))
        return items.values(acts.Running(node.split, path, (), {}))

    def _task(self, step: str, path: Path, stack: Stack, state: State, inputs: Sequence[State] = ()) -> State:
        running = acts.Running(
            step, path, stack, copy.deepcopy(state), tuple(copy.deepcopy(one) for one in inputs), self.parameters
        )
        attempts = 1
        for act in self.steps[step].acts:
            act.apply(running)
            if isinstance(act, acts.FailFirst | acts.FailAlways):
                attempts = max(attempts, act.attempts(path))
        place = ".".join(map(str, path)) or "-"
        self.tasks[step, place] = Foreseen(copy.deepcopy(running.state), attempts)
        return running.state
