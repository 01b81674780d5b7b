"""Which files of a folder are left out: git's ignore rules (gitignore(5)), read from `.gitignore` and `.flowcignore`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from compiler.reading import TEXT, read_file
from compiler.slotted_class import record

OWN = ".flowcignore"
FILES = (".gitignore", OWN)
"""Where rules stand, in this order: of two that match, the later one counts."""


@record
class IgnoreRule:
    """One line of an ignore file. `pattern` matches a path relative to the file's folder."""

    pattern: re.Pattern[str]
    keeps: bool
    folders_only: bool
    is_own: bool = False
    """Whether it stands in `.flowcignore`, which is about the archive and nothing else."""


@record
class Ignores:
    """The rules of one folder, before those of the folders below it. `base` is the folder's path, `""` or ending with `/`."""

    base: str
    rules: tuple[IgnoreRule, ...]
    above: Ignores | None = None

    def match(self, path: str, is_folder: bool) -> bool:
        """Whether a path is ignored, its folders not being so."""
        rule = self.rule_of(path, is_folder)
        return rule is not None and not rule.keeps

    def keeps_on_purpose(self, path: str, is_folder: bool) -> bool:
        """Whether `.flowcignore` says that the archive holds a path."""
        rule = self.rule_of(path, is_folder)
        return rule is not None and rule.keeps and rule.is_own

    def rule_of(self, path: str, is_folder: bool) -> IgnoreRule | None:
        """The rule that decides about a path: the last of the deepest file that matches."""
        level: Ignores | None = self
        while level is not None:
            inner = path.removeprefix(level.base)
            for rule in reversed(level.rules):
                if (is_folder or not rule.folders_only) and rule.pattern.match(inner):
                    return rule
            level = level.above
        return None


def read_ignores(folder: Path, base: str, above: Ignores | None) -> Ignores | None:
    """The rules that hold in a folder: its own files' over those of the folders above; itself `above` where it has none."""
    rules: list[IgnoreRule] = []
    for name in FILES:
        file = folder / name
        if file.is_file() and not file.is_symlink():
            lines = read_file(file, TEXT).decode("utf-8", "surrogateescape").splitlines()
            rules += [rule for line in lines if (rule := _rule(line, name == OWN))]
    return Ignores(base, tuple(rules), above) if rules else above


def _rule(line: str, is_own: bool = False) -> IgnoreRule | None:
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
    source = _regex(text.removeprefix("/"))
    try:
        return IgnoreRule(
            re.compile(source if anchored else f"(?:.*/)?{source}", re.DOTALL), keeps, folders_only, is_own
        )
    except re.error:
        return None  # git, too, lets a pattern that is none match nothing


def globs(patterns: Sequence[str]) -> list[re.Pattern[str]]:
    """Patterns of paths, as an ignore file has them after a slash: `*` within a name, `**/` for any folders, a folder for all in it."""
    found = [pattern.strip("/") for pattern in patterns]
    return [re.compile(rf"{_regex(each)[:-2]}(?:/.*)?\Z", re.DOTALL) for each in found if each]


def _without_trailing_spaces(line: str) -> str:
    while line.endswith(" ") and not line.endswith("\\ "):
        line = line[:-1]
    return line


_TOKEN = r"""(?sx)(?P<stars>\*+)
    | (?P<one>\?)
    | (?P<set>\[[!^]?\]?(?:\\.|\[:[a-z]+:\]|[^\]\\])*\])
    | \\(?P<escaped>.)
    | (?P<plain>.)"""
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


def glob_pattern(glob: str) -> re.Pattern[str]:
    """A glob that a whole path must match, from its beginning; one that is none matches nothing."""
    try:
        return re.compile(_regex(glob), re.DOTALL)
    except re.error:
        return re.compile(r"(?!)")


def _regex(glob: str) -> str:
    """A glob that matches in time linear in the path, however many stars it has.

    What stands between two stars may be taken where it comes first, for good: what follows has then the most room. So only the last star
    of a folder's name, and the last `**`, ever look back.
    """
    outer = re.sub(r"(?:/\*\*)+\Z", "", glob)
    if outer in ("", "**"):
        return r".+\Z"
    blocks = re.split(r"(?:^|(?<=/))(?:\*\*/)+", outer)  # what stands between `**/`: any folders, or none
    first, *rest = blocks
    spelled = _folders(first)
    for number, block in enumerate(rest, 1):
        spelled += f"(?>(?:[^/]*/)*?{_folders(block)})" if number < len(rest) else f"(?:.*/)?{_folders(block)}"
    return spelled + ("/.+" if outer != glob else "") + r"\Z"


def _folders(block: str) -> str:
    """Names with slashes between them, each as the chunks between its stars."""
    names: list[list[str]] = [[""]]
    for match in re.finditer(_TOKEN, block):
        if match.lastgroup == "stars":
            names[-1].append("")
        elif "/" in (match["plain"], match["escaped"]):
            names.append([""])
        else:
            names[-1][-1] += _token(match)
    return "/".join(map(_name, names))


def _name(chunks: Sequence[str]) -> str:
    first, *rest = chunks
    return first + "".join(f"(?>[^/]*?{each})" for each in rest[:-1] if each) + (f"[^/]*{rest[-1]}" if rest else "")


def _token(match: re.Match[str]) -> str:
    kind = match.lastgroup
    assert kind is not None
    if kind == "one":
        return "[^/]"
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
