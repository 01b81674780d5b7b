"""The rows at the foot of a terminal that change in place: they are taken away before anything else is printed."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from typing import IO

from compiler.slotted_class import mutable

_CLEAR_ROW, _CLEAR_BELOW = "\r\x1b[2K", "\x1b[J"
_MOVES = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[0-?]*[ -/]*[@-ln-~]|\x1b[^\[]|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f]|\x1b\Z"
)
"""What moves the cursor or clears: all control sequences but colours, all control characters, of both
sets, but tabs."""
_PLAIN = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f-\x9f]*")
"""A text in which no control character stands, of either set, but tabs."""
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@mutable
class StatusLine:
    """Rows on a terminal; on what is none nothing is drawn."""

    screen: IO[str]
    rows: int = 0

    @property
    def is_drawn(self) -> bool:
        """Whether a person sees it."""
        return self.screen.isatty()

    def draw(self, rows: Sequence[str]) -> None:
        """Show these rows in place of those before, each cut to the terminal's width."""
        if not self.is_drawn:
            return
        up = f"\x1b[{self.rows - 1}A" if self.rows > 1 else ""
        size = terminal_size(self.screen)
        shown = [cut(row, size.columns - 1) for row in rows[-max(size.lines - 1, 1) :]]
        # Not by click, which takes every control sequence away where colours are not wanted.
        clear = f"{up}\r{_CLEAR_BELOW}" if up else _CLEAR_ROW
        self.screen.write(clear + "\n".join(shown))
        self.screen.flush()
        self.rows = len(shown)

    def hide(self) -> None:
        """Take them away."""
        if self.rows:
            self.draw(())


def terminal_size(screen: IO[str]) -> os.terminal_size:
    """How large the terminal is now; 80 by 24 where nothing says it."""
    try:
        found = os.get_terminal_size(screen.fileno())
    except (OSError, ValueError):
        return shutil.get_terminal_size()
    return found if found.columns and found.lines else shutil.get_terminal_size()


def without_moves(text: str) -> str:
    """The text of many lines without what would move the cursor away or clear: its colours stay."""
    return "\n".join(visible(line) for line in text.split("\n"))


def visible(text: str) -> str:
    """What a line shows in the end: what stands behind its last carriage return, without what would move the cursor away."""
    parts = [part for part in text.split("\r") if _COLOURS.sub("", _MOVES.sub("", part)).strip()]
    return _MOVES.sub("", parts[-1] if parts else text)


def all_visible(texts: Sequence[str]) -> Sequence[str]:
    """What each of several lines shows; most have nothing that moves the cursor, and are not looked at one by one."""
    return texts if _PLAIN.fullmatch("".join(texts)) else [visible(text) for text in texts]


def cut(text: str, width: int) -> str:
    """The beginning of a text that takes no more than so many columns; a wide character takes two. Colours end where it is cut."""
    import unicodedata  # noqa: PLC0415 - only a terminal needs it

    taken, at = 0, 0
    while at < len(text):
        colour = _COLOURS.match(text, at)
        if colour:
            at = colour.end()
            continue
        char = text[at]
        taken += 0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if taken > width:
            return text[:at] + ("\x1b[0m" if _COLOURS.search(text) else "")
        at += 1
    return text
