"""Decorators of the author's own around steps: plain ones, and the language's."""

from __future__ import annotations

from dataclasses import dataclass

from tests.conformance.acts import Running

SOURCE = """
def noted(function):
    @functools.wraps(function)
    def wrapped(self, *inputs):
        setattr(self, "noted_" + function.__name__, len(inputs))
        return function(self, *inputs)

    return wrapped


@user_step_decorator
def around(step_name, flow, inputs=None, attributes=None):
    seen = (step_name, inputs is None, dict(attributes or {}))
    yield
    setattr(flow, "around_" + step_name, seen)
"""


@dataclass(frozen=True, slots=True)
class Noted:
    """A plain decorator, which sets an artifact before the step does anything."""

    step: str
    is_join: bool

    @property
    def name(self) -> str:
        """The artifact."""
        return f"noted_{self.step}"

    def lines(self) -> list[str]:
        return []

    def apply(self, task: Running) -> None:
        task.state[self.name] = int(self.is_join)


@dataclass(frozen=True, slots=True)
class Around:
    """A user step decorator, which sets an artifact when the step has done everything."""

    step: str
    is_join: bool
    number: int | None

    @property
    def name(self) -> str:
        """The artifact."""
        return f"around_{self.step}"

    @property
    def decorator(self) -> str:
        """As it stands above the step."""
        return "@around" if self.number is None else f"@around(number={self.number})"

    def lines(self) -> list[str]:
        return []

    def apply(self, task: Running) -> None:
        task.state[self.name] = (self.step, not self.is_join, {} if self.number is None else {"number": self.number})
