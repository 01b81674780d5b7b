"""Which files of a folder are left out: git's ignore rules (gitignore(5)), read from `.gitignore` and `.flowcignore`."""

from __future__ import annotations

import re
from pathlib import Path

from compiler.slotted_class import record

FILES = (".gitignore", ".flowcignore")
"""Where rules stand, in this order: of two that match, the later one counts."""


@record
class IgnoreRule:
    """One line of an ignore file. `pattern` matches a path relative to the file's folder."""

    pattern: re.Pattern[str]
    keeps: bool
    folders_only: bool


@record
class Ignores:
    """The rules of one folder, before those of the folders below it. `base` is the folder's path, `""` or ending with `/`."""

    base: str
    rules: tuple[IgnoreRule, ...]
    above: Ignores | None = None

    def match(self, path: str, is_folder: bool) -> bool:
        """Whether a path is ignored, its folders not being so: the last rule of the deepest file that matches decides."""
        level: Ignores | None = self
        while level is not None:
            inner = path.removeprefix(level.base)
            for rule in reversed(level.rules):
                if (is_folder or not rule.folders_only) and rule.pattern.match(inner):
                    return not rule.keeps
            level = level.above
        return False


def read_ignores(folder: Path, base: str, above: Ignores | None) -> Ignores | None:
    """The rules that hold in a folder: its own files' over those of the folders above; itself `above` where it has none."""
    lines: list[str] = []
    for name in FILES:
        file = folder / name
        if file.is_file() and not file.is_symlink():
            lines.extend(file.read_text(encoding="utf-8", errors="surrogateescape").splitlines())
    rules = tuple(rule for rule in map(_rule, lines) if rule)
    return Ignores(base, rules, above) if rules else above


def _rule(line: str) -> IgnoreRule | None:
    text = _without_trailing_spaces(line.removesuffix("\r"))
    if not text or text.startswith("#"):
        return None
    keeps = text.startswith("!")
    text = text[1:] if keeps else text
    folders_only = text.endswith("/")
    text = text.rstrip("/") if folders_only else text
    if not text:
        return None
    anchored = "/" in text
    source = _regex(text.removeprefix("/")) if text != "/**" else ".+"
    try:
        return IgnoreRule(re.compile(source if anchored else f"(?:.*/)?{source}", re.DOTALL), keeps, folders_only)
    except re.error:
        return None  # git, too, lets a pattern that is none match nothing


def _without_trailing_spaces(line: str) -> str:
    while line.endswith(" ") and not line.endswith("\\ "):
        line = line[:-1]
    return line


_TOKEN = r"""(?sx)(?P<lead>^\*\*/)        # **/ at the beginning: any folder, or none
    | (?P<tail>/\*\*$)          # /** at the end: everything inside
    | (?P<middle>/\*\*(?=/))    # /**/ between: any folders, or none
    | (?P<stars>\*+)
    | (?P<one>\?)
    | (?P<set>\[[!^]?\]?(?:\\.|\[:[a-z]+:\]|[^\]\\])*\])
    | \\(?P<escaped>.)
    | (?P<plain>.)"""
_SPELLED = {"lead": "(?:.*/)?", "tail": "/.+", "middle": "(?:/.*)?", "stars": "[^/]*", "one": "[^/]"}
_CLASSES = {
    "[:alnum:]": "0-9A-Za-z",
    "[:alpha:]": "A-Za-z",
    "[:blank:]": " \\t",
    "[:digit:]": "0-9",
    "[:lower:]": "a-z",
    "[:space:]": "\\s",
    "[:upper:]": "A-Z",
    "[:xdigit:]": "0-9A-Fa-f",
}


def _regex(glob: str) -> str:
    return "".join(map(_token, re.finditer(_TOKEN, glob))) + r"\Z"


def _token(match: re.Match[str]) -> str:
    kind = match.lastgroup
    assert kind is not None
    if kind in _SPELLED:
        return _SPELLED[kind]
    if kind == "set":
        return _set(match["set"])
    return re.escape(match[kind])


def _set(text: str) -> str:
    """`[a-z]`, `[!a]`: never a slash, as in git."""
    inside = text[1:-1]
    negated = inside[:1] in ("!", "^")
    inside = inside[1:] if negated else inside
    for name, members in _CLASSES.items():
        inside = inside.replace(name, members)
    inside = re.sub(r"\\(\w)", lambda m: m[0] if m[1] in "st" else m[1], inside)
    inside = inside.replace("[", "\\[")
    if inside.startswith("]"):
        inside = "\\" + inside
    return f"(?!/)[{'^' if negated else ''}{inside}]"
