"""The code archive: what is damaged or unsafe in it is told in a line, and nothing of it stays."""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from flowc.container.archive import unpacked
from flowc.exceptions import CallMistake
from flowc.store.protocol import StoreError

from tests.stages.container import contain, write
from tests.stages.sources import LINE


def archive(*names: str) -> bytes:
    """A good one, with these files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.size = 5000
            tar.addfile(entry, io.BytesIO(os.urandom(5000)))
    return buffer.getvalue()


GOOD = archive("flow.py", "more/other.py")
PLAIN = gzip.decompress(GOOD)


def huge() -> bytes:
    """One whose file is said to have 10^14 bytes."""
    entry = tarfile.TarInfo("flow.py")
    entry.size = 10**14
    return gzip.compress(entry.tobuf(tarfile.GNU_FORMAT) + bytes(512))


def header(change: Callable[[bytearray], None]) -> bytes:
    """A good one after that change of its first header, whose sum is right."""
    data = bytearray(PLAIN)
    change(data)
    data[148:156] = b"        "
    data[148:156] = b"%06o\x00 " % sum(data[:512])
    return gzip.compress(bytes(data))


DAMAGED = {
    "empty": b"",
    "no gzip": b"PK\x03\x04" + bytes(1000),
    "HTML": b"<html>please log in</html>",
    "only the head of gzip": GOOD[:10],
    "cut in the middle": GOOD[: len(GOOD) // 2],
    "cut at the end": GOOD[:-9],
    "a flipped byte": GOOD[:200] + bytes([GOOD[200] ^ 0xFF]) + GOOD[201:],
    "a wrong sum": GOOD[:-8] + b"\x00" * 8,
    "a tar that stops": gzip.compress(PLAIN[:3000]),
    "a size of 10^14": huge(),
    "no number as a size": header(lambda data: data.__setitem__(slice(124, 136), b"zzzzzzzzzzz\x00")),
    "a negative size": header(lambda data: data.__setitem__(slice(124, 136), b"\xff" * 12)),
    "above the folder": archive("../flow.py"),
    "from the root": archive("/tmp/flow.py"),
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where archives are unpacked."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    return tmp_path / "tmp" / f"flowc-code-{os.getuid()}"


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_archive_is_told_and_leaves_nothing(name: str, place: Path, tmp_path: Path) -> None:
    (tmp_path / "code.tar.gz").write_bytes(DAMAGED[name])
    with pytest.raises(
        CallMistake, match=r"the code archive .*(cannot be read|is outside of it|is no file and no folder)"
    ):
        unpacked(f"file:{tmp_path}/code.tar.gz")
    assert [*place.iterdir()] == []


def test_an_archive_under_the_name_of_another_is_told(place: Path, tmp_path: Path) -> None:
    name = f"{hashlib.sha256(b'other').hexdigest()}.tar.gz"
    (tmp_path / name).write_bytes(GOOD)
    with pytest.raises(CallMistake, match="is not what its name says"):
        unpacked(f"file:{tmp_path}/{name}")


def test_a_good_archive_is_unpacked_once(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "code.tar.gz").write_bytes(GOOD)
    folder = unpacked(f"file:{tmp_path}/code.tar.gz")
    assert sorted(path.name for path in Path(folder).rglob("*.py")) == ["flow.py", "other.py"]
    (tmp_path / "code.tar.gz").unlink()
    assert unpacked(f"file:{tmp_path}/code.tar.gz") == folder


def test_a_full_disk_is_no_mistake_of_the_call(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (tmp_path / "code.tar.gz").write_bytes(GOOD)
    monkeypatch.setattr(shutil, "copyfileobj", full)
    with pytest.raises(StoreError, match=r"cannot be unpacked into .*No space left on device"):
        unpacked(f"file:{tmp_path}/code.tar.gz")
    assert [*place.iterdir()] == []


def test_a_container_ends_with_2(tmp_path: Path) -> None:
    write(tmp_path, LINE.format(end="pass"))
    (tmp_path / "code.tar.gz").write_bytes(GOOD[:-9])
    ended = contain(tmp_path, "start", FLOWC_CODE=f"file:{tmp_path}/code.tar.gz")
    assert ended.returncode == 2, ended.stderr
    assert len(ended.stderr.splitlines()) == 1
