"""Damage to the objects of a run, as disks and people do it."""

from __future__ import annotations

import random
from pathlib import Path

WAYS = ("cut", "a bit turned", "emptied", "removed")


def strike(folder: Path, dice: random.Random) -> str:
    """Damage one object below a run's folder; what was done to what, or nothing where there is none."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and _matters(path))
    if not files:
        return ""
    path, way = dice.choice(files), dice.choice(WAYS)
    data = path.read_bytes()
    if way == "removed" or not data:
        path.unlink()
        return f"{_called(path)} removed"
    if way == "emptied":
        path.write_bytes(b"")
    elif way == "cut":
        path.write_bytes(data[: dice.randrange(len(data))])
    else:
        at = dice.randrange(len(data))
        path.write_bytes(data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1 :])
    return f"{_called(path)} {way}"


def _matters(path: Path) -> bool:
    """Whether it is an object that holds values: what a killed writer has left under a hidden name is none."""
    return not path.name.startswith(".") and (path.parent.name == "_blobs" or path.name == "manifest")


def _called(path: Path) -> str:
    return "blob" if path.parent.name == "_blobs" else "manifest"
