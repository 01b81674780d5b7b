"""The code archive: fetched once, checked against its name, unpacked where nobody else can write."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import shutil
import tarfile
import tempfile
import zlib

from flowc.exceptions import CallMistake
from flowc.store import read_object
from flowc.store.protocol import MissingError, StoreError

_CHUNK = 1 << 20
_SHA = re.compile(r"[0-9a-f]{64}")


def unpacked(url: str) -> str:
    """The folder that holds the archive of that URL. Raises CallMistake where it is missing, damaged or unsafe."""
    name = url.rpartition("/")[2]
    folder = os.path.join(_cache(), hashlib.sha256(url.encode()).hexdigest()[:32])
    if not os.path.isdir(folder):
        data = _fetch(url)
        stated = _SHA.search(name)
        if stated and hashlib.sha256(data).hexdigest() != stated[0]:
            raise CallMistake(f"the code archive {url} is not what its name says: it was changed")
        _unpack(data, folder, url)
    return folder


def _cache() -> str:
    """A folder of this user's alone."""
    path = os.path.join(tempfile.gettempdir(), f"flowc-code-{os.getuid()}")
    os.makedirs(path, mode=0o700, exist_ok=True)
    found = os.stat(path, follow_symlinks=False)
    if found.st_uid != os.getuid() or found.st_mode & 0o022 or os.path.islink(path):
        raise CallMistake(f"{path} belongs to somebody else, or others can write to it: remove it, or set TMPDIR")
    return path


def _fetch(url: str) -> bytes:
    try:
        return read_object(url)
    except MissingError:
        raise CallMistake(f"there is no code archive at {url}") from None


def _unpack(data: bytes, folder: str, url: str) -> None:
    fresh = tempfile.mkdtemp(dir=os.path.dirname(folder))
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
            with tarfile.open(fileobj=packed, mode="r:") as archive:
                for member in archive:
                    _extract(archive, member, fresh)
            while packed.read(_CHUNK):  # the sum at its end says whether all of it is what was packed
                pass
        os.rename(fresh, folder)
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, ValueError, LookupError) as error:
        raise CallMistake(f"the code archive {url} cannot be read: {error}") from None
    except OSError as error:
        if not os.path.isdir(folder):  # else another process was faster
            raise StoreError(f"the code archive {url} cannot be unpacked into {folder}: {error.strerror}") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: str) -> None:
    path = os.path.normpath(os.path.join(folder, member.name))
    if path != folder and not path.startswith(folder + os.sep):
        raise CallMistake(f"the code archive holds {member.name!r}, which is outside of it")
    if member.isdir():
        os.makedirs(path, mode=0o700, exist_ok=True)
        return
    source = archive.extractfile(member) if member.isreg() and member.size >= 0 else None
    if source is None:
        raise CallMistake(f"the code archive holds {member.name!r}, which is no file and no folder")
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    with open(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o700 if member.mode & 0o100 else 0o600), "wb"
    ) as file:
        shutil.copyfileobj(source, file)
