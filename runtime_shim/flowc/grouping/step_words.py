"""What a container's command says that it does: one step, several in a row, several members of a foreach.

`compiler.backends.command.step_word` writes these words: `loop~`, `fit+score`, `fit*16:4`, `start/16`.
"""

from __future__ import annotations

import re

from flowc.exceptions import CallMistake
from flowc.named_tuple import NamedTuple

_WORD = r"([^+*:/~]+~?(?:\+[^+*:/~]+~?)*)(?:\*([1-9][0-9]*)(?::([1-9][0-9]*))?)?(?:/([1-9][0-9]*))?"


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
    found = re.fullmatch(_WORD, word)
    if found is None:
        raise CallMistake(f"no step: {word!r}")
    steps, size, workers, counts_by = found.groups()
    return StepWord(tuple(steps.split("+")), int(size or 0), int(workers or 1), int(counts_by or 1))
