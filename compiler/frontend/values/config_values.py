"""What the `Config`s of a flow are worth while its other expressions are read."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from compiler.ir.flow import Span, Value
from compiler.slotted_class import record


@record
class Given:
    """A value for a `Config` from outside its flow: a text for its parser, or the value itself; `place` says where it is from."""

    place: str
    text: str | None = None
    value: Value = None


class ConfigDict(dict[object, object]):
    """A dict whose keys are attributes, too."""

    __slots__ = ()


@record
class Unparsed:
    """A `Config` whose parser is the author's own code: its value is known once that has run."""

    name: str
    parser: str


class Configs:
    """The `Config`s of the flow that is being read: by their calls, and by the names that `config_expr` knows."""

    __slots__ = ("given", "missing", "names", "told", "values", "waiting")

    def __init__(self, given: Mapping[str, Given]) -> None:
        self.given = given
        self.told: Mapping[str, Mapping[str, Value]] = {}
        """What importing the module told, by `Owner.name`: what a `default` gives, and the `value` that a parser makes."""
        self.names: dict[str, ast.expr] = {}
        self.values: dict[int, object] = {}
        self.missing: dict[Span, tuple[str, str, str]] = {}
        """Where an expression asks for a key that is not there: its text, the key, and what is there."""
        self.waiting: dict[Span, tuple[str, Unparsed]] = {}
        """Where an expression wants a value that no parser of ours makes, and its text."""

    def begin(self) -> None:
        """Forget the flow that was read before."""
        self.names.clear()
        self.missing.clear()
        self.waiting.clear()


def thawed(value: Value) -> object:
    """A value as an expression sees it: lists, and dicts whose keys are attributes."""
    if isinstance(value, Mapping):
        return ConfigDict({key: thawed(item) for key, item in value.items()})
    if isinstance(value, tuple):
        return [thawed(item) for item in value]
    return value
