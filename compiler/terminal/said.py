"""The one way out: whatever a command prints for a person goes through here, and nothing that somebody else wrote is obeyed.

A line is made of parts. Plain text is what anybody may have written (names, paths, messages): what a terminal would obey in it
is spelled out. What is `Styled` has its colour from us. What is `AsIs` was made for a terminal, or is what was asked for.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import IO, Literal

import click

from compiler.legible import legible, legible_json
from compiler.slotted_class import record

Colour = Literal["red", "green", "yellow", "blue", "magenta", "cyan"]
"""What is seen on a dark ground and on a light one, which no bright colour is."""
_BRIGHT_WHERE_BOLD = frozenset(("green", "yellow", "cyan"))
"""Many terminals show what is bold in the bright form of its colour: on white nobody reads these."""


@record
class Styled:
    """Text in a colour."""

    text: str
    fg: Colour | None = None
    bold: bool | None = None
    dim: bool | None = None


@record
class AsIs:
    """Text that is printed as it is."""

    text: str


Part = str | Styled | AsIs


def say(*parts: Part, err: bool = False, nl: bool = True, file: IO[str] | None = None) -> None:
    """Print a line of these parts; colours go where a terminal reads, and NO_COLOR does not forbid it."""
    click.echo(spelled(parts), err=err, nl=nl, file=file)


def tell(*parts: Part) -> None:
    """Print a line to stderr: what is said beside the output."""
    say(*parts, err=True)


def say_json(text: str) -> None:
    """Print JSON: it stays the same, with what a terminal would obey as JSON escapes it."""
    click.echo(legible_json(text))


def show_mistake(error: click.ClickException) -> None:
    """Print what click has to say about a wrong call; words of the call stand in it."""
    screen = io.StringIO()
    error.show(file=screen)
    say(screen.getvalue(), err=True, nl=False)


def spelled(parts: Iterable[Part]) -> str:
    """The parts as one text."""
    return "".join(map(_spelled, parts))


def _spelled(part: Part) -> str:
    match part:
        case Styled(text, fg, bold, dim):
            return click.style(legible(text), fg=fg, bold=None if fg in _BRIGHT_WHERE_BOLD else bold, dim=dim)
        case AsIs(text):
            return text
        case str():
            return legible(part)
