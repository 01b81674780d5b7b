"""The ways in which real code sets artifacts besides `self.x = value`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tests.conformance.acts import Running

How = Literal["unpack", "setattr", "function", "augmented", "nested", "method", "loop", "with"]
HOWS: tuple[How, ...] = ("unpack", "setattr", "function", "augmented", "nested", "method", "loop", "with")

HELPERS = """
def put(flow, name, value):
    setattr(flow, name, value)
"""
METHODS = """    def note(self, name, value):
        setattr(self, name, [value])
"""


@dataclass(frozen=True, slots=True)
class Written:
    """Artifacts that one of these ways sets; they are the same in every task."""

    step: str
    how: How

    def sets(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(self._values())

    def lines(self) -> list[str]:
        own = f"self.w_{self.step}"
        found: dict[How, list[str]] = {
            "unpack": [f"{own}, (self.v_{self.step}, *self.u_{self.step}) = 1, (2, 3, 4)"],
            "setattr": [f'setattr(self, "w_{self.step}", "by setattr")'],
            "function": [f'put(self, "w_{self.step}", {{"by": "function"}})'],
            "augmented": [f"{own} = [1]", f"{own} += [2]", f"{own} *= 2"],
            "nested": [f'{own} = {{"a": [1]}}', f'{own}["a"].append(2)', f'{own}["b"], {own}["c"] = 3, 4'],
            "method": [f'self.note("w_{self.step}", "by a method")'],
            "loop": [f"for {own} in range(3):", "    pass"],
            "with": ["with contextlib.nullcontext(7) as self.w_" + f"{self.step}:", "    pass"],
        }
        return found[self.how]

    def _values(self) -> dict[str, object]:
        own = f"w_{self.step}"
        found: dict[How, dict[str, object]] = {
            "unpack": {own: 1, f"v_{self.step}": 2, f"u_{self.step}": [3, 4]},
            "setattr": {own: "by setattr"},
            "function": {own: {"by": "function"}},
            "augmented": {own: [1, 2, 1, 2]},
            "nested": {own: {"a": [1, 2], "b": 3, "c": 4}},
            "method": {own: ["by a method"]},
            "loop": {own: 2},
            "with": {own: 7},
        }
        return found[self.how]

    def apply(self, task: Running) -> None:
        task.state.update(self._values())


@dataclass(frozen=True, slots=True)
class Delete:
    """`del` of what an earlier step has set: later steps see it all the same."""

    name: str

    def lines(self) -> list[str]:
        return [f"del self.{self.name}"]

    def apply(self, task: Running) -> None:
        return None
