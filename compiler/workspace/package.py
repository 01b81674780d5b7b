"""The user's code as one deterministic archive, named by its sha256: same files, same bytes, on every machine."""

from __future__ import annotations

import os
import re
import struct
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from compiler.backends.names import within
from compiler.mistakes import CallError
from compiler.reading import is_within, read_file
from compiler.slotted_class import fresh, mutable, record
from compiler.workspace.ignore import Ignores, read_ignores
from compiler.workspace.secret_files import is_secret
from compiler.workspace.settings import Setting, Settings, SettingsError, nearest, repository
from compiler.workspace.settings.folders import workspace_folder
from compiler.workspace.settings.rules import BAD_PATH

LEFT_OUT = frozenset(
    {
        ".flowc", ".git", ".hg", ".svn", "__pycache__", "node_modules", ".tox", ".nox", ".venv", ".eggs",
        ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".ipynb_checkpoints", ".metaflow", ".DS_Store",
    }
)  # fmt: skip
"""Names that no step reads: tools' folders and caches, at any depth. Virtual environments go by their `pyvenv.cfg`."""

MARKS: Mapping[str, bytes] = {
    ".py": b"by flowc: change the flow",
    ".yaml": b"by flowc: change the flow",
    ".asl.json": b'"StartAt":',
    ".jobs.json": b'"jobDefinitionName":',
}
"""How the head of a compiled file is known. It is left out, since it may name an image, and that name holds the digest of the code."""

_HEAD = 1024
_ARCHIVE = r"[0-9a-f]{64}\.tar\.gz"
"""An archive of ours, which would change the name of the next one."""

LIMIT = 256 * 1024 * 1024
"""Bytes that a code archive may hold: a home folder is not code."""

MOST_FOLDERS = 50_000
"""Folders that are looked into: links between thirty of them can make a billion paths."""


class PackageError(CallError):
    """The code cannot be packed: what, and why."""


@record
class Archive:
    """A gzipped tar. `digest` is its sha256 in hex; `files` are its members; `links` were left out: they lead out
    of the root."""

    data: bytes
    digest: str
    files: tuple[str, ...]
    links: tuple[str, ...]
    secrets: tuple[str, ...] = ()
    """What was left out since it holds keys or passwords by its name, and no rule leaves it out anyway."""

    @property
    def name(self) -> str:
        """The file name that tells the content."""
        return f"{self.digest}.tar.gz"


def code_root(flow_file: Path, settings: Settings, given: Path | None = None) -> Path:
    """The folder that goes into the archive: as given, else as set, else the workspace's, else .git's, else the flow's.

    Raises SettingsError for a setting that names none, PackageError for all else.
    """
    configured = settings.get("root")
    if given is not None:
        root = given
    elif configured.source is not None:
        root = _configured_root(configured)
    elif settings.folder is not None:
        root = settings.folder
    else:
        root = workspace_folder(flow_file)
    if not root.is_dir():
        raise PackageError(f"the code's root {root} is no folder")
    if not flow_file.resolve().is_relative_to(root.resolve()):
        raise PackageError(f"{flow_file} does not lie in the code's root {root}")
    return root


def _configured_root(configured: Setting) -> Path:
    """The root that a pyproject.toml names: in its repository, or somebody else's file could have any folder packed."""
    assert configured.source is not None
    path = str(configured.value)
    root, top = configured.source.folder / path, repository(configured.source.folder)
    if not is_within(root, top):
        problem = f"that leads out of the repository `{top}`"
        raise SettingsError.at(
            configured, BAD_PATH, path=path, problem=problem, cure="say it with --root, where it is meant"
        )
    if not root.is_dir():
        cure = "make it, or name another; it starts at the folder of its file"
        raise SettingsError.at(configured, BAD_PATH, path=path, problem="there is no such folder", cure=cure)
    return root


def package(root: Path) -> Archive:
    """The archive of a folder, without what `.gitignore`, `.flowcignore` and LEFT_OUT name, and without
    files of keys and passwords. Raises PackageError."""
    import hashlib  # noqa: PLC0415 - loads OpenSSL, and a compile with an image of its own needs no digest

    found = _Found(root.resolve())
    try:
        found.walk()
    except OSError as error:
        raise PackageError(f"cannot read {error.filename}: {error.strerror}") from error
    members = tuple(sorted(found.members, key=lambda member: os.fsencode(member.path)))
    data = _gzip(_tar(members))
    return Archive(
        data,
        hashlib.sha256(data).hexdigest(),
        tuple(member.path for member in members),
        tuple(sorted(found.links)),
        tuple(sorted(found.secrets)),
    )


def is_compiled(name: str, data: bytes) -> bool:
    """Whether a file is the output of a compile: its head says so."""
    return any(name.endswith(suffix) and mark in data[:_HEAD] for suffix, mark in MARKS.items())


_LONGEST_REPOSITORY = 180
"""Characters of a repository's name, which has at most 255 with its registry."""


def default_image(flow: str, digest: str, registry: str | None) -> str:
    """The image that `flowc image` builds: `[registry/]<flow>:<first 12 of the code's digest>`."""
    name = f"{within(flow.lower(), _LONGEST_REPOSITORY, whole=flow)}:{digest[:12]}"
    return f"{registry.rstrip('/')}/{name}" if registry else name


@record
class _Member:
    path: str
    data: bytes
    is_executable: bool


@mutable
class _Found:
    """The files under a root, and the links that lead out of it."""

    root: Path
    members: list[_Member] = fresh(default_factory=list)
    links: list[str] = fresh(default_factory=list)
    secrets: list[str] = fresh(default_factory=list)
    size: int = 0
    folders: int = 0

    def walk(self) -> None:
        """Read the whole folder. Iterative; a folder that a link leads back to is not entered again below itself."""
        above, inner = ignores_above(self.root)
        pending: list[tuple[str, Ignores | None, tuple[str, ...]]] = [("", above, (str(self.root),))]
        while pending:
            base, above, trail = pending.pop()
            here = read_ignores(self.root / base, inner + base, above)
            self.folders += 1
            if self.folders > MOST_FOLDERS:
                raise PackageError(
                    f"the code in {self.root} has more than {MOST_FOLDERS} folders, counting those that links lead to: "
                    "name a smaller folder with --root, or leave some out with .flowcignore"
                )
            with os.scandir(self.root / base) as entries:
                kept = [entry for entry in entries if not is_left_out(entry, inner + base, here)]
            for entry in kept:
                path = base + entry.name
                if _is_kept_back(entry.path, inner + path, entry.is_dir(), here):
                    self.secrets.append(path)
                elif entry.is_symlink() and not self._holds(entry.path):
                    self.links.append(path)
                elif entry.is_dir():
                    real = os.path.realpath(entry.path)
                    if real not in trail:
                        pending.append((path + "/", here, (*trail, real)))
                elif entry.is_file():
                    self._read(entry, path)

    def _holds(self, path: str) -> bool:
        return os.path.exists(path) and Path(path).resolve().is_relative_to(self.root)

    def _read(self, entry: os.DirEntry[str], path: str) -> None:
        self.size += entry.stat().st_size
        if self.size > LIMIT:
            raise PackageError(
                f"the code in {self.root} is more than {LIMIT >> 20} MiB: name a smaller folder with --root, "
                "leave files out with .flowcignore, or name the image with --image"
            )
        data = read_file(entry.path, LIMIT)
        if not is_compiled(path, data):
            self.members.append(_Member(path, data, bool(entry.stat().st_mode & 0o100)))


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


def _is_kept_back(place: str, path: str, is_folder: bool, ignores: Ignores | None) -> bool:
    """Whether it holds keys or passwords, and `.flowcignore` does not say that it goes in all the same."""
    return is_secret(place, is_folder=is_folder) and not (
        ignores and ignores.keeps_on_purpose(path, is_folder and not os.path.islink(place))
    )


def is_left_out(entry: os.DirEntry[str], base: str, ignores: Ignores | None) -> bool:
    """Whether a file or folder is never code, or a rule leaves it out; `base` is its folder's path in the repository."""
    if _is_never_code(entry.name):
        return True
    if ignores and ignores.match(base + entry.name, entry.is_dir(follow_symlinks=False)):
        return True
    return os.path.exists(os.path.join(entry.path, "pyvenv.cfg"))


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


def _tar(members: Iterable[_Member]) -> bytes:
    """A tar (POSIX 2001) without owners and times, so that only names, contents and the executable bit tell.

    Written here: what `tarfile` writes differs between versions of Python, and it costs a cold compile 5 ms.
    """
    parts: list[bytes] = []
    for member in members:
        name = os.fsencode(member.path)
        if len(name) > _NAME or not name.isascii():
            record = _pax_record(name)
            parts += (_header(b"././@PaxHeader", len(record), 0o644, b"x"), record, _padding(record))
        parts += (_header(name[:_NAME], len(member.data), 0o755 if member.is_executable else 0o644, b"0"), member.data)
        parts.append(_padding(member.data))
    parts.append(bytes(2 * _BLOCK))
    return b"".join(parts)


_BLOCK, _NAME = 512, 100


def _padding(data: bytes) -> bytes:
    return bytes(-len(data) % _BLOCK)


def _header(name: bytes, size: int, mode: int, kind: bytes) -> bytes:
    """A ustar header: owner, group and time are 0, the checksum is that of the block with blanks in its place."""
    front = name.ljust(_NAME, b"\0") + b"%07o\0%07o\0%07o\0%011o\0%011o\0" % (mode, 0, 0, size, 0)
    back = kind + bytes(100) + b"ustar\x0000" + bytes(64) + b"0000000\x000000000\x00"
    blank = (front + b" " * 8 + back).ljust(_BLOCK, b"\0")
    return front + b"%06o\0 " % sum(blank) + blank[len(front) + 8 :]


def _pax_record(name: bytes) -> bytes:
    """`<length of the record> path=<name>`: for names that do not fit a header or are not ASCII."""
    body = b" path=" + name + b"\n"
    length = len(body) + 1
    while length != len(body) + len(str(length)):
        length = len(body) + len(str(length))
    return str(length).encode() + body


def _gzip(data: bytes) -> bytes:
    """gzip (RFC 1952) of stored blocks: what zlib makes of bytes differs between its versions, and the name must not."""
    view, size = memoryview(data), 0xFFFF
    parts: list[bytes | memoryview] = [b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"]
    for start in range(0, len(data), size):
        block = view[start : start + size]
        is_last = start + size >= len(data)
        parts += (struct.pack("<BHH", is_last, len(block), len(block) ^ 0xFFFF), block)
    parts.append(struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF))
    return b"".join(parts)
