"""Where keys stand in a TOML text that `tomllib` has read: it gives values without places.

Only a finding, and `flowc config`, ask for a place, so a right file is scanned by nobody. The text is known to be TOML: the scan
decides nothing about what it means, and a test holds it against `tomllib`, key by key and value by value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from compiler.documents import parse_toml
from compiler.slotted_class import record

KeyPath = tuple[str | int, ...]
"""The way to a value: keys of tables, and numbers of items in arrays of tables."""


@record
class Place:
    """Offsets in the text: of the key's own part, the end exclusive, and of what it is worth (0 and 0 for the head of a table)."""

    start: int
    end: int
    value_start: int = 0
    value_end: int = 0


def places(text: str) -> Mapping[KeyPath, Place]:
    """The place of each key of a text with line ends of `\\n`, where it first stands; in arrays only those of tables `[[…]]`."""
    return _Scan(text).found


_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_PART = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_STRING = re.compile(
    r'''"""(?:[^"\\]|\\[\s\S]|"(?!""))*"{3,5}|\'\'\'(?:[^']|'(?!''))*'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*\''''
)
_PLAIN = re.compile(r"[^\[\]{},#\n]*")


class _Scan:
    """One walk through a text; `found` is what it has seen."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[KeyPath, Place] = {}
        self._counts: dict[KeyPath, int] = {}
        table: KeyPath = ()
        while self._skip(_BLANK) < len(text):
            if text.startswith("[", self.at):
                table = self._header()
            else:
                self._pair(table)

    def _skip(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self.text, self.at)
        assert found is not None, self.at
        self.at = found.end()
        return self.at

    def _header(self) -> KeyPath:
        """`[a.b]` or `[[a.b]]`, up to the bracket's end."""
        is_item = self.text.startswith("[[", self.at)
        self.at += 2 if is_item else 1
        table = self._key((), is_item=is_item)[0]
        self.at += 2 if is_item else 1
        return table

    def _pair(self, table: KeyPath) -> None:
        """`a.b = value`"""
        path, place = self._key(table)
        self.at += 1  # the `=`
        start = self._skip(_SPACE)
        self._value(path)
        end = start + len(self.text[start : self.at].rstrip())
        if self.found[path] is place:
            self.found[path] = Place(place.start, place.end, start, end)

    def _key(self, path: KeyPath, *, is_item: bool = False) -> tuple[KeyPath, Place]:
        """The parts of a key behind those of its table, up to what follows it; with `is_item` the last one is an array's next item."""
        while True:
            self._skip(_SPACE)
            start, end = self.at, self._skip(_PART)
            path = (*path, _name(self.text[start:end]))
            place = self.found.setdefault(path, Place(start, end))
            self._skip(_SPACE)
            is_last = not self.text.startswith(".", self.at)
            if is_last and is_item:
                self._counts[path] = self._counts.get(path, -1) + 1
            if path in self._counts:
                path = (*path, self._counts[path])
                place = self.found.setdefault(path, Place(start, end))
            if is_last:
                return path, place
            self.at += 1

    def _value(self, path: KeyPath | None) -> None:
        """A value, and the keys of an inline table in it; below None, in an array, no key is kept."""
        sign = self.text[self.at]
        if sign in "\"'":
            self._skip(_STRING)
        elif sign == "[":
            self.at += 1
            while self.text[self._skip(_BLANK)] != "]":
                self._value(None)
                self._comma()
            self.at += 1
        elif sign == "{":
            self._inline(path)
        else:
            self._skip(_PLAIN)

    def _inline(self, path: KeyPath | None) -> None:
        self.at += 1
        while self.text[self._skip(_BLANK)] != "}":
            if path is None:
                kept, self.found = self.found, {}
                self._pair(())
                self.found = kept
            else:
                self._pair(path)
            self._comma()
        self.at += 1

    def _comma(self) -> None:
        if self.text[self._skip(_BLANK)] == ",":
            self.at += 1


def _name(part: str) -> str:
    """A part of a key as tomllib has it: `"a\\u0062"` is `ab`."""
    if part[0] not in "\"'":
        return part
    (name,) = parse_toml(f"{part} = 0")
    return name
