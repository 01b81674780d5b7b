"""The user's code as one deterministic archive, named by its sha256: same files, same bytes, on every machine."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from compiler.backends.names import within
from compiler.mistakes import CallError
from compiler.reading import digest_of, is_within, read_file
from compiler.slotted_class import record
from compiler.workspace.listing import LIMIT, Listing, TooManyFolders
from compiler.workspace.marks import is_compiled
from compiler.workspace.settings import Setting, Settings, SettingsError, repository
from compiler.workspace.settings.folders import workspace_folder
from compiler.workspace.settings.rules import BAD_PATH

REQUIREMENTS = "requirements.txt"
"""What the image installs where the settings name no packages; it lies in the root."""


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
    """The archive of a whole folder, without what `.gitignore`, `.flowcignore` and LEFT_OUT name, and without
    files of keys and passwords. Raises PackageError."""
    return pack_whole(Listing(root.resolve()))


def pack_whole(listing: Listing) -> Archive:
    """The archive of all that a listed root holds. Raises PackageError."""
    with read_errors(listing.root):
        found = listing.below("")
    return pack(listing, found.files, found.links, found.secrets)


def pack(listing: Listing, files: Iterable[str], links: Iterable[str] = (), secrets: Iterable[str] = ()) -> Archive:
    """The archive of files of a root, each by its path there; outputs of a compile are left out. Raises PackageError."""
    with read_errors(listing.root):
        members = _members(listing, sorted(files, key=os.fsencode))
    data = _gzip(_tar(members))
    names = tuple(member.path for member in members)
    return Archive(data, digest_of(data), names, tuple(sorted(links)), tuple(sorted(secrets)))


@contextmanager
def read_errors(root: Path) -> Iterator[None]:
    """Raise PackageError for what cannot be read, or is too much."""
    try:
        yield
    except TooManyFolders as error:
        raise PackageError(
            f"the code in {root} has more than {error.most} folders, counting those that links lead to: "
            "name a smaller folder with --root, or leave some out with .flowcignore"
        ) from None
    except OSError as error:
        raise PackageError(f"cannot read {error.filename}: {error.strerror}") from error


def _members(listing: Listing, files: Iterable[str]) -> list[_Member]:
    members: list[_Member] = []
    size = 0
    for path in files:
        place = listing.root / path
        found = place.stat()
        size += found.st_size
        if size > LIMIT:
            raise PackageError(
                f"the code in {listing.root} is more than {LIMIT >> 20} MiB: name a smaller folder with --root, "
                "leave files out with .flowcignore, or name the image with --image"
            )
        data = read_file(place, LIMIT)
        if not is_compiled(path, data):
            members.append(_Member(path, data, bool(found.st_mode & 0o100)))
    return members


CLOUDS = ("gs:", "az:")
"""Stores that an image needs a package for."""


def for_clouds(settings: Settings) -> bool:
    """Whether a store of the settings needs a package in the image besides the runtime."""
    stores = [settings.get("store", target, {}).value for target in (None, *settings.targets)]
    return any(isinstance(store, str) and store.startswith(CLOUDS) for store in stores)


def image_digest(archive: Archive, settings: Settings) -> str:
    """The digest in the name of a flow's image: the archive's, and of what else the settings put into the image."""
    told = {
        "python": settings.text("python"),
        "packages": settings.words("packages"),
        "clouds": for_clouds(settings),
    }
    if not any(told.values()):
        return archive.digest
    return digest_of(f"{archive.digest} {told}".encode())


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
    import struct  # noqa: PLC0415 - a `check` packs nothing
    import zlib  # noqa: PLC0415 - as above

    view, size = memoryview(data), 0xFFFF
    parts: list[bytes | memoryview] = [b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"]
    for start in range(0, len(data), size):
        block = view[start : start + size]
        is_last = start + size >= len(data)
        parts += (struct.pack("<BHH", is_last, len(block), len(block) ^ 0xFFFF), block)
    parts.append(struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF))
    return b"".join(parts)
