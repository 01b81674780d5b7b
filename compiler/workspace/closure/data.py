"""The files that are no Python and that belong to modules: those beside them, and those that a text names."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from compiler.workspace.closure.paths import Named
from compiler.workspace.listing import KEPT, LINK, SECRET, Below, Listing, is_python

_DOCUMENTS = (".md", ".rst", ".adoc", ".ipynb", ".lock", ".orig", ".rej", ".bak", ".swp", ".mk", ".dockerfile", "~")
_TITLES = frozenset(
    (
        "readme",
        "license",
        "licence",
        "copying",
        "notice",
        "authors",
        "contributors",
        "contributing",
        "changelog",
        "changes",
        "security",
    )
)
_TOOLS = frozenset(
    (
        "codeowners",
        "makefile",
        "justfile",
        "procfile",
        "tiltfile",
        "pipfile",
        "pyproject.toml",
        "setup.cfg",
        "tox.ini",
        "pytest.ini",
        "mypy.ini",
        "manifest.in",
        "uv.toml",
        "ruff.toml",
        "renovate.json",
        "package.json",
        "package-lock.json",
    )
)
_BUILDS = ("dockerfile", "containerfile", "jenkinsfile")
_YAMLS = (
    "docker-compose",
    "compose",
    "taskfile",
    "environment",
    "conda-environment",
    "mkdocs",
    "kustomization",
    "cloudbuild",
    "codecov",
)
_LISTS = ("requirements", "constraints")
"""Files that no step reads unless its text names them: documents, notebooks, what tools and people keep beside the code."""

_NO_FOLDERS = frozenset(("doc", "docs", "test", "tests", "__tests__"))
"""Folders of documents and tests."""


def is_data(name: str) -> bool:
    """Whether a file is data of the modules beside it, by its name."""
    plain = name.lower()
    if is_python(name) or plain.startswith(".") or plain.endswith(_DOCUMENTS) or plain in _TOOLS:
        return False
    stem, _, end = plain.partition(".")
    if stem.partition("-")[0] in _TITLES or stem in _BUILDS:
        return False
    is_yaml = plain.endswith((".yaml", ".yml")) and stem in _YAMLS
    return not is_yaml and not (stem.startswith(_LISTS) and end in ("txt", "in"))


def _has_no_data(name: str) -> bool:
    """Whether a folder is one of documents or tests, or hidden, by its name."""
    return name.startswith(".") or name.lower() in _NO_FOLDERS or name.endswith((".egg-info", ".dist-info"))


def beside(listing: Listing, base: str) -> Below:
    """The data of a folder of modules: its files, and the folders below it that hold no Python at any depth.

    What `.flowcignore` keeps on purpose counts, whatever it is. Of the root itself only the files: what lies below it is everybody's,
    and belongs to a flow whose text names it.
    """
    found = Below([], [], [])
    folder = listing.folder(base)
    for name, entry in folder.entries.items() if folder else ():
        assert folder is not None
        path = base + name
        if is_python(name):
            continue
        state = listing.state(folder, name)
        if state == SECRET:
            found.secrets.append(path)
        elif state == LINK:
            found.links.append(path)
        elif state == KEPT and entry.is_dir():
            if base and not _has_no_data(name) and not listing.has_python(path + "/"):
                _take(found, listing.below(path + "/"), base)
        elif state == KEPT and entry.is_file() and (is_data(name) or listing.is_asked_for(folder, name)):
            found.files.append(path)
    return found


def _take(found: Below, other: Below, base: str) -> None:
    """What lies in folders of data, without their documents."""
    for file in other.files:
        *folders, name = file[len(base) :].split("/")
        if is_data(name) and not any(map(_has_no_data, folders)):
            found.files.append(file)
    found.secrets.extend(other.secrets)
    found.links.extend(other.links)


def matching(listing: Listing, base: str, named: Named, is_near: bool) -> Iterator[str]:
    """The files that a path names where it begins in a folder; of a folder all that is no Python.

    A pattern alone, without a folder before it, is looked for in a folder that `is_near`: the module's own.
    """
    if named.parts[0] == "**" or (len(named.parts) == 1 and _is_pattern(named.parts[0])):
        if not is_near:
            return
        if named.parts[0] == "**":
            last = named.parts[-1]
            yield from (each for each in listing.below(base).files if _is_like(each.rpartition("/")[2], last))
            return
    yield from _matching(listing, base, named.parts, named.is_folder)


def _matching(listing: Listing, base: str, parts: tuple[str, ...], is_folder: bool) -> Iterator[str]:
    folder = listing.folder(base)
    if folder is None:
        return
    part, rest = parts[0], parts[1:]
    if _is_pattern(part):
        if not any(each.strip("*?.") for each in parts):
            yield from _whole(listing, base)
            return
        names = [name for name in folder.entries if fnmatchcase(name, part)]
    else:
        names = [part] if part in folder.entries else []
    for name in names:
        is_dir = folder.entries[name].is_dir()
        if listing.state(folder, name) != KEPT:
            continue
        if rest and is_dir:
            yield from _matching(listing, f"{base}{name}/", rest, is_folder)
        elif not rest and is_dir and is_folder:
            yield from _whole(listing, f"{base}{name}/")
        elif not rest and not is_dir and (name == part or not is_python(name)):
            yield base + name


def _whole(listing: Listing, base: str) -> Iterator[str]:
    yield from (each for each in listing.below(base).files if not is_python(each))


def _is_pattern(part: str) -> bool:
    return any(each in part for each in "*?[")


def _is_like(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern) and not is_python(name)
