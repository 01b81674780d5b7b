"""The store in a folder: one file an object, whole or not there, private to its owner."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable, Iterator, Sequence

from flowc.standard_path import standard_path
from flowc.store.protocol import Data, Found, Listed, MissingError, StoreError, Unfinished, sha256

_MAPPED = 256 * 1024
"""From this size on a range is mapped; below, reading costs less than a mapping and holds no file open."""


class FileStore:
    """Objects as files under a folder (mode 0700, files 0600).

    A file is written under a name that no listing shows (it begins with `.`), synced, and then linked or renamed, so a process may be
    killed and the power cut at any moment: what they leave is the whole object or none, and at worst an unseen file.
    """

    def __init__(self, url: str) -> None:
        path = url[len("file:") :]
        path = path[2:] if path.startswith("//") else path
        if not path:
            raise StoreError(f"no folder in {url!r}: use file:/path")
        self.root = os.path.abspath(path)
        self.url = f"file:{self.root}"

    def __repr__(self) -> str:
        return f"FileStore({self.url!r})"

    def get(self, key: str) -> Found:
        """The whole object. Raises MissingError."""
        data = _read(self._path(key))
        return Found(data, _etag)

    def get_range(self, key: str, start: int, size: int) -> memoryview:
        """`size` bytes from `start`, writable: large ones are a private map of the file, whose pages are copied when they are written."""
        with _opened(self._path(key)) as file:
            there = os.fstat(file).st_size
            if there < start + size:
                raise StoreError(
                    f"{self._path(key)} has {there} bytes, not {start + size}: it was changed by something else"
                )
            if size >= _MAPPED:
                with contextlib.suppress(OSError):  # no more maps, files or memory: then it is read
                    return _mapped(file, start, size)
            return _filled(file, start, size)

    def put(self, key: str, parts: Iterable[Data]) -> None:
        """Write the object, atomically."""
        path = self._path(key)
        with _written(path, parts) as fresh:
            os.rename(fresh, path)

    def put_named(self, prefix: str, parts: Iterable[Data]) -> tuple[str, int]:
        """Write an object whose key is `prefix` and its sha256, which another thread works out meanwhile; its sha256 and size."""
        with standard_path():
            from flowc.store.pieces import hashed

        with hashed(parts) as (passing, digest), _written(self._path(f"{prefix}new"), passing) as fresh:
            sha, size = digest()
            os.rename(fresh, self._path(prefix + sha))
        return sha, size

    def create(self, key: str, data: bytes) -> bool:
        """Write the object only where there is none; False where there is another one."""
        path = self._path(key)
        with _written(path, (data,)) as fresh:
            try:
                os.link(fresh, path)
            except FileExistsError:
                return self._holds(path, data)
            except OSError as error:
                if not _has_no_links(error):
                    raise
                return self._create_locked(fresh, path, data)
            return True

    def replace(self, key: str, data: bytes, etag: str) -> bool:
        """Write the object only over the one that has this tag."""
        path = self._path(key)
        with _written(path, (data,)) as fresh, self._lock():
            try:
                found = _read(path)
            except MissingError:
                return False
            if _etag(found) != etag:
                return found == data
            os.rename(fresh, path)
            return True

    def size(self, key: str) -> int | None:
        """How many bytes the object has; None where there is none."""
        try:
            found = os.stat(self._path(key))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreError(f"{self._path(key)} cannot be read: {error.strerror}") from error
        return found.st_size if stat.S_ISREG(found.st_mode) else None

    def list(self, prefix: str, limit: int | None = None) -> Iterator[str]:
        """Keys that begin with `prefix`, in the order of their bytes, at most `limit`."""
        folder, slash, begin = prefix.rpartition("/")
        for number, key in enumerate(self._walk(folder + slash, begin)):
            if number == limit:
                return
            yield key

    def copy(self, source: str, key: str) -> None:
        """Let `key` hold what `source` holds: one file under both names where there are hard links; none is ever changed in place."""
        path, there = self._path(key), self._path(source)
        while True:
            make_folder(os.path.dirname(path))
            try:
                os.link(there, path)
            except FileExistsError:
                return
            except FileNotFoundError:
                if os.path.lexists(
                    there
                ):  # the folder has gone again: it was empty, and something was deleted beside it
                    continue
                raise MissingError(there) from None
            except OSError:  # no hard links here
                self.put(key, (self.get(source).data,))
            return

    def delete(self, key: str) -> None:
        """Remove the object; nothing happens where there is none."""
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            os.unlink(self._path(key))

    def entries(self, prefix: str, limit: int | None = None) -> Iterator[Listed]:
        """What `list` gives, with sizes, and the times at which files got their names: copies are links, as old as what they share."""
        for key in self.list(prefix, limit):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                found = os.stat(self._path(key))
                yield Listed(key, found.st_size, max(found.st_mtime, found.st_ctime))

    def folders(self, prefix: str = "") -> Iterator[str]:
        """The folders in the one that `prefix` names, by name; hidden ones are no part of the store."""
        try:
            with os.scandir(self._path(prefix)) as entries:
                names = sorted(entry.name for entry in entries if entry.is_dir() and entry.name[0] != ".")
        except (FileNotFoundError, NotADirectoryError):
            return
        yield from names

    def delete_all(self, keys: Sequence[str]) -> None:
        """Remove these objects, and the folders that are empty then."""
        for key in keys:
            try:
                self.delete(key)
            except OSError as error:
                raise StoreError(f"{self._path(key)} cannot be removed: {error.strerror}") from error
        self._prune({key.rpartition("/")[0] for key in keys})

    def unfinished(self, prefix: str, before: float) -> Iterator[Unfinished]:
        """Files that a killed writer has left beside their place."""
        for folder, _, names in os.walk(self._path(prefix)):
            inside = folder[len(self.root) :].strip("/")
            for name in sorted(names):
                cut = _unfinished_of(name)
                if cut is None:
                    continue
                with contextlib.suppress(FileNotFoundError):
                    found = os.stat(f"{folder}/{name}")
                    if found.st_mtime < before:
                        yield Unfinished(f"{inside}/{cut}", found.st_size, f"{inside}/{name}")

    def discard(self, unfinished: Unfinished) -> None:
        """Remove the file."""
        self.delete_all((unfinished.name,))

    def _prune(self, folders: set[str]) -> None:
        """Remove what is empty of these folders and of those above them, but the store's own."""
        while folders:
            above = set()
            for folder in folders - {""}:
                with contextlib.suppress(OSError):  # something is there, or nothing any more
                    os.rmdir(self._path(folder))
                    above.add(folder.rpartition("/")[0])
            folders = above

    def _path(self, key: str) -> str:
        return f"{self.root}/{key}"

    def _walk(self, folder: str, begin: str) -> Iterator[str]:
        try:
            with os.scandir(self._path(folder)) as entries:
                # A folder sorts as its name and the `/` that follows it in every key.
                names = sorted(entry.name + "/" * entry.is_dir() for entry in entries if entry.name[0] != ".")
        except (FileNotFoundError, NotADirectoryError):
            return
        for name in names:
            if not name.startswith(begin):
                continue
            if name[-1] == "/":
                yield from self._walk(folder + name, "")
            else:
                yield folder + name

    def _holds(self, path: str, data: bytes) -> bool:
        try:
            return _read(path) == data
        except MissingError:
            return False

    def _create_locked(self, fresh: str, path: str, data: bytes) -> bool:
        """The way of file systems without hard links: everyone who creates takes the lock."""
        with self._lock():
            if os.path.exists(path):
                return self._holds(path, data)
            os.rename(fresh, path)
            return True

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        with standard_path():
            import fcntl

        file = os.open(self._path(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        finally:
            os.close(file)


def _etag(data: bytes) -> str:
    return sha256((data,))


@contextlib.contextmanager
def _opened(path: str) -> Iterator[int]:
    """A file that is open for reading. What else may stand there is never waited for: a pipe has no writer, a device no end."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        raise MissingError(path) from None
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}") from error
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise StoreError(f"{path} cannot be read: it is no file")
        yield file
    finally:
        os.close(file)


def _read(path: str) -> bytes:
    with _opened(path) as file:
        try:
            return bytes(_filled(file, 0, os.fstat(file).st_size))
        except OSError as error:
            raise StoreError(f"{path} cannot be read: {error.strerror}") from error


def _filled(file: int, start: int, size: int) -> memoryview:
    view = memoryview(bytearray(size))
    done = 0
    while done < size:
        count = (
            os.preadv(file, [view[done:]], start + done)
            if hasattr(os, "preadv")
            else _pread(file, view[done:], start + done)
        )
        if not count:
            raise StoreError(f"a file of the store ended after {done} of {size} bytes")
        done += count
    return view


def _pread(file: int, view: memoryview, start: int) -> int:
    data = os.pread(file, len(view), start)
    view[: len(data)] = data
    return len(data)


def _mapped(file: int, start: int, size: int) -> memoryview:
    with standard_path():
        import mmap

    skipped = start % mmap.ALLOCATIONGRANULARITY
    found = mmap.mmap(file, size + skipped, access=mmap.ACCESS_COPY, offset=start - skipped)
    return memoryview(found)[skipped:]


@contextlib.contextmanager
def _written(path: str, parts: Iterable[Data]) -> Iterator[str]:
    """A new file beside `path` that holds the parts; gone afterwards, unless it was renamed."""
    folder, _, name = path.rpartition("/")
    fresh = f"{folder}/.{name[:100]}.{os.getpid():x}.{os.urandom(_RANDOM).hex()}"
    try:
        file = _new(folder, fresh)
        try:
            for part in parts:
                _write_all(file, part)
            _sync(file)
        finally:
            os.close(file)
        yield fresh
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError):
            os.unlink(fresh)


def _unfinished_of(name: str) -> str | None:
    """What `_written` was to write (the first hundred characters) where it gave this name to a file; else None."""
    hidden, _, cut = name.rpartition(".")[0].rpartition(".")[0].partition(".")
    return cut if cut and not hidden and len(name.rpartition(".")[2]) == _RANDOM * 2 else None


_RANDOM = 6
"""So many random bytes tell the files of one process from each other."""


def _new(folder: str, path: str) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    for _ in range(_TRIES):
        with contextlib.suppress(FileNotFoundError):
            return os.open(path, flags, 0o600)
        make_folder(folder)
    return os.open(path, flags, 0o600)


_TRIES = 100
"""A folder that is empty may go again before anything stands in it, as often as something is deleted beside it."""


def make_folder(folder: str) -> None:
    """Make a folder and those above it that are missing, each for its owner alone."""
    if not os.path.isdir(folder):
        make_folder(os.path.dirname(folder))
        with contextlib.suppress(FileExistsError, FileNotFoundError):  # made, or what is above it removed, by another
            os.mkdir(folder, 0o700)


def private(path: str, flags: int) -> int:
    """An `opener` of files that are their owner's alone."""
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def _sync(file: int) -> None:
    """Let the disk have the bytes before the file gets its name: a power cut leaves the whole object or none."""
    try:
        getattr(os, "fdatasync", os.fsync)(file)
    except OSError as error:  # a full or broken disk may say so only now
        with standard_path():
            import errno

        if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):  # a file system that has nothing to sync
            raise


def _has_no_links(error: OSError) -> bool:
    """Whether the file system knows no hard links; a disk that is full, say, is no reason to let others overwrite."""
    with standard_path():
        import errno

    known = ("EPERM", "EACCES", "ENOSYS", "EOPNOTSUPP", "ENOTSUP", "EXDEV")
    return error.errno in {getattr(errno, name) for name in known}


def _write_all(file: int, data: Data) -> None:
    view = memoryview(data).cast("B")
    done = 0
    while done < len(view):
        done += os.write(file, view[done : done + (1 << 30)])
