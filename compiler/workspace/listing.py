"""What lies in the code's root, each folder listed once, and which of it is code: not tools' folders, ignored files, keys, links out."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

from compiler.mistakes import CallError
from compiler.slotted_class import fresh, mutable, record
from compiler.workspace.ignore import Ignores, read_ignores
from compiler.workspace.secret_files import is_secret
from compiler.workspace.settings import nearest

LEFT_OUT = frozenset(
    {
        ".flowc", ".git", ".hg", ".svn", "__pycache__", "node_modules", ".tox", ".nox", ".venv", ".eggs",
        ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".ipynb_checkpoints", ".metaflow", ".DS_Store",
    }
)  # fmt: skip
"""Names that no step reads: tools' folders and caches, at any depth. Virtual environments go by their `pyvenv.cfg`."""

_ARCHIVE = r"[0-9a-f]{64}\.tar\.gz"
"""An archive of ours, which would change the name of the next one."""

LIMIT = 256 * 1024 * 1024
"""Bytes that a code archive may hold: a home folder is not code."""

MOST_FOLDERS = 50_000
"""Folders that are looked into: links between thirty of them can make a billion paths."""


KEPT, LEFT, LINK, SECRET = "kept", "left out", "a link out of the root", "keys or passwords"
"""What the archive does with an entry of a folder; all but the first stay out."""


class TooManyFolders(CallError):
    """More folders than code has; `most` is how many are looked into."""

    def __init__(self, most: int) -> None:
        super().__init__(f"more than {most} folders")
        self.most = most


@mutable
class Folder:
    """One folder of the root. `base` is its path there, `""` or ending with a slash."""

    base: str
    entries: dict[str, os.DirEntry[str]]
    ignores: Ignores | None
    modules: dict[str, list[str]]
    """The files that Python may load, by the name of their module."""
    states: dict[str, str] = fresh(default_factory=dict)


@record
class Below:
    """What lies below a folder, by the paths in the root: the files that are code, and what stays out and might be missed."""

    files: list[str]
    links: list[str]
    secrets: list[str]


@mutable
class Listing:
    """The folders of a root (all links of its path resolved), each read when it is first asked for."""

    root: Path
    _folders: dict[str, Folder | None] = fresh(default_factory=dict)
    _above: tuple[Ignores | None, str] | None = None
    _python: dict[str, bool] = fresh(default_factory=dict)

    def folder(self, base: str) -> Folder | None:
        """The folder at a path, `""` or ending with a slash; None where there is none, or nobody may read it."""
        if base not in self._folders:
            self._folders[base] = self._listed(base)
        return self._folders[base]

    @property
    def bases(self) -> tuple[str, ...]:
        """The paths that were looked at as folders."""
        return tuple(self._folders)

    def _listed(self, base: str) -> Folder | None:
        above, inner = self._around(base)
        try:
            with os.scandir(self.root / base) as found:
                entries = {entry.name: entry for entry in found if not _goes_round(entry)}
        except (NotADirectoryError, FileNotFoundError):
            return None
        ignores = read_ignores(self.root / base, inner + base, above)
        return Folder(base, entries, ignores, _modules(entries))

    def _around(self, base: str) -> tuple[Ignores | None, str]:
        """The rules that hold above a folder, and the root's path in its repository."""
        if self._above is None:
            self._above = ignores_above(self.root)
        above, inner = self._above
        if base:
            outer = self.folder(_outer(base))
            above = outer.ignores if outer else above
        return above, inner

    def state(self, folder: Folder, name: str) -> str:
        """What the archive does with an entry of a folder that it holds."""
        if name not in folder.states:
            folder.states[name] = self._decided(folder, folder.entries[name])
        return folder.states[name]

    def _decided(self, folder: Folder, entry: os.DirEntry[str]) -> str:
        _, inner = self._around("")
        path = inner + folder.base + entry.name
        if is_left_out(entry, inner + folder.base, folder.ignores):
            return LEFT
        if _is_kept_back(entry.path, path, entry.is_dir(), folder.ignores):
            return SECRET
        return LINK if entry.is_symlink() and not self._leads_inside(entry.path) else KEPT

    def _leads_inside(self, path: str) -> bool:
        return os.path.exists(path) and Path(path).resolve().is_relative_to(self.root)

    def is_asked_for(self, folder: Folder, name: str) -> bool:
        """Whether `.flowcignore` says that the archive holds an entry of a folder."""
        _, inner = self._around("")
        path = inner + folder.base + name
        return folder.ignores is not None and folder.ignores.keeps_on_purpose(path, folder.entries[name].is_dir())

    def holds(self, path: str) -> bool:
        """Whether the archive of the whole root holds a file, or a folder that ends with a slash."""
        while path:
            base = _outer(path)
            folder = self.folder(base)
            name = path[len(base) :].rstrip("/")
            if folder is None or name not in folder.entries or self.state(folder, name) != KEPT:
                return False
            path = base
        return True

    def is_file(self, path: str) -> bool:
        """Whether there is a file at a path, packed or not."""
        base = _outer(path)
        folder = self.folder(base)
        entry = folder.entries.get(path[len(base) :]) if folder else None
        return entry is not None and entry.is_file()

    def below(self, base: str) -> Below:
        """What the archive holds below a folder, at any depth; a folder that a link leads back to is not entered again below itself.

        Raises TooManyFolders, OSError.
        """
        found = Below([], [], [])
        pending: list[tuple[str, tuple[str, ...]]] = [(base, (os.path.realpath(self.root / base),))]
        count = 0
        while pending:
            place, trail = pending.pop()
            folder = self.folder(place)
            count += 1
            if count > MOST_FOLDERS:
                raise TooManyFolders(MOST_FOLDERS)
            for entry in folder.entries.values() if folder else ():
                assert folder is not None
                path = place + entry.name
                state = self.state(folder, entry.name)
                if state == KEPT and entry.is_dir():
                    real = os.path.realpath(entry.path)
                    if real not in trail:
                        pending.append((path + "/", (*trail, real)))
                elif state == KEPT and entry.is_file():
                    found.files.append(path)
                elif state == SECRET:
                    found.secrets.append(path)
                elif state == LINK:
                    found.links.append(path)
        return found

    def has_python(self, base: str) -> bool:
        """Whether a folder holds modules, at any depth. Raises TooManyFolders, OSError."""
        if base not in self._python:
            folder = self.folder(base)
            self._python[base] = bool(folder and folder.modules) or any(map(is_python, self.below(base).files))
        return self._python[base]


def _goes_round(entry: os.DirEntry[str]) -> bool:
    """Whether a link leads to itself, so that nobody can say what it is."""
    try:
        if entry.is_symlink():
            entry.is_dir()
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        return True
    return False


def is_python(path: str) -> bool:
    """Whether a file is what Python may load as a module, by its name."""
    if path.endswith(".so"):
        return ".cpython-" in path or path.endswith(".abi3.so")
    return path.endswith((".py", ".pyi", ".pyc", ".pyw", ".pyd"))


def _modules(entries: dict[str, os.DirEntry[str]]) -> dict[str, list[str]]:
    """By its name, what Python would load for a module: compiled for the machine, its source, or bytecode alone."""
    found: dict[str, list[str]] = {}
    for name, entry in entries.items():
        stem, _, end = name.partition(".")
        if stem and (end in ("py", "pyc") or name.endswith(".so")) and entry.is_file():
            found.setdefault(stem, []).append(name)
    for stem, names in found.items():
        if len(names) > 1:
            found[stem] = sorted(
                (each for each in names if not each.endswith(".pyc")), key=lambda each: each.endswith(".py")
            )
    return found


def _outer(path: str) -> str:
    """The folder of a file, or of a folder that ends with a slash; it ends with one, too, or is empty."""
    return path[: path.rstrip("/").rfind("/") + 1]


@record
class Reason:
    """Why the archive leaves a file out, and what the author does about it."""

    told: str
    cure: str


def why_left_out(root: Path, file: Path) -> Reason | None:
    """Why the archive of a root leaves a file below it out; None where it holds the file."""
    top = root.resolve()
    try:
        parts = _below(file, top).parts
    except ValueError:
        return Reason(f"`{file}` lies outside the code's root `{root}`", _ROOTED)
    ignores, inner = ignores_above(top)
    base = ""
    for name in parts:
        ignores = read_ignores(top / base, inner + base, ignores)
        place = top / base / name
        shown = base + name
        if place.is_symlink() and not place.resolve().is_relative_to(top):
            return Reason(f"`{shown}` is a link out of the code's root `{root}`", _ROOTED)
        if ignores and ignores.match(inner + shown, place.is_dir() and not place.is_symlink()):
            slash = "/" if place.is_dir() else ""
            told = f"a rule of `.gitignore` or `.flowcignore` leaves out `{shown}{slash}`"
            return Reason(told, f"keep it: write `!/{name}{slash}` into `{base}.flowcignore`")
        if _is_never_code(name) or os.path.exists(place / "pyvenv.cfg"):
            return Reason(f"`{shown}` is a folder or a file of a tool, which is never packed", "give it another name")
        if _is_kept_back(os.fspath(place), inner + shown, place.is_dir(), ignores):
            return Reason(f"`{shown}` holds keys or passwords by its name", keep_back_cure(shown))
        base = f"{shown}/"
    return None


def too_large(listing: Listing, path: str) -> Reason | None:
    """Why a file alone is more than an archive holds; None where it is not."""
    if (listing.root / path).stat().st_size <= LIMIT:
        return None
    return Reason(
        f"`{path}` is larger than the {LIMIT >> 20} MiB that the code may have", "load it from a store in a step"
    )


def keep_back_cure(path: str) -> str:
    """How somebody packs such a file on purpose."""
    folder, _, name = path.rpartition("/")
    return f"where the code needs it, write `!/{name}` into `{folder + '/' if folder else ''}.flowcignore`"


_ROOTED = "move it there, or name a folder above both with `--root` or `[tool.flowc] root`"


def _below(file: Path, top: Path) -> Path:
    """The path of a file below a resolved folder, links on the way kept. Raises ValueError."""
    plain = Path(os.path.abspath(file))
    for above in (plain, *plain.parents):
        if above.resolve() == top:
            return plain.relative_to(above)
    return file.resolve().relative_to(top)


def _is_never_code(name: str) -> bool:
    return name in LEFT_OUT or name.endswith(".pyc") or _is_archive(name)


def is_left_out(entry: os.DirEntry[str], base: str, ignores: Ignores | None) -> bool:
    """Whether a file or folder is never code, or a rule leaves it out; `base` is its folder's path in the repository."""
    if _is_never_code(entry.name):
        return True
    if ignores and ignores.match(base + entry.name, entry.is_dir(follow_symlinks=False)):
        return True
    return os.path.exists(os.path.join(entry.path, "pyvenv.cfg"))


def _is_kept_back(place: str, path: str, is_folder: bool, ignores: Ignores | None) -> bool:
    """Whether it holds keys or passwords, and `.flowcignore` does not say that it goes in all the same."""
    return is_secret(place, is_folder=is_folder) and not (
        ignores and ignores.keeps_on_purpose(path, is_folder and not os.path.islink(place))
    )


def _is_archive(name: str) -> bool:
    return name.endswith(".tar.gz") and re.fullmatch(_ARCHIVE, name) is not None


def ignores_above(root: Path) -> tuple[Ignores | None, str]:
    """The rules of the repository's folders above the root, which git applies in it too, and the root's path in the repository."""
    repository = nearest(root, ".git")
    if repository is None or repository.parent == root:
        return None, ""
    above: Ignores | None = None
    for folder in reversed(root.parents):
        if folder.is_relative_to(repository.parent):
            base = folder.relative_to(repository.parent).as_posix()
            above = read_ignores(folder, "" if base == "." else f"{base}/", above)
    return above, root.relative_to(repository.parent).as_posix() + "/"
