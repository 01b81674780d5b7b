"""What a running step knows: what it may read, where it stands in foreaches, which transition it took."""

from __future__ import annotations

from flowc.artifacts.address import TaskAddress
from flowc.artifacts.manifest import Manifest, Stored
from flowc.artifacts.pickling import UNCHANGING, Frame
from flowc.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

KEY = "__flowc__"
"""Where a flow's instance keeps its `Work`; names with two leading underscores are no artifacts."""


class Transition(NamedTuple):
    """What `self.next(...)` said. `closes` is true where the target is a join; `items` of a foreach, `case` of a switch."""

    targets: tuple[str, ...]
    kind: str
    variable: str
    case: int | None
    items: list[Any] | None
    into_join: bool

    @property
    def shape(self) -> tuple[object, ...]:
        """What a second call must repeat."""
        return self.targets, self.kind, self.variable, self.case


class Work:
    """The state of one task while its step runs."""

    def __init__(self, address: TaskAddress, stack: tuple[Frame, ...] = (), stack_from: Manifest | None = None) -> None:
        self.address = address
        self.stack = stack
        self.stack_from = stack_from
        self.inherited: dict[str, Stored] = {}
        self.fixed: dict[str, Any] = {}
        """Values of parameters and constants, read when they are asked for."""
        self.fixed_names: frozenset[str] = frozenset()
        self.loaded: dict[str, Any] = {}
        """Those of `inherited` that were read and that nobody can change in place."""
        self.inputs: Any = None
        """The inputs of a join; None elsewhere."""
        self.transition: Transition | None = None
        self._items: dict[int, Any] = {}

    def load(self, name: str) -> Any:
        """The value of an artifact that an earlier step left. Raises AttributeError."""
        found = self.inherited.get(name)
        if found is None or name in self.fixed_names:
            raise AttributeError(self._absent(name))
        value = found.manifest[name]
        if type(value) in UNCHANGING:
            self.loaded[name] = value
        return value

    def fixed_value(self, name: str, default: Any) -> Any:
        """The value of a parameter or constant; always the same object within a step."""
        if name not in self.fixed:
            found = self.inherited.get(name)
            self.fixed[name] = default if found is None else found.manifest[name]
        return self.fixed[name]

    def item(self, level: int = -1) -> Any:
        """The item of the foreach at that level; always the same object within a step, None outside any foreach."""
        if not self.stack:
            return None
        place = level % len(self.stack)
        if place not in self._items:
            self._items[place] = item_of(self.stack_from, self.stack[place])
        return self._items[place]

    def _absent(self, name: str) -> str:
        text = f"Flow {self.address.flow} has no attribute {name!r}"
        if self.inputs is not None:
            text += ": a join sees parameters, constants and its inputs; take it from `inputs` or call self.merge_artifacts(inputs)"
        return text


def item_of(manifest: Manifest | None, frame: Frame) -> Any:
    """The item that a foreach gave to one of its children; `manifest` is any of the same run."""
    assert manifest is not None, "a task in a foreach has loaded something"
    return manifest.item_of(frame)


def stack_text(stack: tuple[Frame, ...], item: Any) -> list[tuple[int, int, str]]:
    """`foreach_stack()`: for each level the index, the number of splits, and the item as short text; `item` gives it by level."""
    return [(frame.place, frame.fan, short_text(item(level))) for level, frame in enumerate(stack)]


_SHORT = 30


def short_text(value: Any) -> str:
    """A value on at most 30 characters."""
    try:
        text = str(value)
    except Exception as error:  # noqa: BLE001 - an author's __str__ may raise anything
        text = f"<{type(value).__name__}: {type(error).__name__}>"
    return text if len(text) <= _SHORT else f"{text[: _SHORT - 3]}..."
