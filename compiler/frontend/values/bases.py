"""Flows that are bases of flows in other files of the repository: nothing starts them, so nothing about them need be whole."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from compiler.frontend.values.classes import Lineage
from compiler.reading import read_head

_NOT_CODE = frozenset(("__pycache__", "build", "dist", "node_modules", "site-packages", "venv"))
_MOST_FILES = 5_000
_LARGEST = 1 << 20


def is_base(lineage: Lineage, path: Path, root: Path) -> bool:
    """Whether a class of another file under `root` derives from this one; told by that file's text."""
    name = lineage.classes[0].node.name
    derived = re.compile(rb"^[ \t]*class\s+\w+\s*\(([^()]*[\s,.])?" + re.escape(name).encode() + rb"\s*[,)]", re.M)
    own = path.resolve()
    return any(derived.search(_text(file)) for file in _sources(root) if file.resolve() != own)


def _sources(root: Path) -> Iterator[Path]:
    count = 0
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _NOT_CODE)
        for name in sorted(files):
            if name.endswith(".py"):
                count += 1
                if count > _MOST_FILES:
                    return
                yield Path(folder, name)


def _text(file: Path) -> bytes:
    try:
        return read_head(file, _LARGEST)
    except OSError:
        return b""
