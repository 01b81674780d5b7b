"""Where Airflow reads DAG files: a folder, or a prefix in a bucket. What is written there is whole or not there.

Beside a DAG file `<dag>.py` lies its record, `<dag>.<digest>.flowc.json`, named after the file that it is of. It is written first: so
whichever of two files of two deployments stays, its own record is there, and a file whose record is not there was changed by hand.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import Protocol

from flowc.store import KINDS, MissingError, SetupError, Store, StoreError, fault, open_store

from compiler.backends.names import within
from compiler.backends.operating import EngineError, Record, as_texts, record_of
from compiler.mistakes import CallError
from compiler.reading import read_file
from compiler.slotted_class import record

_DIGITS = 16
"""Hexadecimal digits of a digest in a file's name."""
_RECORD = re.compile(rf"(?P<dag>.+)\.(?P<digest>[0-9a-f]{{{_DIGITS}}})\.flowc\.json")
_MOST = 200
"""Characters of a DAG's id in the name of its record: file systems take 255 in all."""
_DAG = "dag"
PENDING = "pending"
"""The key of a record whose deployment has not ended: the DAG is new, and is to be resumed once Airflow knows it."""

_LARGEST = 1 << 26
"""Bytes of a DAG file, at most: Airflow itself reads them in seconds."""


class Folder(Protocol):
    """Files of one folder, by name. All methods raise EngineError."""

    where: str

    def names(self, prefix: str) -> tuple[str, ...]:
        """The files whose names begin so."""
        ...

    def read(self, name: str) -> str | None:
        """A file's text, None where there is none."""
        ...

    def write(self, name: str, text: str) -> None:
        """Write a file, atomically: a reader sees all of it or what was there before."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file; nothing happens where there is none."""
        ...


class LocalFolder:
    """A folder of a file system, as others may read it: Airflow is another user."""

    def __init__(self, path: Path) -> None:
        self.where = str(path)
        self._path = path

    def names(self, prefix: str) -> tuple[str, ...]:
        """The files whose names begin so."""
        try:
            found = sorted(entry.name for entry in os.scandir(self._path) if entry.is_file())
        except OSError as error:
            raise self._error("read", error) from None
        return tuple(name for name in found if name.startswith(prefix) and not name.startswith("."))

    def read(self, name: str) -> str | None:
        """A file's text, None where there is none."""
        try:
            return read_file(self._path / name, _LARGEST).decode("utf-8", "surrogateescape")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._error("read", error) from None

    def write(self, name: str, text: str) -> None:
        """Write a file beside its place, hidden from Airflow, and give it its name when the disk has it."""
        fresh = self._path / f".{name[:100]}.{os.getpid():x}.{token_hex(6)}"
        try:
            with fresh.open("xb") as file:
                file.write(text.encode("utf-8", "surrogateescape"))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path / name)
        except OSError as error:
            raise self._error("written", error) from None
        finally:
            with suppress(OSError):
                fresh.unlink()

    def remove(self, name: str) -> None:
        """Remove a file; nothing happens where there is none."""
        try:
            (self._path / name).unlink(missing_ok=True)
        except OSError as error:
            raise self._error("written", error) from None

    def _error(self, done: str, error: OSError) -> EngineError:
        return EngineError(
            f"the folder of DAG files {self.where} cannot be {done}: {error.strerror}; `dags` in [tool.flowc.airflow.connection] names it"
        )


class Bucket:
    """A prefix of a bucket, through the same code as stores."""

    def __init__(self, store: Store) -> None:
        self.where = store.url
        self._store = store

    def names(self, prefix: str) -> tuple[str, ...]:
        """The files whose names begin so."""
        try:
            return tuple(key for key in self._store.list(prefix) if "/" not in key)
        except StoreError as error:
            raise EngineError(str(error)) from None

    def read(self, name: str) -> str | None:
        """A file's text, None where there is none."""
        try:
            return self._store.get(name).data.decode("utf-8", "surrogateescape")
        except MissingError:
            return None
        except StoreError as error:
            raise EngineError(str(error)) from None

    def write(self, name: str, text: str) -> None:
        """Write a file, atomically."""
        try:
            self._store.put(name, (text.encode("utf-8", "surrogateescape"),))
        except StoreError as error:
            raise EngineError(str(error)) from None

    def remove(self, name: str) -> None:
        """Remove a file; nothing happens where there is none."""
        try:
            self._store.delete(name)
        except StoreError as error:
            raise EngineError(str(error)) from None


def opened(dags: str) -> Folder:
    """The folder that `dags` names. Raises CallError where it names none."""
    if dags.startswith(tuple(kind for kind in KINDS if kind != "file:")):
        wrong = fault(dags)
        try:
            if not wrong:
                return Bucket(open_store(dags))
        except SetupError as error:
            wrong = str(error)
        raise CallError(f"`dags` in [tool.flowc.airflow.connection]: {wrong}")
    path = Path(dags.removeprefix("file://").removeprefix("file:")).expanduser()
    if not path.is_dir():
        raise CallError(
            f"there is no folder {path}: `dags` in [tool.flowc.airflow.connection] names the one where Airflow reads DAG files, "
            "or s3://bucket/prefix, gs://bucket/prefix"
        )
    return LocalFolder(path.absolute())


@record
class Kept:
    """A record as it was read: which DAG it is of, and whether its deployment has not ended yet."""

    dag: str
    record: Record
    is_pending: bool


def digest(text: str) -> str:
    """What a record's name says of the DAG file that it is of."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:_DIGITS]


def file_of(dag: str) -> str:
    """The name of a DAG's file."""
    return f"{dag}.py"


def record_name(dag: str, text: str) -> str:
    """The name of the record of a DAG file."""
    return f"{within(dag, _MOST)}.{digest(text)}.flowc.json"


def record_names(folder: Folder, dag: str) -> tuple[str, ...]:
    """The records of a DAG that are there, of whatever text."""
    begin = within(dag, _MOST)
    found = [(name, _RECORD.fullmatch(name)) for name in folder.names(f"{begin}.")]
    return tuple(name for name, match in found if match and match["dag"] == begin)


def dags_of(folder: Folder) -> tuple[str, ...]:
    """The DAGs of which there is a record."""
    found = [kept(folder.read(name)) for name in folder.names("") if _RECORD.fullmatch(name)]
    return tuple(sorted({each.dag for each in found if each}))


def spelled(dag: str, record_: Record, *, is_pending: bool) -> str:
    """A record as the text of its file."""
    fields: Mapping[str, object] = {_DAG: dag, **as_texts(record_), **({PENDING: True} if is_pending else {})}
    return json.dumps(fields, indent=2, ensure_ascii=False) + "\n"


def kept(text: str | None) -> Kept | None:
    """What the file of a record says; None where there is none, or none that can be read."""
    try:
        found = json.loads(text) if text else None
    except ValueError:
        return None
    if not isinstance(found, dict):
        return None
    read = record_of({key: value for key, value in found.items() if isinstance(value, str)})
    dag = found.get(_DAG)
    return Kept(dag, read, found.get(PENDING) is True) if read and isinstance(dag, str) else None
