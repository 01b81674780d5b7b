"""Where the keys of a table of TOML stand."""

from __future__ import annotations

import os
import re
from pathlib import Path

from compiler.ir.flow import Span
from compiler.reading import TEXT, read_file

_HEAD = r"\s*\[\s*([^\]]*?)\s*\]\s*(?:#.*)?"
_KEY = r"\s*([\w.\"'-]+)\s*="


def line_of(file: Path, table: str, key: str) -> Span:
    """The line of a key of a table, or that of a table by its name within it; else the table's head, else the file's begin."""
    near, found = os.path.relpath(file), None
    path = str(file) if near.startswith("..") else near
    inside = ""
    for number, line in enumerate(read_file(file, TEXT).decode("utf-8", "replace").split("\n"), 1):
        head, said = re.fullmatch(_HEAD, line), re.match(_KEY, line)
        if head:
            inside = re.sub(r"[\s\"']", "", head[1])
        name = re.sub(r"[\"']", "", f"{inside}.{said[1]}" if said and not head else inside)
        if name == f"{table}.{key}" or name.startswith(f"{table}.{key}."):
            return _span(path, number, line)
        if found is None and (name == table or name.startswith(f"{table}.")):
            found = _span(path, number, line)
    return found or Span(path, 1, 1, 1, 1)


def _span(path: str, number: int, line: str) -> Span:
    begin = len(line) - len(line.lstrip()) + 1
    return Span(path, number, begin, number, len(line.rstrip()) + 1)
