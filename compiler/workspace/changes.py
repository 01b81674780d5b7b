"""What has changed in a repository since a revision of git, asked so that nothing of the repository runs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from compiler.documents import NotParsed, parse_toml
from compiler.mistakes import CallError
from compiler.reading import TEXT, read_file
from compiler.slotted_class import record
from compiler.workspace.ignore import FILES as IGNORE_FILES

_QUIET = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.untrackedCache=false",
    "diff.external=",
    "protocol.allow=never",
    "submodule.recurse=false",
)
"""Settings of a repository that name programs, or have git ask another machine: none of them counts."""

_DEPENDENCIES = r"(?:requirements|constraints).*\.txt|pyproject\.toml|setup\.cfg|.*\.lock"
_OWN_VERSION = r"(?m)^.*(?<![\w.\[])flowc\b(?!\.).*$(?:\n[ \t]*version.*$)?"
"""The lines of a file of dependencies that say which flowc compiles."""


@record
class Changes:
    """The paths below `top`, with slashes, that differ from a revision; `removed` are those that are gone.

    `whole` says why every flow has changed; it is empty where that hangs on its files.
    """

    top: Path
    revision: str
    changed: frozenset[str]
    tracked: frozenset[str]
    removed: frozenset[str]
    whole: str = ""

    def touches(self, files: Iterable[Path]) -> bool:
        """Whether a flow that is made of these files has changed: one of them, one that is gone beside them, what is ignored there."""
        found = {path for file in files for path in _within(file, self.top)}
        folders = {os.path.dirname(path) for path in found}
        above = {folder for each in folders for folder in _and_above(each)}
        names = {_module_name(path) for path in found if path.endswith(".py")}
        return (
            any(path in self.changed or path not in self.tracked for path in found)
            or any(os.path.dirname(path) in folders for path in self.removed)
            or any(path.endswith(".py") and _module_name(path) in names for path in self.removed)
            or any(self._differs(os.path.join(folder, name)) for folder in above for name in IGNORE_FILES)
            or any(folder in self.changed for folder in above)  # a submodule
        )

    def _differs(self, path: str) -> bool:
        return path in self.changed or (path not in self.tracked and os.path.lexists(self.top / path))


def changes_since(folder: Path, revision: str, settings: Iterable[Path] = ()) -> Changes:
    """The changes of the repository that a folder lies in, what is not committed included; `settings` are files that all flows read.

    Raises CallError where there is no git, no repository or no such revision.
    """
    top = Path(os.fsdecode(_git(folder, "rev-parse", "--show-toplevel").rstrip(b"\n")))
    quiet = tuple(word for each in (*_QUIET, *_filters(top)) for word in ("-c", each))
    commit = _commit(top, revision)
    asked = ("diff", "--name-only", "-z", "--no-ext-diff", "--no-textconv", "--no-renames", "--ignore-submodules=dirty")
    changed = _paths(_git(top, *quiet, *asked, commit, "--"))
    tracked = _paths(_git(top, *quiet, "ls-files", "-z"))
    removed = frozenset(path for path in changed if not os.path.lexists(top / path))
    whole = _whole(top, commit, changed, settings)
    return Changes(top, revision, changed, tracked, removed, whole)


def _whole(top: Path, commit: str, changed: frozenset[str], settings: Iterable[Path]) -> str:
    for file in settings:
        for path in _within(file, top):
            if path in changed and _settings(_old(top, commit, path)) != _settings(_new(top / path)):
                return f"{path} has other settings"
    for path in sorted(changed):
        if re.fullmatch(_DEPENDENCIES, os.path.basename(path)):
            before, after = (_of_flowc(data) for data in (_old(top, commit, path), _new(top / path)))
            if before != after:
                return f"{path} names another flowc"
    return ""


def _settings(data: bytes) -> object:
    """All of a settings file that flows hang on: the tables of tools, for flowc's own and the folders of packages."""
    try:
        tools = parse_toml(data.decode()).get("tool")
    except (NotParsed, UnicodeDecodeError):
        return data
    kept = ("flowc", "setuptools", "poetry", "hatch", "pdm", "maturin", "uv")
    return {name: tools.get(name) for name in kept} if isinstance(tools, dict) else {}


def _of_flowc(data: bytes) -> list[str]:
    return sorted(re.findall(_OWN_VERSION, data.decode("utf-8", "replace")))


def _old(top: Path, commit: str, path: str) -> bytes:
    """A file at a revision, as git keeps it; nothing where it was not there."""
    done = _run(top, "cat-file", "blob", f"{commit}:{path}")
    return done[1] if done[0] == 0 else b""


def _new(file: Path) -> bytes:
    try:
        return read_file(file, 64 * TEXT)
    except OSError:
        return b""


def _within(file: Path, top: Path) -> Iterator[str]:
    """A file's paths below a folder: as it is named, and where its links lead."""
    for place in dict.fromkeys(
        (os.path.abspath(file), os.path.join(os.path.realpath(file.parent), file.name), os.path.realpath(file))
    ):
        for start in dict.fromkeys((os.fspath(top), os.path.realpath(top))):
            if place.startswith(start.rstrip(os.sep) + os.sep):
                yield os.path.relpath(place, start)


def _and_above(folder: str) -> Iterator[str]:
    yield folder
    while folder:
        folder = os.path.dirname(folder)
        yield folder


def _module_name(path: str) -> str:
    """What an import would call a file: a package by its folder's name."""
    folder, name = os.path.split(path)
    return os.path.basename(folder) if name == "__init__.py" else name.removesuffix(".py")


def _commit(top: Path, revision: str) -> str:
    """The commit of a revision, which is never an option. Raises CallError."""
    if "\0" not in revision:
        code, out = _run(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        found = out.decode("ascii", "replace").strip()
        if code == 0 and re.fullmatch(r"[0-9a-f]{40,64}", found):
            return found
    is_shallow = _run(top, "rev-parse", "--is-shallow-repository")[1].strip() == b"true"
    more = (
        ": this clone is shallow, and may lack it: `git fetch --unshallow`, or `fetch-depth: 0` of actions/checkout"
        if is_shallow
        else ": `git fetch` brings those of another repository"
    )
    raise CallError(f"--changed-since {revision}: there is no such revision in {top}{more}")


def _filters(top: Path) -> Iterator[str]:
    """Settings that take away what a repository's filters would run on its files. Raises CallError."""
    for name in sorted(_paths(_git(top, "config", "--list", "-z", "--name-only"))):
        if re.fullmatch(r"(?s)filter\..*\.(?:clean|smudge|process|required)", name):
            if "=" in name:
                raise CallError(f"--changed-since: the settings of git in {top} name a filter with a `=`: {name}")
            yield f"{name}={'false' if name.endswith('required') else ''}"


def _paths(data: bytes) -> frozenset[str]:
    return frozenset(os.fsdecode(path) for path in data.split(b"\0") if path)


def _git(folder: Path, *words: str) -> bytes:
    """What git says. Raises CallError."""
    code, out = _run(folder, *words)
    if code:
        raise CallError(
            f"--changed-since asks git, and {folder} lies in no repository that git reads: `git status` says why"
        )
    return out


def _run(folder: Path, *words: str) -> tuple[int, bytes]:
    import subprocess  # noqa: PLC0415 - few calls ask git

    # without variables that name another repository, a program, or a place for its index
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", "--no-pager", "--no-optional-locks", *words],
            cwd=folder,
            env={**kept, **_ENVIRONMENT},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise CallError(
            "--changed-since asks git, and there is no `git` here: install it, or name the flows"
        ) from error
    return done.returncode, done.stdout


_ENVIRONMENT: Mapping[str, str] = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
