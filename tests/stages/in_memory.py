"""Where the tests keep their files: in memory, where the machine has room. Stores and the databases of engines would wait for a disk."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM = 4 << 30
"""Bytes that must be free: a run of all tests has needed a quarter of them."""
_NAME = "tests-of-run-"


def make_room() -> None:
    """Let temporary files of this process, and of all that it starts, lie in memory; nothing where a TMPDIR is set, or there is no room."""
    if os.environ.get("TMPDIR") or not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ROOM:
        return
    for old in MEMORY.glob(f"{_NAME}*"):
        if not Path("/proc", old.name.removeprefix(_NAME)).exists():  # of a run that was killed
            shutil.rmtree(old, ignore_errors=True)
    folder = MEMORY / f"{_NAME}{os.getpid()}"
    folder.mkdir(mode=0o711)
    os.environ["TMPDIR"], tempfile.tempdir = str(folder), None


def leave() -> None:
    """Remove what `make_room` of this process has made."""
    folder = MEMORY / f"{_NAME}{os.getpid()}"
    if os.environ.get("TMPDIR") == str(folder):
        shutil.rmtree(folder, ignore_errors=True)
