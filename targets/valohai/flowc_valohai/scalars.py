"""Scalars of YAML that every reader takes as they were meant, and commands of a shell in which no text of the author's is one."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

_PLAIN = r"[A-Za-z_/][A-Za-z0-9_./-]*(?:[.:=][A-Za-z0-9_./*-]+)*"
_RESERVED = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "none"])
_ESCAPES = {"\n": "\\n", "\t": "\\t", '"': '\\"', "\\": "\\\\"}
_WIDTH = 110


def scalar(text: str) -> str:
    """A string on one line: plain where no reader sees anything else in it, else double-quoted."""
    if re.fullmatch(_PLAIN, text) and text.lower() not in _RESERVED:
        return text
    return '"' + "".join(_character(char) for char in text) + '"'


def _character(char: str) -> str:
    code = ord(char)
    if char in _ESCAPES:
        return _ESCAPES[char]
    if " " <= char <= "~":
        return char
    if "\xa1" <= char <= "\u024f":
        return char
    return f"\\U{code:08x}" if code > ord("\uffff") else f"\\u{code:04x}"


def folded(words: tuple[str, ...]) -> Iterator[str]:
    """The lines of a command as YAML folds them into one; an option and its value stay together."""
    line = ""
    for word in _paired(words):
        if line and len(line) + 1 + len(word) > _WIDTH:
            yield line
            line = word
        else:
            line = f"{line} {word}" if line else word
    yield line


def _paired(words: tuple[str, ...]) -> Iterator[str]:
    waiting = iter(words)
    for word in waiting:
        yield f"{word} {next(waiting)}" if word.startswith("--") else word


def shell(words: tuple[str, ...], placeholders: frozenset[str]) -> tuple[str, ...]:
    """The words as a shell takes each for one, except for those that are the shell's or Valohai's to fill."""
    return tuple(word if word in placeholders else shlex.quote(word) for word in words)
