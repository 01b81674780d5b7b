"""The folders of packages that a pyproject.toml tells its build tool: what an editable install would put on the path."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from fnmatch import fnmatch
from itertools import islice
from pathlib import Path, PurePosixPath


def declared_folders(pyproject: Mapping[str, object], folder: Path) -> tuple[str, ...]:
    """The folders, relative to that of the file, that setuptools, Poetry, Hatch, PDM, Maturin, uv or a workspace of it name."""
    tool = _table(pyproject, "tool")
    found = (
        *_setuptools(_table(tool, "setuptools")),
        *_poetry(_table(tool, "poetry")),
        *_hatch(_table(tool, "hatch")),
        *_texts(_table(tool, "pdm", "build").get("package-dir")),
        *_texts(_table(tool, "maturin").get("python-source")),
        *_texts(_table(tool, "uv", "build-backend").get("module-root")),
        *_members(_texts(_table(tool, "uv", "workspace").get("members")), folder),
    )
    return tuple(dict.fromkeys(each for each in found if each not in ("", ".")))


def _setuptools(table: Mapping[str, object]) -> Iterator[str]:
    for package, place in _table(table, "package-dir").items():
        yield from (_above(each) if package else each for each in _texts(place))
    yield from _texts(_table(table, "packages", "find").get("where"))


def _poetry(table: Mapping[str, object]) -> Iterator[str]:
    packages = table.get("packages")
    for each in packages if isinstance(packages, list) else ():
        yield from _texts(each.get("from") if isinstance(each, dict) else None)


def _hatch(table: Mapping[str, object]) -> Iterator[str]:
    for build in (_table(table, "build"), _table(table, "build", "targets", "wheel")):
        yield from map(_above, _texts(build.get("packages")))
        yield from _texts(build.get("dev-mode-dirs"))
        sources = build.get("sources")
        yield from sources if isinstance(sources, dict) else _texts(sources)


def _members(patterns: Iterator[str], folder: Path) -> Iterator[str]:
    """The members of a workspace: where each has its packages."""
    for pattern in patterns:
        parts = PurePosixPath(pattern).parts
        if pattern.startswith("/") or ".." in parts:
            continue
        for member in sorted(_matching(folder, parts)):
            place = member / "src" if (member / "src").is_dir() else member
            yield place.relative_to(folder).as_posix()


def _matching(folder: Path, parts: Iterable[str]) -> list[Path]:
    """The folders that a pattern names, each once and at most so many at each of its levels: links in a circle would make a billion."""
    found = [folder]
    for part in parts:
        below = islice((inner for each in found for inner in _below(each, part)), _MOST_FOLDERS)
        found = list({os.path.realpath(inner): inner for inner in below}.values())
    return found


def _below(folder: Path, part: str) -> Iterator[Path]:
    if part == "**":
        yield from (Path(each) for each, _, _ in os.walk(folder))
    elif set(part) & set("*?["):
        with suppress(OSError):
            yield from (Path(each.path) for each in os.scandir(folder) if each.is_dir() and fnmatch(each.name, part))
    elif (folder / part).is_dir():
        yield folder / part


_MOST_FOLDERS = 1_000


def _above(package: str) -> str:
    return PurePosixPath(package).parent.as_posix()


def _table(table: Mapping[str, object], *names: str) -> Mapping[str, object]:
    for name in names:
        inner = table.get(name)
        table = inner if isinstance(inner, dict) else {}
    return table


def _texts(value: object) -> Iterator[str]:
    for each in value if isinstance(value, list) else (value,):
        if isinstance(each, str):
            yield each
