"""What a container's command says that it does: one step, several in a row, several members of a foreach.

`compiler.backends.command.step_word` writes these words: `loop~`, `fit+score`, `fit*16:4`, `start/16`.
"""

from __future__ import annotations

from flowc.exceptions import CallMistake
from flowc.named_tuple import NamedTuple

_SIGNS = frozenset("+*:/~")
"""What no name of a step has in it."""


class StepWord(NamedTuple):
    """`steps` in order, each with `~` where it repeats; `size` members of a foreach, `workers` at once (0: no portion of one).

    `counts_by`: the width of a foreach is told in portions of so many.
    """

    steps: tuple[str, ...]
    size: int = 0
    workers: int = 1
    counts_by: int = 1

    @property
    def is_group(self) -> bool:
        """Whether the container does more than one task."""
        return len(self.steps) > 1 or self.size > 0

    def width(self, fan: int | None) -> int | None:
        """A foreach's width as the engine is told it."""
        return None if fan is None else -(-fan // self.counts_by)


def parse_step_word(word: str) -> StepWord:
    """What a word says. Raises CallMistake for what is none."""
    rest, counts_by = _number_behind("/", word, word)
    rest, workers = _number_behind(":", rest, word)
    rest, size = _number_behind("*", rest, word)
    steps = tuple(rest.split("+"))
    if (workers and not size) or not all(map(_is_step, steps)):
        raise _no_step(word)
    return StepWord(steps, size, workers or 1, counts_by or 1)


def _number_behind(sign: str, text: str, word: str) -> tuple[str, int]:
    """The text before the sign, and the number behind it; 0 where there is no sign. Raises CallMistake."""
    before, found, number = text.partition(sign)
    if not found:
        return text, 0
    if not number.isascii() or not number.isdecimal() or number[0] == "0":
        raise _no_step(word)
    return before, int(number)


def _is_step(text: str) -> bool:
    name = text[:-1] if text.endswith("~") else text
    return name != "" and _SIGNS.isdisjoint(name)


def _no_step(word: str) -> CallMistake:
    return CallMistake(f"no step: {word!r}")
