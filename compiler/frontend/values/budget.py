"""What the expressions of a file may cost: a short text can stand for endless work."""

from __future__ import annotations

from compiler.frontend.values.pure_functions import Unknown

_MOST_WORK = 4_000_000
_MOST_WORK_OF_ONE = 400_000
_LETTERS = 16
"""Letters of a text that weigh as much as one item of a list."""

_MOST_BITS = 1_000
"""Of an integer: a float holds 1023, and Python prints at most 4300 digits."""


class Effort:
    """How much the expressions of one file may cost, and one of them. One unit is a node visited or an item of a value.

    Entered for each expression, also within another.
    """

    __slots__ = ("_floors", "left")

    def __init__(self) -> None:
        self.left = _MOST_WORK
        self._floors = [0]

    def __enter__(self) -> None:
        self._floors.append(max(self._floors[-1], self.left - _MOST_WORK_OF_ONE))

    def __exit__(self, *_: object) -> None:
        self._floors.pop()

    def spend(self, work: int) -> None:
        """Take so much away; raise `Unknown` where it was not left."""
        self.left = max(self.left - work, self._floors[-1])
        if self.left <= self._floors[-1]:
            raise Unknown

    def weigh(self, value: object) -> None:
        """Refuse what is large, also where it is only because it holds the same part many times."""
        stack = [value]
        while stack:
            each = stack.pop()
            if isinstance(each, str):
                self.spend(len(each) // _LETTERS)
            elif isinstance(each, int):
                if each.bit_length() > _MOST_BITS:
                    raise Unknown
            elif isinstance(each, list | tuple):
                self.spend(len(each))
                stack.extend(each)
            elif isinstance(each, dict):
                self.spend(2 * len(each))
                stack.extend(each)
                stack.extend(each.values())
