"""Every file that is read is a regular one of bounded size; all else is an error at once."""

from __future__ import annotations

import ast
import hashlib
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from compiler import reading
from compiler.reading import is_there, read_file, read_head, reason

ROOT = Path(__file__).parents[1]


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10 << 30)


def _socket(path: Path) -> None:
    os.chdir(path.parent)  # a socket's path is short
    made = socket.socket(socket.AF_UNIX)
    made.bind(path.name)
    made.close()


OWN = {
    "compiler/commands/explain.py", "compiler/frontend/text/runtime_names.py", "compiler/backends/airflow/dag.py",
    "compiler/workspace/image/recipes.py", "compiler/picture/page/html.py",
}  # fmt: skip
"""Those that read files of flowc itself."""


def test_no_other_module_opens_a_file_to_read_it() -> None:
    found = {
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "compiler").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and re.search(r"(^open|\.open|\.read_bytes|\.read_text)$", ast.unparse(node.func))
        if not re.search("webbrowser|tarfile|O_WRONLY|'w'|'xb'", ast.unparse(node))
    }
    assert found - OWN == {"compiler/reading.py", "compiler/run/process_state.py"}  # the other holds a lock


HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a pipe": (os.mkfifo, "it is a pipe"),
    "a folder": (os.mkdir, "it is a folder"),
    "a socket": (_socket, "No such device or address"),
    "a link to a device": (lambda path: path.symlink_to("/dev/zero"), "it is a device"),
    "a link to itself": (lambda path: path.symlink_to(path), "Too many levels of symbolic links"),
    "a link to nothing": (lambda path: path.symlink_to("nothing"), "No such file or directory"),
    "ten gigabytes of nothing": (_sparse, "it has more than 1000 bytes"),
    "one byte too many": (lambda path: path.write_bytes(bytes(1001)), "it has more than 1000 bytes"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_regular_file_of_that_size_is_an_error(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make, said = HOSTILE[name]
    path = tmp_path / "it"
    make(path)
    with pytest.raises(OSError, match=said) as caught:
        read_file(path, 1000)
    assert (caught.value.filename, reason(caught.value)) == (str(path), caught.value.strerror)


@pytest.mark.parametrize("size", [0, 1, 1000])
def test_a_file_is_read_whole(size: int, tmp_path: Path) -> None:
    path = tmp_path / "it"
    path.write_bytes(os.urandom(size))
    assert read_file(path, 1000) == path.read_bytes()
    assert read_head(path, 10) == path.read_bytes()[:10]


def test_a_file_that_grows_while_it_is_read_is_bounded() -> None:
    """It tells no size: `/proc` has many such files."""
    with pytest.raises(OSError, match="more than 10 bytes"):
        read_file("/proc/self/maps", 10)


def test_a_pipe_that_somebody_names_by_hand_is_read(tmp_path: Path) -> None:
    path = tmp_path / "it"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(b"a" * 100_000,))
    writer.start()
    assert read_file(path, 1 << 20, pipes=True) == b"a" * 100_000
    writer.join()


def test_the_head_of_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "it")
    with pytest.raises(OSError, match="no regular file"):
        read_head(tmp_path / "it", 10)


@pytest.mark.parametrize(
    ("name", "found"),
    [("file", True), ("pipe", True), ("folder", False), ("none", False), ("a" * 300, False), ("\0", False)],
)
def test_what_is_there_is_something_to_read(name: str, found: bool, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    assert is_there(tmp_path / name) is found


@pytest.mark.parametrize("size", [0, 1, 1000, reading._LARGE - 1, reading._LARGE, reading._LARGE + 1])
def test_a_digest_is_the_sha256(size: int) -> None:
    data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    assert reading.digest_of(data) == hashlib.sha256(data).hexdigest()


def test_a_python_without_its_own_takes_openssl_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_SHA256", "_no_such_module")
    assert reading.digest_of(b"x") == hashlib.sha256(b"x").hexdigest()


def test_a_small_digest_loads_no_openssl() -> None:
    program = "import sys; from compiler.reading import digest_of; digest_of(b'x'); print('_hashlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
