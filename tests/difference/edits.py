"""Random edits of random flows: of the text alone, of what a step asks for, of anything."""

from __future__ import annotations

import ast
import io
import random
import tokenize
from dataclasses import dataclass

from tests.mutation.mutants import Anatomy, mutate

IMPORTS = "from metaflow import card, environment, kubernetes, resources, retry, secrets, step, timeout\n"
"""A line that both sides have: an edit then needs none."""

DECORATORS = (
    "@retry(times={n})",
    "@timeout(seconds={n}00)",
    "@resources(memory={n}000)",
    "@kubernetes(image='team/other:{n}')",
    "@kubernetes(cpu={n})",
    "@environment(vars={{'SIZE': '{n}'}})",
    "@secrets(sources=['kubernetes.db-{n}'])",
    "@card(id='c{n}')",
)


@dataclass(frozen=True)
class Edited:
    """The other text, what was done to it, and whether it changes nothing but comments and formatting."""

    kind: str
    text: str
    is_form: bool = False


def edit(source: str, rng: random.Random) -> Edited | None:
    """One edit; None where the drawn one finds nothing to change."""
    drawn = rng.random()
    if drawn < 0.15:
        return Edited("comments", _commented(source, rng), is_form=True)
    if drawn < 0.25:
        return Edited("formatting", ast.unparse(ast.parse(source)) + "\n", is_form=True)
    if drawn < 0.5:
        return _decorated(source, rng)
    found = mutate(source, rng)
    return Edited(found.kind, found.source) if found else None


def _commented(source: str, rng: random.Random) -> str:
    """A comment behind a line of the code, and a blank line before it: where no text goes over several lines."""
    ends = [
        each.start for each in tokenize.generate_tokens(io.StringIO(source).readline) if each.type == tokenize.NEWLINE
    ]
    line, column = rng.choice(ends)
    lines = source.split("\n")
    lines[line - 1] = f"{lines[line - 1][:column]}  # said {rng.randrange(100)}\n"
    return "\n".join(lines)


def _decorated(source: str, rng: random.Random) -> Edited:
    """A decorator above a step."""
    step = rng.choice(Anatomy(source).steps)
    mark = rng.choice(step.decorator_list)
    lines = source.split("\n")
    chosen = rng.choice(DECORATORS)
    lines.insert(mark.lineno - 1, " " * step.col_offset + chosen.format(n=rng.randrange(1, 5)))
    return Edited(chosen, "\n".join(lines))
