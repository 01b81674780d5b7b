"""How many tasks a run has still to do, as far as it is known: a foreach that is not open yet counts as one of each of its steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from compiler.ir.graph import successors
from compiler.ir.plan import Plan
from compiler.slotted_class import fresh, mutable


@mutable
class Ahead:
    """What may follow each step of a plan; of a switch whose case nobody knows all arms."""

    plan: Plan
    _following: dict[str, tuple[str, ...]] = fresh(default_factory=dict)
    _depths: Mapping[str, int] = fresh(default_factory=dict)

    def count(self, live: Iterable[tuple[str, str]]) -> int:
        """The tasks that run or wait (step and index path), and those that follow them."""
        self._depths = self._depths or {name: task.depth for name, task in self.plan.tasks.items()}
        found = set(live)
        for step, index in tuple(found):
            parts = index.split(".")
            for follower in self._of(step):
                depth = self._depths[follower]
                found.add((follower, ".".join(parts[:depth]) if depth else "-"))
        return len(found)

    def _of(self, step: str) -> tuple[str, ...]:
        if step not in self._following:
            seen, waiting = set[str](), [step]
            while waiting:
                more = set(successors(self.plan.flow.steps[waiting.pop()])) - seen - {step}
                seen |= more
                waiting += more
            self._following[step] = tuple(sorted(seen))
        return self._following[step]
