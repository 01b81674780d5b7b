"""What decides a switch, and what its ways leave behind."""

from __future__ import annotations

import copy
from dataclasses import dataclass

from tests.conformance.acts import Running


@dataclass(frozen=True, slots=True)
class Decide:
    """The value by which a switch decides: an artifact that differs from place to place, or a parameter or constant as it is.

    With `rounds` the last key is the step's own, which it takes that many times, and once more at odd indices.
    """

    step: str
    condition: str
    keys: tuple[object, ...]
    first: int | None
    rounds: int

    @property
    def _ways(self) -> tuple[object, ...]:
        return self.keys[:-1] if self.rounds else self.keys

    def sets(self) -> tuple[str, ...]:
        """The artifacts that it sets."""
        if self.first is None:
            return ()
        return (self.condition, f"rounds_{self.step}") if self.rounds else (self.condition,)

    def lines(self) -> list[str]:
        if self.first is None:
            return []
        chosen = f"{self._ways!r}[(len(self.trail) + (self.index or 0) + {self.first}) % {len(self._ways)}]"
        if not self.rounds:
            return [f"self.{self.condition} = {chosen}"]
        return [
            f'self.rounds_{self.step} = getattr(self, "rounds_{self.step}", 0) + 1',
            f"again = self.rounds_{self.step} <= {self.rounds} + (self.index or 0) % 2",
            f"self.{self.condition} = {self.keys[-1]!r} if again else {chosen}",
        ]

    def apply(self, task: Running) -> None:
        if self.first is None:
            return
        trail, index = task.state["trail"], task.path[-1] if task.path else 0
        assert isinstance(trail, list)
        chosen = self._ways[(len(trail) + index + self.first) % len(self._ways)]
        if self.rounds:
            before = task.state.get(f"rounds_{self.step}", 0)
            assert isinstance(before, int)
            task.state[f"rounds_{self.step}"] = before + 1
            chosen = self.keys[-1] if before + 1 <= self.rounds + index % 2 else chosen
        task.state[self.condition] = chosen


@dataclass(frozen=True, slots=True)
class Peek:
    """A look for an artifact that only some ways have set."""

    step: str
    name: str

    def lines(self) -> list[str]:
        return [f'self.peek_{self.step} = getattr(self, "{self.name}", "absent")']

    def apply(self, task: Running) -> None:
        task.state[f"peek_{self.step}"] = copy.deepcopy(task.state.get(self.name, "absent"))
