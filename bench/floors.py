"""What no command can do without, each a process that does that and nothing else: what ours is compared with beside Metaflow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.measure import Cost, run
from bench.sides import Bench

COMPILE = """
import gc, os, sys
gc.disable()
import ast, click
with open(sys.argv[1], "rb") as file:
    data = file.read()
ast.parse(data)
if "digest" in sys.argv:
    import hashlib
    hashlib.sha256(data).hexdigest()
os._exit(0)
"""
"""The interpreter, click, the tree of the flow and, for what names an image, a digest; nothing is collected or taken apart."""

FLEET = """
import gc, os, sys
gc.disable()
import ast, click
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        ast.parse(file.read())
os._exit(0)
"""

STEP = "import json, pickle"
"""The interpreter, and what reads and writes artifacts."""


def compile_floor(bench: Bench, path: Path, *, digest: bool = True) -> Cost:
    """What a command that reads a flow cannot do without."""
    python = str(bench.flowc.parent / "python")
    return run([python, "-c", COMPILE, str(path), *(["digest"] if digest else [])], env=bench.env, cwd=bench.folder)


def fleet_floor(bench: Bench, paths: Sequence[Path]) -> Cost:
    """What one process cannot do without that reads so many flows."""
    python = str(bench.flowc.parent / "python")
    return run([python, "-c", FLEET, *map(str, paths)], env=bench.env, cwd=bench.folder)
