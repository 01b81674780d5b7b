"""A settings file: its tables, and where each key of it stands."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.diagnostics import Report
from compiler.documents import NotParsed, parse_toml
from compiler.ir.flow import Span
from compiler.mistakes import CallError
from compiler.reading import TEXT, read_file, reason
from compiler.slotted_class import fresh, record
from compiler.workspace.settings import rules

if TYPE_CHECKING:
    from compiler.workspace.settings.toml_places import KeyPath, Place

TOOL = ("tool", "flowc")
"""The table of a pyproject.toml that is ours."""


class ConfigError(CallError):
    """A setting that cannot be what the call needs of it; the message names file, table and key."""


@record
class SettingsFile:
    """A TOML file: `document` is the whole of it, `text` what it was read from, with line ends of `\\n`."""

    path: Path
    text: str
    document: Mapping[str, object]
    _scanned: list[Mapping[KeyPath, Place]] = fresh(default_factory=list)

    @property
    def folder(self) -> Path:
        """Where the relative paths that it says start."""
        return self.path.parent

    @property
    def table(self) -> object:
        """`[tool.flowc]`: a mapping where it is the table that it should be; None where the file has none."""
        tool = self.document.get(TOOL[0])
        return tool.get(TOOL[1]) if isinstance(tool, dict) else None

    def inner(self, key: str) -> Mapping[str, object]:
        """A table of `[tool.flowc]`; an empty one where it is none."""
        found = self.table.get(key) if isinstance(self.table, dict) else None
        return found if isinstance(found, dict) else {}

    def has(self, *keys: str) -> bool:
        """Whether it has a key of `[tool.flowc]`."""
        found: object = self.table
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        return found is not None

    def span(self, *keys: str | int) -> Span:
        """The place of a key of `[tool.flowc]`, by the tables that lead to it; the nearest of those where the key stands nowhere."""
        whole: KeyPath = (*TOOL, *keys)
        if not self._scanned:
            from compiler.workspace.settings.toml_places import places  # noqa: PLC0415 - a right file is not scanned

            self._scanned.append(places(self.text))
        while whole and whole not in self._scanned[0]:
            whole = whole[:-1]
        place = self._scanned[0].get(whole)
        return self._span(place.start, place.end) if place else self._span(0, 1)

    def _span(self, start: int, end: int) -> Span:
        line = self.text.count("\n", 0, start) + 1
        begin = self.text.rfind("\n", 0, start) + 1
        return Span(shown(self.path), line, start - begin + 1, line, end - begin + 1)


def shown(path: Path) -> str:
    """A path as findings name it: from the working directory where it lies below, else whole."""
    whole, here = os.path.abspath(path), os.getcwd()
    return os.path.relpath(whole, here) if whole.startswith(here.rstrip(os.sep) + os.sep) else whole


def read_settings_file(path: Path, report: Report) -> SettingsFile | None:
    """A file of settings; None where it is not read or no TOML, which is a finding."""
    try:
        text = read_file(path, TEXT).decode()
    except OSError as error:
        report.add(rules.FILE_NOT_READ, _begin(path), path=shown(path), reason=reason(error))
        return None
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode("utf-8", "replace")
        report.add(rules.NOT_TOML, _at_end(path, before), reason="it is not UTF-8")
        return None
    try:
        return parsed(path, text)
    except NotParsed as error:
        report.add(rules.NOT_TOML, _place(path, text, error), reason=_reason(text, error))
        return None


def parsed(path: Path, text: str) -> SettingsFile:
    """The file of a text. Raises NotParsed."""
    return SettingsFile(path, text.replace("\r\n", "\n"), parse_toml(text))


def _place(path: Path, text: str, error: NotParsed) -> Span:
    if text.startswith("\ufeff"):
        return _begin(path)
    if error.line:
        return Span(shown(path), error.line, error.column, error.line, error.column + 1)
    return _at_end(path, text) if "end of document" in str(error) else _begin(path)


def _reason(text: str, error: NotParsed) -> str:
    return "it begins with a byte order mark" if text.startswith("\ufeff") else str(error).rstrip(".")


def _begin(path: Path) -> Span:
    return Span(shown(path), 1, 1, 1, 2)


def _at_end(path: Path, text: str) -> Span:
    """The last letter of a text's last line that is not empty."""
    lines = text.rstrip().split("\n")
    column = max(len(lines[-1].rstrip("\r")), 1)
    return Span(shown(path), len(lines), column, len(lines), column + 1)


def read_toml(file: Path) -> dict[str, object]:
    """The tables of the user's own file. Raises ConfigError."""
    try:
        return parse_toml(read_file(file, TEXT).decode())
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: not TOML: {error}") from error
    except NotParsed as error:
        place = f" (at line {error.line}, column {error.column})" if error.line else ""
        raise ConfigError(f"{file}: not TOML: {error}{place}") from error
