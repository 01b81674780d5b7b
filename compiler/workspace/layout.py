"""The folders of packages that a pyproject.toml tells its build tool: what an editable install would put on the path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
        if pattern.startswith("/") or ".." in PurePosixPath(pattern).parts:
            continue
        for member in sorted(folder.glob(pattern)):
            place = member / "src" if (member / "src").is_dir() else member
            yield place.relative_to(folder).as_posix()


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
