"""The oracle: which tasks a generated flow must have, how many attempts each, and every artifact's value."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.conformance import acts
from tests.conformance.faults import FailAlways, FailFirst, Fatal, FlowFailed
from tests.conformance.furnish import StepDef
from tests.conformance.shapes import Diamond, Each, Level, Line, last_step
from tests.conformance.switching import Decide

Path = tuple[int, ...]
Stack = tuple[tuple[int, int, object], ...]
State = dict[str, object]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What one task must be; `artifacts` is None where it fails for good."""

    artifacts: Mapping[str, object] | None
    attempts: int


@dataclass(frozen=True, slots=True)
class Left:
    """What a level leaves: its last step on this way, and that step's artifacts."""

    step: str
    state: State


@dataclass(slots=True)
class Oracle:
    """Runs the acts on plain dicts, task after task; a copy between tasks stands for the store."""

    steps: Mapping[str, StepDef]
    parameters: Mapping[str, object]
    tasks: dict[tuple[str, str], Foreseen] = field(default_factory=dict)

    def fails(self, level: Level) -> bool:
        """Run the flow; whether it fails."""
        try:
            self.run(level, {})
        except FlowFailed:
            return True
        return False

    def run(self, level: Level, state: State, path: Path = (), stack: Stack = ()) -> Left:
        """Run a level at an index path, from node to node as its switches decide; the last step and its state."""
        at, step = 0, ""
        while at < len(level.nodes):
            node = level.nodes[at]
            match node:
                case Line():
                    state = self._line(node, path, stack, state)
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
            step, ways = last_step(node), level.ways[at]
            at = ways[self._case(step, state)] if level.switches(at) else ways[0]
        return Left(step, state)

    def _line(self, node: Line, path: Path, stack: Stack, state: State) -> State:
        for iteration in range(node.rounds_at(path)):
            state = self._task(node.name, path, stack, state, iteration=iteration)
        after = self._task(node.name, path, stack, state, iteration=node.rounds_at(path) if node.rounds else None)
        if node.rounds:  # the task is what its last iteration left
            place = ".".join(map(str, path)) or "-"
            self.tasks[node.name, place] = Foreseen(copy.deepcopy(after), 1)
        return after

    def _case(self, step: str, state: State) -> int:
        """The position of the key that a switch takes."""
        decides = next(act for act in self.steps[step].acts if isinstance(act, Decide))
        held = {**self.parameters, **state}
        return {key: place for place, key in enumerate(decides.keys)}[held[decides.condition]]

    def _items(self, node: Each, path: Path) -> list[object]:
        items = next(act for act in self.steps[node.split].acts if isinstance(act, acts.Items))
        return items.values(acts.Running(node.split, path, (), {}))

    def _task(
        self,
        step: str,
        path: Path,
        stack: Stack,
        state: State,
        inputs: Sequence[Left] = (),
        iteration: int | None = None,
    ) -> State:
        running = acts.Running(
            step,
            path,
            stack,
            copy.deepcopy(state),
            tuple(copy.deepcopy(one.state) for one in inputs),
            tuple(one.step for one in inputs),
            self.parameters,
        )
        place = ".".join(map(str, path)) or "-"
        place += "" if iteration is None else f"~{iteration}"
        attempts = 1
        for act in self.steps[step].acts:
            if isinstance(act, FailFirst | FailAlways):
                attempts = max(attempts, act.attempts(path))
            if isinstance(act, Fatal):
                self.tasks[step, place] = Foreseen(None, act.retries + 1)
            act.apply(running)
            if running.is_over:
                break
        self.tasks[step, place] = Foreseen(copy.deepcopy(running.state), attempts)
        return running.state
